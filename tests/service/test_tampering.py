"""Any one byte changed in anything that is stored is found by the audit, and named."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service import demo
from service.auditing import run_audit
from service.opened import Opened, open_service
from service.settings import BadSetting, read_settings
from service.tables import METADATA
from service.tour.outsider import Caller, sign_in
from service.tour.steps import WEB_APP
from tests.service.running import Running, free_port

TABLES = ("records", "tree_nodes", "checkpoints", "anchors", "contracts", "licences")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a service in which licences were issued, shown and suspended."""
    service = Running(tmp_path_factory.mktemp("tamper") / "data", free_port()).start()
    account = ("issuer", demo.PASSWORD)
    issuer = sign_in(service.url, WEB_APP, account, demo.MARKET, "openid licence.issue ledger.read")
    body = {
        "type": demo.TOUR_TYPE,
        "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
        "fields": demo.TOUR_FIELDS,
    }
    for _ in range(3):
        licence = issuer.post("/api/licences", body).json()
    path = f"/api/licences/{licence['identifier']}/status"
    changed = issuer.post(path, {"state": "suspended", "reason": "演示"}).json()
    wait_for_anchor(issuer, changed["record"])
    service.stop()
    return service.data


def wait_for_anchor(caller: Caller, record: str) -> None:
    for _ in range(200):
        if caller.get(f"/api/records/{record}").json()["state"] == "anchored":
            return
        time.sleep(0.2)
    pytest.fail("never anchored")


@pytest.fixture(scope="module")
def opened(data: Path) -> Iterator[Opened]:
    service = open_service(read_settings(settings_of(data)), demo=False)
    yield service
    service.database.close()


def settings_of(data: Path) -> dict[str, str]:
    with closing(sqlite3.connect(data / "haihe.sqlite")) as database:
        (note,) = database.execute("SELECT note FROM checkpoints LIMIT 1").fetchone()
    return {"HAIHE_DATA": str(data), "HAIHE_ISSUER": "http://" + note.split("/")[0]}


@pytest.fixture
def database(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(data / "haihe.sqlite", isolation_level=None)) as connection:
        yield connection


def columns() -> list[tuple[str, str]]:
    found = [table for each in METADATA for table in each.sorted_tables if table.name in TABLES]
    return [(table.name, column.name) for table in found for column in table.columns]


def flipped(value: object) -> object:
    """The same value with one bit of one byte changed."""
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    if value == "":
        return "x"
    if isinstance(value, str):
        raw = value.encode()
        place = next(i for i in range(len(raw) // 2, len(raw)) if raw[i] < 0b11000000)
        return (raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]).decode()
    return 1 if value is None else int(str(value)) ^ 1


def test_untouched_everything_is_clean(opened: Opened) -> None:
    report = run_audit(opened)
    assert report.clean
    assert report.counts.licences == len(demo.LICENCES) + 3
    assert report.counts.anchors >= 1


@pytest.mark.parametrize(("table", "column"), columns())
def test_one_changed_byte_is_found_and_named(
    opened: Opened, database: sqlite3.Connection, table: str, column: str
) -> None:
    rows = rows_of(database, table)
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        with changed(database, table, row, {column: flipped(row[column])}) as was_possible:
            if was_possible:
                finding = run_audit(opened).finding
                assert finding is not None, (table, column, row[column])
                assert finding.table == table, (finding, column)
    assert run_audit(opened).clean


@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_row_is_found(opened: Opened, database: sqlite3.Connection, table: str) -> None:
    row = rows_of(database, table)[-1]
    database.execute(f"DELETE FROM {table} WHERE {same(row)}", tuple(row.values()))
    finding = run_audit(opened).finding
    marks = ", ".join("?" * len(row))
    database.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
    )
    assert finding is not None
    assert run_audit(opened).clean


Row = dict[str, object]


def rows_of(database: sqlite3.Connection, table: str) -> list[Row]:
    names = [column for each, column in columns() if each == table]
    found = database.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2").fetchall()
    return [dict(zip(names, values, strict=True)) for values in found]


def same(row: Row) -> str:
    return " AND ".join(f"{name} IS ?" for name in row)


@contextmanager
def changed(database: sqlite3.Connection, table: str, row: Row, change: Row) -> Iterator[bool]:
    """Change a row for the length of the block; false where the database itself refuses."""
    new = {**row, **change}
    sets = ", ".join(f"{name} = ?" for name in row)
    statement = f"UPDATE {table} SET {sets} WHERE {same(row)}"
    try:
        database.execute(statement, (*new.values(), *row.values()))
    except sqlite3.IntegrityError:
        yield False
        return
    try:
        yield True
    finally:
        restored = database.execute(statement, (*row.values(), *new.values()))
        assert restored.rowcount == 1


def test_the_command_exits_with_1_and_names_the_licence(
    data: Path, database: sqlite3.Connection
) -> None:
    host, port = settings_of(data)["HAIHE_ISSUER"].removeprefix("http://").split(":")
    service = Running(data, int(port))
    licence = rows_of(database, "licences")[0]
    assert service.haihe("audit").returncode == 0
    with changed(database, "licences", licence, {"holder_name": "演示·别人"}):
        done = service.haihe("audit")
    assert host == "127.0.0.1"
    assert done.returncode == 1
    assert str(licence["identifier"]) in done.stdout


def test_a_log_is_not_opened_under_the_name_of_another_address(data: Path) -> None:
    mine = settings_of(data)
    with pytest.raises(BadSetting, match=f"good value: {mine['HAIHE_ISSUER']}, or another"):
        open_service(read_settings({**mine, "HAIHE_ISSUER": "http://127.0.0.1:1"}), demo=False)


def test_a_head_that_we_did_not_sign_is_left_to_the_audit(
    data: Path, database: sqlite3.Connection
) -> None:
    place = "WHERE size = (SELECT max(size) FROM checkpoints)"
    (note,) = database.execute(f"SELECT note FROM checkpoints {place}").fetchone()
    mine = settings_of(data)
    database.execute(f"UPDATE checkpoints SET note = ? {place}", ("x" + note,))
    try:
        service = open_service(read_settings(mine), demo=False)
        assert not run_audit(service).clean
        service.database.close()
    finally:
        database.execute(f"UPDATE checkpoints SET note = ? {place}", (note,))
