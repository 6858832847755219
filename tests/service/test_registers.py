"""The registers by command: what an operator does, and what is refused with which words."""

import json
import re
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from service import demo
from service.cli import app
from service.tour.outsider import sign_in
from service.tour.steps import WEB_APP
from tests.identity.signing import JWKS
from tests.service.running import Running

FAPI = {
    "client_name": "演示·银行",
    "profile": "fapi2",
    "redirect_uris": ["https://bank.example/cb"],
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "private_key_jwt",
    "require_pushed_authorization_requests": True,
    "dpop_bound_access_tokens": True,
    "jwks": json.loads(JWKS),
}


def haihe(running: Running, *arguments: str) -> Result:
    """The command with this service's settings, in this process: starting one takes seconds."""
    return CliRunner().invoke(app, arguments, env={**running.settings, "COLUMNS": "250"})


def done(running: Running, *arguments: str) -> str:
    result = haihe(running, *arguments)
    assert result.exit_code == 0, (arguments, result.output)
    return result.stdout


def refused(running: Running, *arguments: str) -> str:
    result = haihe(running, *arguments)
    assert result.exit_code == 1, (arguments, result.output)
    assert isinstance(result.exception, SystemExit)
    return result.stderr


def sign_in_status(running: Running, account: str) -> int:
    with httpx.Client(base_url=running.url) as http:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', http.get("/sign-in").text)
        assert csrf is not None
        form = {"csrf": csrf[1], "account": account, "password": demo.PASSWORD}
        return http.post("/sign-in", data=form).status_code


def test_an_app_is_added_shown_changed_given_a_new_secret_and_removed(
    running: Running, tmp_path: Path
) -> None:
    owner = ("--owner", demo.COMPANY_CODE)
    usual = ("clients", "add", "command-web", *owner, "--name", "演示·新应用")
    added = done(running, *usual, "--redirect", "https://app.example/cb", "--scope", "openid")
    assert "shown only now" in added
    first = added.split("client secret")[1].split()[0]
    assert len(bytes.fromhex(first)) == 32
    told = json.loads(done(running, "clients", "show", "command-web"))
    assert told["client_name"] == "演示·新应用"
    assert told["owner"] == demo.COMPANY_CODE
    assert first not in json.dumps(told)
    done(running, "clients", "change", "command-web", "--logout", "https://app.example/bye")
    (tmp_path / "more.json").write_text(
        json.dumps({"tos_uri": "https://app.example/tos", "default_max_age": 600})
    )
    more = str(tmp_path / "more.json")
    done(running, "clients", "change", "command-web", "--metadata", more)
    told = json.loads(done(running, "clients", "show", "command-web"))
    assert told["post_logout_redirect_uris"] == ["https://app.example/bye"]
    assert told["redirect_uris"] == ["https://app.example/cb"]
    assert told["default_max_age"] == 600
    (tmp_path / "more.json").write_text(json.dumps({"tos_uri": None}))
    done(running, "clients", "change", "command-web", "--metadata", more)
    assert "tos_uri" not in json.loads(done(running, "clients", "show", "command-web"))
    rotated = done(running, "clients", "rotate-secret", "command-web")
    assert first not in rotated
    for given, status in ((first, 400), ("x", 401)):  # the old one still proves the app
        form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "x"}
        answer = httpx.post(running.url + "/token", data=form, auth=("command-web", given))
        assert answer.status_code == status
    assert "command-web" in done(running, "clients", "list")
    done(running, "clients", "remove", "command-web", "--yes")
    assert "no app with the client id 'command-web'" in refused(
        running, "clients", "show", "command-web"
    )
    trail = done(running, "events", "--client", "command-web")
    for kind in ("app-added", "app-changed", "secret-rotated", "app-removed"):
        assert kind in trail


