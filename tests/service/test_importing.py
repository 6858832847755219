"""Importing registers from a file, and what load balancers ask."""

import csv
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from identity.errors import SignInRefused
from identity.people.subjects import CITIZEN_CHECKS, CITIZEN_WEIGHTS
from identity.realm import Realm
from identity.sign_in import METHODS, password
from identity.sign_in.hashing import NOBODY, matches
from identity.sign_in.methods import Asking
from identity.store.operating import Wanted
from service.importing import legal_persons, mandates, people
from service.importing.reading import Column, NothingImported, Outcome, Refused, Row, read_rows
from service.opened import Opened, open_service
from service.settings import read_settings
from tests.service.running import Running

HEAD = "account,name,number,password\n"
ONE = "first,演示·甲,120101192504120013,a long password of one\n"
COMPANY = "code,name\n91120101MA00030139,演示·海河餐饮有限公司\n"
Import = Callable[[Realm, list[Row], people.Track], Outcome]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    service = open_service(read_settings({"HAIHE_DATA": str(tmp_path / "data")}), demo=False)
    yield service
    service.database.close()


def untracked(items: Iterable[object], what: str, total: int) -> Iterable[object]:
    return items


def everybody(opened: Opened) -> list[str]:
    with opened.realm.reading() as store:
        return [person.account for person in store.people.all_people()]


def bring(
    opened: Opened,
    folder: Path,
    content: str | bytes,
    columns: tuple[Column, ...] = people.COLUMNS,
    bring_in: Import = people.import_people,
) -> Outcome:
    file = folder / "file.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8-sig"))
    return bring_in(opened.realm, read_rows(file, columns), untracked)


def bring_bodies(opened: Opened, folder: Path, content: str) -> Outcome:
    return bring(opened, folder, content, legal_persons.COLUMNS, legal_persons.import_legal_persons)


def bring_mandates(opened: Opened, folder: Path, content: str) -> Outcome:
    return bring(opened, folder, content, mandates.COLUMNS, mandates.import_mandates)


def refused(act: Callable[[], object]) -> list[Refused]:
    with pytest.raises(NothingImported) as found:
        act()
    return list(found.value.rows)


def test_all_rows_are_imported_and_a_second_run_makes_no_duplicates(
    opened: Opened, tmp_path: Path
) -> None:
    assert bring(opened, tmp_path, HEAD + ONE) == Outcome(1, 0)
    assert bring(opened, tmp_path, HEAD + ONE) == Outcome(0, 1)
    more = HEAD + ONE + "second,演示·乙,120101192603070023,a long password of two\n"
    assert bring(opened, tmp_path, more) == Outcome(1, 1)
    assert everybody(opened) == ["first", "second"]
    with opened.realm.reading() as store:
        kinds = [each.kind for each in store.events.read(Wanted(0, 2**40, 100))]
    assert kinds == ["people-imported", "people-imported"]


def test_one_refused_row_refuses_all_and_every_reason_is_told(
    opened: Opened, tmp_path: Path
) -> None:
    rows = [
        ONE,
        ONE,
        "second,演示·乙,120101192504120012,a long password of two\n",
        "third,丙\n",
        "fourth,,120101192603070023,short\n",
        "120101192711230039,丁,1.20101E+17,\n",
    ]
    found = refused(lambda: bring(opened, tmp_path, HEAD + "".join(rows)))
    assert [(row.line, row.column) for row in found] == [
        (3, "account"),
        (3, "number"),
        (4, "number"),
        (5, ""),
        (6, "name"),
        (6, "password"),
        (7, "account"),
        (7, "number"),
    ]
    told = " ".join(row.reason for row in found)
    assert "the same as on line 2" in told
    assert "format the column as text" in told
    for number in ("120101192504120012", "120101192711230039"):
        assert number not in told
    assert everybody(opened) == []


