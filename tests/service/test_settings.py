"""Settings are checked before anything is opened, and say what would do."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from service.cli import app
from service.settings import RULES, BadSetting, make_data_folder, read_settings
from tests.service.running import Running, free_port


def test_defaults_work_without_any_environment() -> None:
    settings = read_settings({})
    assert settings.issuer == "http://127.0.0.1:8000"
    assert settings.data.name == "haihe-data"
    assert settings.database_url == f"sqlite:///{settings.data}/haihe.sqlite"
    assert settings.chain_url == "embedded"
    assert not settings.https


def test_the_issuer_has_the_port_of_the_service_unless_it_is_set() -> None:
    set_here = {"HAIHE_ISSUER": "https://id.example.gov"}
    assert read_settings({}, 8765).issuer == "http://127.0.0.1:8765"
    assert read_settings({"HAIHE_ISSUER": ""}, 8765).issuer == "http://127.0.0.1:8765"
    assert read_settings(set_here, 8765).issuer == "https://id.example.gov"


@pytest.mark.parametrize("issuer", ["", "http://localhost:7999"])
def test_what_is_announced_has_the_port_of_the_command_unless_an_issuer_is_set(
    tmp_path: Path, issuer: str
) -> None:
    port = free_port()
    more = {"HAIHE_ISSUER": issuer}
    running = Running(
        tmp_path / "data", port, demo=False, more=more, arguments=(f"--port={port}",)
    ).start()
    try:
        told = httpx.get(f"{running.url}/.well-known/openid-configuration").json()["issuer"]
    finally:
        running.stop()
    assert told == (issuer or running.url)


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert CliRunner().invoke(app, ["serve", f"--port={port}"]).exit_code == 2


def test_the_database_lies_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = read_settings({"HAIHE_DATA": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/haihe.sqlite"
    assert settings.keys == tmp_path / "keys"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAIHE_ISSUER", "id.example.gov"),
        ("HAIHE_ISSUER", "http://id.example.gov"),
        ("HAIHE_ISSUER", "https://id.example.gov/"),
        ("HAIHE_ISSUER", "https://id.example.gov?x=1"),
        ("HAIHE_ISSUER", "https://example.gov/haihe"),
        ("HAIHE_ISSUER", "http://127.0.0.1:99999"),
        ("HAIHE_ISSUER", "https://user:password@id.example.gov"),
        ("HAIHE_DATA", __file__),
        ("HAIHE_DATABASE_URL", "nonsense"),
        ("HAIHE_DATABASE_URL", "mysql://localhost/haihe"),
        ("HAIHE_DATABASE_URL", "sqlite://"),
        ("HAIHE_CHAIN_URL", "ws://127.0.0.1:8545"),
        ("HAIHE_CITY", "市" * 41),
        ("HAIHE_REQUIRE_PAR", "true"),
        ("HAIHE_LOG", "xml"),
        ("HAIHE_TRUSTED_PROXIES", "localhost"),
        ("HAIHE_TRUSTED_PROXIES", "10.0.0.1/24"),
        ("HAIHE_APP_NETWORKS", "innocent.example"),
        ("HAIHE_APP_NETWORKS", "10.20.0.1/16"),
        ("HAIHE_CLIENT_CERTIFICATE_HEADER", "Client Cert"),
        ("HAIHE_CLIENT_CERTIFICATE_ROOTS", "/"),
        ("HAIHE_RESOURCES", "http://tax.example.gov"),
        ("HAIHE_RESOURCES", "https://tax.example.gov#api"),
        ("HAIHE_RESOURCES", "https://tax.example.gov /api"),
        ("HAIHE_RESOURCES", "https://"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_itself_and_a_good_one(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read_settings({name: value})
    message = str(refused.value)
    assert name in message
    assert value in message
    assert RULES[name].good in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAIHE_ISSUER", "https://id.example.gov"),
        ("HAIHE_ISSUER", "http://localhost:9000"),
        ("HAIHE_DATABASE_URL", "postgresql://haihe@localhost/haihe"),
        ("HAIHE_CHAIN_URL", "https://node.example.gov"),
        ("HAIHE_CITY", "市" * 40),
        ("HAIHE_REQUIRE_PAR", "yes"),
        ("HAIHE_LOG", "json"),
        ("HAIHE_METRICS_TOKEN", "x" * 20),
        ("HAIHE_TRUSTED_PROXIES", "10.0.0.0/24, fd00::1"),
        ("HAIHE_APP_NETWORKS", "10.20.0.0/16, fd00:20::/32"),
        ("HAIHE_CLIENT_CERTIFICATE_HEADER", "X-SSL-Client-Cert"),
        ("HAIHE_RESOURCES", "https://tax.example.gov/api http://127.0.0.1:9000"),
    ],
)
def test_a_good_value_is_accepted(name: str, value: str) -> None:
    read_settings({name: value})


def test_every_good_value_is_good() -> None:
    for name, rule in RULES.items():
        read_settings({name: rule.good})


def test_a_mistyped_name_is_refused() -> None:
    with pytest.raises(BadSetting, match="HAIHE_ISUER"):
        read_settings({"HAIHE_ISUER": "https://id.example.gov"})


def test_a_data_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = read_settings({"HAIHE_DATA": str(tmp_path / "file" / "data")})
    with pytest.raises(BadSetting, match="HAIHE_DATA"):
        make_data_folder(settings)


def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    make_data_folder(read_settings({"HAIHE_DATA": str(tmp_path / "data")}))
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_reading_the_settings_makes_nothing(tmp_path: Path) -> None:
    read_settings({"HAIHE_DATA": str(tmp_path / "data")})
    assert not (tmp_path / "data").exists()


def test_a_secret_setting_is_refused_without_being_shown() -> None:
    with pytest.raises(BadSetting, match="HAIHE_METRICS_TOKEN") as refused:
        read_settings({"HAIHE_METRICS_TOKEN": "a secret too short"})
    assert "a secret too short" not in str(refused.value)
