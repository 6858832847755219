"""Registers from a CSV file: all rows or none, and for every refused row its line and why."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from identity import registry
from identity.errors import IdentityError
from identity.realm import Work
from identity.store import IdentityStore
from service.opened import Opened

Row = Mapping[str, str]
PEOPLE = ("account", "name", "number", "password")
LEGAL_PERSONS = ("code", "name")


@dataclass(frozen=True)
class Refused:
    """A row that cannot be imported."""

    line: int
    reason: str


class NothingImported(Exception):
    """Some rows were refused, so none was imported.

    Attributes:
        rows: which, and why.
    """

    def __init__(self, rows: list[Refused]) -> None:
        super().__init__(f"{len(rows)} rows were refused, nothing was imported")
        self.rows = rows


def read_rows(file: Path, columns: tuple[str, ...]) -> list[tuple[int, Row]]:
    """Read a CSV file in UTF-8 whose first line names `columns`; give each row its line.

    Raises:
        NothingImported: the file is not of that form.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if tuple(reader.fieldnames or ()) != columns:
                raise NothingImported([Refused(1, f"the first line must be {','.join(columns)}")])
            return [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NothingImported([Refused(0, f"not a CSV file in UTF-8: {error}")]) from None


def add_person(work: Work, row: Row) -> None:
    """Register the person of a row."""
    registry.add_person(
        work,
        account=row["account"],
        name=row["name"],
        citizen_number=row["number"],
        password=row["password"],
    )


def add_legal_person(work: Work, row: Row) -> None:
    """Register the legal person of a row."""
    registry.add_legal_person(work, code=row["code"], name=row["name"])


def import_rows(
    opened: Opened, rows: Iterable[tuple[int, Row]], add: Callable[[Work, Row], None]
) -> int:
    """Add all rows in one transaction; return how many.

    Raises:
        NothingImported: one at least was refused.
    """
    refused, count = [], 0
    with opened.database.writing() as connection:
        work = opened.realm.work(IdentityStore(connection))
        for line, row in rows:
            try:
                _check_complete(row)
                with connection.begin_nested():  # a refused row must not spoil the transaction
                    add(work, row)
                count += 1
            except (IdentityError, ValueError) as error:
                refused.append(Refused(line, str(error)))
        if refused:
            raise NothingImported(refused)  # undoes the transaction
    return count


def _check_complete(row: Row) -> None:
    if None in row or None in row.values():
        raise ValueError("the row has more or fewer fields than the first line")