def test_every_kind_and_profile_can_be_registered(running: Running, tmp_path: Path) -> None:
    owner = ("--owner", demo.COMPANY_CODE)
    redirect = ("--redirect", "https://app.example/cb")
    (tmp_path / "fapi.json").write_text(json.dumps(FAPI), "utf-8")
    (tmp_path / "keys.json").write_text(JWKS, "utf-8")
    ways = {
        "kind-public": ("--kind", "public", *redirect),
        "kind-service": ("--kind", "service", "--scope", "licence.verify"),
        "kind-signed": (
            *("--kind", "service", "--scope", "licence.verify"),
            *("--jwks", str(tmp_path / "keys.json")),
        ),
        "kind-compatible": ("--profile", "compatible", *redirect),
        "kind-fapi2": ("--metadata", str(tmp_path / "fapi.json")),
    }
    for client_id, more in ways.items():
        added = done(running, "clients", "add", client_id, *owner, *more)
        has_secret = client_id in {"kind-service", "kind-compatible"}
        assert ("shown only now" in added) == has_secret, added
    told = json.loads(done(running, "clients", "show", "kind-fapi2"))
    assert {name: told[name] for name in FAPI} == FAPI
    assert told["introspects"] is False
    shown = json.loads(done(running, "clients", "show", "kind-signed"))
    assert shown["token_endpoint_auth_method"] == "private_key_jwt"
    looked = done(running, "clients", "check", "kind-fapi2")
    assert "3 of 3 usable keys fit" in looked or "usable keys fit" in looked
    for client_id in ways:
        done(running, "clients", "remove", client_id, "--yes")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--kind", "native"), "'native' is none of web, public, service"),
        (("--redirect", "http://app.example/cb"), "http://app.example/cb"),
        (("--redirect", "https://app.example/cb", "--profile", "strict"), "profile is one of"),
        (("--redirect", "https://app.example/cb", "--auth", "magic"), "token_endpoint_auth_method"),
        ((), "redirect_uris"),
        (("--metadata", "BAD"), "redirect_uri: none of client_name"),
        (("--metadata", "TEXT"), "holds no JSON"),
        (("--metadata", "LIST"), "holds no JSON object"),
        (("--jwks", "PRIVATE", "--redirect", "https://app.example/cb"), "private"),
    ],
)
def test_what_cannot_be_an_app_is_refused_in_words(
    running: Running, tmp_path: Path, more: tuple[str, ...], told: str
) -> None:
    key = {**json.loads(JWKS)["keys"][0], "d": "AAAA"}
    files = {
        "BAD": json.dumps({"redirect_uri": "https://app.example/cb"}),
        "TEXT": "{",
        "LIST": "[]",
        "PRIVATE": json.dumps({"keys": [key]}),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    given = [str(tmp_path / each) if each in files else each for each in more]
    owner = ("--owner", demo.COMPANY_CODE)
    assert told in refused(running, "clients", "add", "never", *owner, *given)
    assert "no app" in refused(running, "clients", "show", "never")


def test_an_unknown_owner_a_taken_name_and_an_odd_name_are_refused(running: Running) -> None:
    redirect = ("--redirect", "https://app.example/cb")
    unknown = refused(running, "clients", "add", "x", "--owner", "nobody", *redirect)
    assert "no legal person with the code 'nobody'" in unknown
    owner = ("--owner", demo.COMPANY_CODE, *redirect)
    assert "is taken" in refused(running, "clients", "add", demo.WEB_CLIENT, *owner)
    assert "a client id has" in refused(running, "clients", "add", "a/b", *owner)


def test_a_suspended_person_is_out_at_once_and_back_when_resumed(running: Running) -> None:
    account = ("person", demo.PASSWORD)
    web = sign_in(running.url, WEB_APP, account, "", "openid licence.read")
    assert web.get("/api/licences").status_code == 200
    done(running, "people", "suspend", "person")
    assert web.get("/api/licences").status_code == 401
    assert "suspended" in done(running, "people", "list")
    assert "already" in refused(running, "people", "suspend", "person")
    assert sign_in_status(running, "person") == 400
    done(running, "people", "resume", "person")
    web = sign_in(running.url, WEB_APP, account, "", "openid licence.read")
    assert web.get("/api/licences").status_code == 200
    assert "not suspended" in refused(running, "people", "resume", "person")
    assert "no person" in refused(running, "people", "suspend", "nobody")
    trail = done(running, "events", "--days", "1")
    assert "person-suspended" in trail
    assert "person-resumed" in trail


def test_a_suspended_company_has_nobody_who_acts_for_it(running: Running) -> None:
    account, scope = ("agent", demo.PASSWORD), "openid licence.read"
    web = sign_in(running.url, WEB_APP, account, demo.COMPANY, scope)
    assert web.get("/api/licences").status_code == 200
    assert "2 mandates rest" in done(running, "legal-persons", "suspend", demo.COMPANY_CODE)
    assert web.get("/api/licences").status_code == 401
    assert "2 mandates hold again" in done(running, "legal-persons", "resume", demo.COMPANY_CODE)
    assert "no legal person" in refused(running, "legal-persons", "suspend", "x")
    held = done(running, "mandates", "list")
    mandate = next(line for line in held.splitlines() if "agent" in line).split()[1]
    done(running, "mandates", "suspend", mandate)
    assert mandate not in done(running, "mandates", "list")
    done(running, "mandates", "resume", mandate)
    assert mandate in done(running, "mandates", "list")
    assert "no mandate" in refused(running, "mandates", "resume", mandate)


@pytest.mark.line(49)
def test_an_auditor_reads_who_for_whom_under_which_mandate(running: Running) -> None:
    account = ("agent", demo.PASSWORD)
    sign_in(running.url, WEB_APP, account, demo.COMPANY, "openid licence.read")
    told = done(running, "events", "--account", "agent", "--json")
    lines = [json.loads(line) for line in told.splitlines()]
    allowed = [each for each in lines if each["what"] == "authorization"]
    assert allowed
    newest = allowed[0]
    assert (newest["who"], newest["for whom"]) == ("agent", demo.COMPANY_CODE)
    assert newest["app"] == demo.WEB_CLIENT
    assert newest["acr"] == "level2"
    assert newest["mandate"]
    assert newest["result"] == "done"
    assert "no person" in refused(running, "events", "--account", "nobody")
    for person in demo.PEOPLE:
        assert person.citizen_number not in told
