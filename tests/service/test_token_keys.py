"""Token keys by command while the service runs, and the master key that seals them."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from identity.signing.keys import KINDS
from service.opened import open_service
from service.secrets import MASTER_BYTES, read_master
from service.settings import BadSetting, read_settings
from tests.service.running import Running, free_port

SECONDS = 30


def kids(running: Running) -> set[str]:
    return {key["kid"] for key in httpx.get(running.url + "/jwks").json()["keys"]}


def until_kids(running: Running, count: int) -> set[str]:
    deadline = time.monotonic() + SECONDS
    while len(kids(running)) != count and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(kids(running)) == count
    return kids(running)


@pytest.mark.line(45)
def test_line_45_a_running_service_learns_of_keys_that_a_command_made(tmp_path: Path) -> None:
    running = Running(tmp_path / "data", free_port()).start()
    try:
        before = kids(running)
        assert len(before) == len(KINDS)
        assert running.haihe("keys", "rotate").returncode == 0
        after = until_kids(running, 2 * len(KINDS))
        assert before < after
        listed = running.haihe("keys", "list").stdout
        assert all(kid in listed for kid in after)
        assert (listed.count("signs "), listed.count("waits")) == (
            len(KINDS) + 1,
            len(KINDS),
        )  # one is a title
        gone = next(iter(before))
        assert running.haihe("keys", "retire", gone).returncode == 0
        assert gone not in until_kids(running, 2 * len(KINDS) - 1)
        assert running.haihe("keys", "retire", gone).returncode == 1
        assert running.haihe("keys", "rotate", "--algorithm", "none").returncode == 1
    finally:
        running.stop()


@dataclass(frozen=True)
class Place:
    """A data folder and a master key outside it."""

    data: Path
    master: Path

    def settings(self) -> dict[str, str]:
        return {"HAIHE_DATA": str(self.data), "HAIHE_MASTER_KEY_FILE": str(self.master)}

    def open(self) -> set[str]:
        opened = open_service(read_settings(self.settings()), demo=False)
        found = {str(key["kid"]) for key in opened.realm.keys.published()["keys"]}
        opened.database.close()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    master = tmp_path / "elsewhere.key"
    master.write_bytes(bytes(range(MASTER_BYTES)))
    master.chmod(0o600)
    return Place(tmp_path / "data", master)


@pytest.mark.line(45)
def test_line_45_the_master_key_may_lie_outside_the_data_folder(place: Place) -> None:
    assert place.open() == place.open()
    assert not (place.data / "keys" / "master.key").exists()
    held = b"".join(each.read_bytes() for each in place.data.glob("haihe.sqlite*"))
    assert b"PRIVATE KEY" not in held


def test_another_master_key_stops_the_start(place: Place) -> None:
    place.open()
    place.master.write_bytes(b"x" * MASTER_BYTES)
    with pytest.raises(BadSetting, match="sealed under another master key"):
        place.open()


def test_two_master_keys_stop_the_start(place: Place) -> None:
    read_master(place.data / "keys")
    with pytest.raises(BadSetting, match="is another master key"):
        place.open()
    (place.data / "keys" / "master.key").write_bytes(place.master.read_bytes())
    assert place.open()


@pytest.mark.parametrize(("size", "mode"), [(MASTER_BYTES - 1, 0o600), (MASTER_BYTES, 0o604)])
def test_a_short_or_open_master_key_stops_the_start(place: Place, size: int, mode: int) -> None:
    place.master.write_bytes(b"x" * size)
    place.master.chmod(mode)
    with pytest.raises(BadSetting, match="HAIHE_MASTER_KEY_FILE"):
        place.open()


def test_a_master_key_that_is_not_there_is_not_made(place: Place) -> None:
    place.master.unlink()
    with pytest.raises(BadSetting, match="HAIHE_MASTER_KEY_FILE"):
        place.open()
    assert not place.master.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAIHE_MASTER_KEY_FILE", "relative.key"),
        ("HAIHE_KEY_ROTATION_DAYS", "-1"),
        ("HAIHE_KEY_ROTATION_DAYS", "3651"),
        ("HAIHE_KEY_ROTATION_DAYS", "monthly"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


@pytest.mark.parametrize("days", [0, 3650])
def test_the_ages_at_both_ends_are_taken(days: int) -> None:
    assert read_settings({"HAIHE_KEY_ROTATION_DAYS": str(days)}).key_rotation_days == days


def test_the_service_rotates_by_its_own_schedule(tmp_path: Path) -> None:
    running = Running(tmp_path / "data", free_port()).start()
    try:
        before = kids(running)
        running.stop()
        with sqlite3.connect(tmp_path / "data" / "haihe.sqlite") as database:
            database.execute("UPDATE signing_keys SET created_at = 0, signs_from = 0")
        database.close()
        running.start()
        assert before < until_kids(running, 2 * len(KINDS))
    finally:
        running.stop()
