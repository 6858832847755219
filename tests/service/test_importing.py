"""Importing registers from a file, and what load balancers ask."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.importing import (
    LEGAL_PERSONS,
    PEOPLE,
    NothingImported,
    add_legal_person,
    add_person,
    import_rows,
    read_rows,
)
from service.opened import Opened, open_service
from service.settings import read_settings
from tests.service.running import Running

HEAD = "account,name,number,password\n"
ONE = "first,演示·甲,120101192504120013,a long password of one\n"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    service = open_service(read_settings({"HAIHE_DATA": str(tmp_path / "data")}), demo=False)
    yield service
    service.database.close()


def people(opened: Opened) -> list[str]:
    with opened.realm.reading() as store:
        return [person.account for person in store.people.all_people()]


def bring(opened: Opened, file: Path, content: str) -> int:
    file.write_text(content, "utf-8-sig")
    return import_rows(opened, read_rows(file, PEOPLE), add_person)


def test_all_rows_are_imported(opened: Opened, tmp_path: Path) -> None:
    assert bring(opened, tmp_path / "people.csv", HEAD + ONE) == 1
    assert people(opened) == ["first"]


def test_one_refused_row_refuses_all_and_every_reason_is_told(
    opened: Opened, tmp_path: Path
) -> None:
    rows = [ONE, ONE, "second,演示·乙,120101192504120012,a long password of two\n", "third,丙\n"]
    with pytest.raises(NothingImported) as refused:
        bring(opened, tmp_path / "people.csv", HEAD + "".join(rows))
    assert [row.line for row in refused.value.rows] == [3, 4, 5]
    assert "120101192504120012" not in " ".join(row.reason for row in refused.value.rows)
    assert people(opened) == []


@pytest.mark.parametrize("content", ["", "name,account\nx,y\n", HEAD + '"open'])
def test_another_file_is_refused(opened: Opened, tmp_path: Path, content: str) -> None:
    with pytest.raises(NothingImported):
        bring(opened, tmp_path / "people.csv", content)


def test_legal_persons_are_imported(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "bodies.csv"
    file.write_text("code,name\n91120101MA00030139,演示·海河餐饮有限公司\n", "utf-8")
    assert import_rows(opened, read_rows(file, LEGAL_PERSONS), add_legal_person) == 1


@pytest.mark.parametrize(("path", "status"), [("/health", "ok"), ("/ready", "ready")])
def test_a_load_balancer_learns_the_state_and_nothing_else(
    running: Running, path: str, status: str
) -> None:
    answer = httpx.get(running.url + path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})