def test_what_contradicts_the_register_is_refused_by_column(opened: Opened, tmp_path: Path) -> None:
    bring(opened, tmp_path, HEAD + ONE)
    rows = [
        ("first,演示·甲,120101192603070023,\n", "account"),
        ("other,演示·甲,120101192504120013,\n", "number"),
        ("first,演示·别人,120101192504120013,\n", "name"),
    ]
    for row, column in rows:
        (found,) = refused(lambda row=row: bring(opened, tmp_path, HEAD + row))
        assert (found.line, found.column) == (2, column)


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("utf-8", "account,name,number,password"),
        ("utf-8-sig", "账号,姓名,身份证号,初始密码"),
        ("gbk", "姓名,公民身份号码,登录名,密码"),
        ("gb18030", " 账 号 ,名字,证件号码,密码"),
        ("utf-8", "Number,NAME,Account"),
    ],
)
def test_office_files_are_read_in_any_encoding_header_and_order(
    opened: Opened, tmp_path: Path, encoding: str, header: str
) -> None:
    values = {
        "account": "first",
        "name": "演示·甲",
        "number": "120101192504120013",
        "password": "a long password of one",
    }
    known = {
        "".join(name.split()).lower(): column.name
        for column in people.COLUMNS
        for name in (column.name, *column.also)
    }
    row = ",".join(values[known["".join(each.split()).lower()]] for each in header.split(","))
    content = f"{header}\r\n{row}\r\n\r\n".encode(encoding)
    assert bring(opened, tmp_path, content) == Outcome(1, 0)
    with opened.realm.reading() as store:
        assert [each.name for each in store.people.all_people()] == ["演示·甲"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "its columns are account"),
        ("name,account\nx,y\n", "its columns are account"),
        (HEAD.strip() + ",shoe size\n", "shoe size"),
        ("account,account,name,number\n", "its columns are account"),
        (HEAD + '"open', "not a CSV file"),
        ((HEAD + ONE).encode("utf-16"), "UTF-16"),
        (HEAD.encode() + b"\xff\xff\xff\n", "not UTF-8"),
    ],
)
def test_another_file_is_refused_and_the_difference_named(
    opened: Opened, tmp_path: Path, content: str | bytes, told: str
) -> None:
    (found,) = refused(lambda: bring(opened, tmp_path, content))
    assert told in f"{found.column} {found.reason}"


def test_who_was_imported_without_password_cannot_sign_in_by_one(
    opened: Opened, tmp_path: Path
) -> None:
    bring(opened, tmp_path, "账号,姓名,身份证号\nfirst,演示·甲,120101192504120013\n")
    assert matches(NOBODY, "nobody has this password")
    for given in ("", "nobody has this password"):
        form = {"account": "first", "password": given}
        with pytest.raises(SignInRefused):
            METHODS[password.NAME].prove(opened.realm, form, Asking("192.0.2.1"))


def test_somebody_registered_meanwhile_undoes_the_whole_import(
    opened: Opened, tmp_path: Path
) -> None:
    def meanwhile(items: Iterable[object], what: str, total: int) -> Iterable[object]:
        if what.startswith("hashing"):
            bring(opened, tmp_path, HEAD + ONE)
        return items

    other = "second,演示·乙,120101192603070023,a long password of two\n"
    (tmp_path / "both.csv").write_text(HEAD + other + ONE, "utf-8")
    rows = read_rows(tmp_path / "both.csv", people.COLUMNS)
    (found,) = refused(lambda: people.import_people(opened.realm, rows, meanwhile))
    assert "meanwhile" in found.reason
    assert everybody(opened) == ["first"]


def test_legal_persons_are_imported_once(opened: Opened, tmp_path: Path) -> None:
    assert bring_bodies(opened, tmp_path, COMPANY) == Outcome(1, 0)
    assert bring_bodies(opened, tmp_path, COMPANY) == Outcome(0, 1)
    chinese = "名称,统一社会信用代码\n演示·市场监督管理局,11120101000002014A\n"
    assert bring_bodies(opened, tmp_path, chinese) == Outcome(1, 0)
    other = COMPANY.replace("海河", "黄河")
    (found,) = refused(lambda: bring_bodies(opened, tmp_path, other))
    assert (found.line, found.column) == (2, "name")
    assert "海河" in found.reason
    twice = COMPANY + "91120101MA00030139,x\n91120101MA00030138,y\n"
    found_many = refused(lambda: bring_bodies(opened, tmp_path, twice))
    assert [(each.line, each.column) for each in found_many] == [(3, "code"), (4, "code")]


