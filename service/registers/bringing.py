"""Importing a file by command: progress, a report of refused rows, exit codes."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from identity.realm import Realm
from service.importing.people import Track
from service.importing.reading import (
    NAMES,
    Column,
    NothingImported,
    Outcome,
    Refused,
    Row,
    encoding_of,
    read_rows,
)
from service.registers.saying import console, refuse, refusing, say

SHOWN = 10
Import = Callable[[Realm, Sequence[Row], Track], Outcome]


def bring(
    realm: Realm, file: Path, columns: Iterable[Column], bring_in: Import, report: Path | None
) -> None:
    """Import a file: all rows or none."""
    with refusing():
        try:
            encoding = encoding_of(file)
            if encoding != "utf-8-sig":
                say(f"{file} is read as {NAMES[encoding]}")
            outcome = bring_in(realm, read_rows(file, columns), _track)
        except NothingImported as refused:
            place = report or file.with_suffix(".refused.csv")
            _tell(refused.rows, place)
            raise refuse(refused) from None
    say(f"{outcome.added} rows imported, {outcome.present} were there already")


def _track(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    return track(items, what, total=total, console=console, transient=True)


def _tell(rows: Sequence[Refused], place: Path) -> None:
    for row in rows[:SHOWN]:
        where = f"line {row.line}" + (f", column {row.column}" if row.column else "")
        say(f"{where}: {row.reason}" if row.line else row.reason)
    with place.open("w", encoding="utf-8-sig", newline="") as file:  # offices read it with a BOM
        writer = csv.writer(file)
        writer.writerow(("line", "column", "reason"))
        writer.writerows((row.line, row.column, row.reason) for row in rows)
    say(f"all {len(rows)} reasons are in {place}")