def test_mandates_are_imported_in_chinese_or_english_words_once(
    opened: Opened, tmp_path: Path
) -> None:
    bring(opened, tmp_path, HEAD + ONE)
    bring_bodies(opened, tmp_path, COMPANY)
    content = (
        "账号,统一社会信用代码,角色,权限,有效期至\n"
        "first,91120101MA00030139,经办人,查看和出示证照、管理应用,2099/12/31\n"
        "FIRST,91120101MA00030139,agent,licences apps,2099-12-31\n"
        "first,91120101MA00030139,administrator,mandates,\n"
    )
    assert bring_mandates(opened, tmp_path, content) == Outcome(2, 1)
    assert bring_mandates(opened, tmp_path, content) == Outcome(0, 3)
    with opened.realm.reading() as store:
        held = store.mandates.live_at(opened.clock())
    assert {(each.role, each.powers) for each in held} == {
        ("agent", frozenset({"licences", "apps"})),
        ("administrator", frozenset({"mandates"})),
    }
    bad = (
        "account,code,role,powers,until\n"
        "nobody,91120101MA00030139,agent,licences,\n"
        "first,11120101000002014A,agent,licences,\n"
        "first,91120101MA00030139,king,everything,\n"
        "first,91120101MA00030139,agent,licences,2001-01-01\n"
        "first,91120101MA00030139,agent,licences,tomorrow\n"
        "first,91120101MA00030139,agent,,\n"
    )
    found = refused(lambda: bring_mandates(opened, tmp_path, bad))
    assert [(each.line, each.column) for each in found] == [
        (2, "account"),
        (3, "code"),
        (4, "powers"),
        (4, "role"),
        (5, "until"),
        (6, "until"),
        (7, "powers"),
    ]


def numbers() -> Iterator[str]:
    for area, day, order in itertools.product(range(20), range(1, 29), range(1, 1000)):
        digits = f"1201{area + 1:02}192504{day:02}{order:03}"
        total = sum(int(d) * w for d, w in zip(digits, CITIZEN_WEIGHTS, strict=True))
        yield digits + CITIZEN_CHECKS[total % 11]


def test_a_hundred_thousand_rows_take_seconds_and_are_written_in_a_moment(
    opened: Opened, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    with file.open("w", encoding="gb18030", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("账号", "姓名", "身份证号"))
        for at, number in zip(range(100_000), numbers(), strict=False):
            writer.writerow((f"many-{at}", "演示·众", number))
    for expected in (Outcome(100_000, 0), Outcome(0, 100_000)):
        began = time.monotonic()
        rows = read_rows(file, people.COLUMNS)
        assert people.import_people(opened.realm, rows, untracked) == expected
        assert time.monotonic() - began < 60
    with opened.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM people")).scalar() == 100_000


def test_the_command_writes_a_report_and_says_how_it_went(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "bodies.csv"
    file.write_bytes("名称,统一社会信用代码\n演示·某某公司,91120101MA00030138\n".encode("gbk"))
    bad = running.haihe("legal-persons", "import", str(file))
    assert bad.returncode == 1
    assert "GB18030" in bad.stdout
    assert "line 2, column code" in bad.stdout
    assert "nothing was imported" in bad.stderr
    with file.with_suffix(".refused.csv").open(encoding="utf-8-sig", newline="") as report:
        assert [row[:2] for row in csv.reader(report)] == [["line", "column"], ["2", "code"]]
    file.write_text("code,name\n91120101MA00030138,\n1,演示·某某公司\n", "utf-8")
    several = running.haihe("legal-persons", "import", str(file))
    assert "all 3 reasons are in" in several.stdout
    assert "rows refused: 2, nothing was imported" in several.stderr
    file.write_text("code,name\n91120101MA0003005E,演示·某某公司\n", "utf-8")
    for added, present in ((1, 0), (0, 1)):
        good = running.haihe("legal-persons", "import", str(file))
        assert good.returncode == 0, good.stderr
        assert f"{added} rows imported, {present} were there already" in good.stdout
    missing = running.haihe("people", "import", str(tmp_path / "nowhere.csv"))
    assert missing.returncode == 1
    assert "nowhere.csv" in missing.stderr


@pytest.mark.parametrize(("path", "status"), [("/health", "ok"), ("/ready", "ready")])
def test_a_load_balancer_learns_the_state_and_nothing_else(
    running: Running, path: str, status: str
) -> None:
    answer = httpx.get(running.url + path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})


def test_a_database_of_another_schema_is_not_ready(tmp_path: Path) -> None:
    from fastapi import FastAPI

    from service import health
    from service.database import Database
    from service.migrate import migrate
    from tests.service.serving import served

    database = Database(f"sqlite:///{tmp_path}/x.sqlite")
    migrate(database)
    app = FastAPI()
    app.include_router(health.router(database))
    with served(app) as url:
        assert httpx.get(url + "/ready").status_code == 200
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        answer = httpx.get(url + "/ready")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert httpx.get(url + "/health").status_code == 200
    database.close()
