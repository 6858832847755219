"""Reading a CSV file as offices send it: UTF-8 or GB18030, headers in Chinese or English."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

MOST_ROWS = 1_000_000
PART = 500  # rows that are compared with the database, or written, in one statement
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ENCODINGS = ("utf-8-sig", "gb18030")  # GB18030 holds all of GBK and GB 2312
NAMES = {"utf-8-sig": "UTF-8", "gb18030": "GB18030 (GBK)"}
_READ = 1024 * 1024

Item = TypeVar("Item")


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        name: ours, in English.
        also: other headers for the same, in Chinese.
        needed: whether the file has to have it.
    """

    name: str
    also: tuple[str, ...]
    needed: bool = True


@dataclass(frozen=True)
class Row:
    """One row: the line on which it begins, and its values by column."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True)
class Refused:
    """A row that cannot be imported, and which of its values is why."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """How many rows were added, and how many were there already."""

    added: int
    present: int


class NothingImported(Exception):
    """Some rows were refused, so none was imported.

    Attributes:
        rows: which, and why.
    """

    def __init__(self, rows: Sequence[Refused]) -> None:
        lines = len({row.line for row in rows})  # one may be refused for several reasons
        super().__init__(f"rows refused: {lines}, nothing was imported")
        self.rows = rows


def in_parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Take items apart into parts of `PART`."""
    for at in range(0, len(items), PART):
        yield items[at : at + PART]


def encoding_of(file: Path) -> str:
    """Find out how a file is encoded.

    Raises:
        NothingImported: in none of the ways we read; the reason names the first byte that is wrong.
    """
    with file.open("rb") as content:
        if content.read(2) in UTF_16:
            raise _whole("the file is UTF-16; save it as CSV in UTF-8")
    failures = []
    for encoding in ENCODINGS:
        try:
            with file.open(encoding=encoding, newline="") as text:
                while text.read(_READ):
                    pass
        except UnicodeDecodeError as error:
            failures.append(f"not {NAMES[encoding]} ({error.reason} at byte {error.start})")
        else:
            return encoding
    raise _whole("; ".join(failures))


def read_rows(file: Path, columns: Iterable[Column]) -> list[Row]:
    """Read a CSV file whose first line names its columns, in any order.

    Raises:
        NothingImported: the file is not of that form.
    """
    encoding = encoding_of(file)
    try:
        with file.open(encoding=encoding, newline="") as lines:
            reader = csv.reader(lines, strict=True)
            names = _names(next(reader, []), tuple(columns))
            return list(_rows(reader, names, reader.line_num))
    except csv.Error as error:
        raise _whole(f"not a CSV file: {error}") from None


def _names(header: Sequence[str], columns: Sequence[Column]) -> list[str]:
    known = {_plain(text): each.name for each in columns for text in (each.name, *each.also)}
    names = [known.get(_plain(text), "") for text in header]
    strange = [text for text, name in zip(header, names, strict=True) if not name]
    missing = [each.name for each in columns if each.needed and each.name not in names]
    if strange or missing or len(set(names)) != len(names):
        wanted = ", ".join(f"{each.name} ({each.also[0]})" for each in columns)
        raise NothingImported(
            [
                Refused(
                    1,
                    ", ".join(strange or missing),
                    f"the first line is {','.join(header)[:200]!r}; its columns are {wanted}",
                )
            ]
        )
    return names


def _plain(text: str) -> str:
    return "".join(text.split()).lower().replace("_", "").replace("-", "")


def _rows(reader: Iterator[list[str]], names: Sequence[str], line: int) -> Iterator[Row]:
    number = 0
    for fields in reader:
        begins, line = line + 1, reader.line_num  # type: ignore[attr-defined]
        if not any(field.strip() for field in fields):
            continue  # office programs leave empty lines at the end
        number += 1
        if number > MOST_ROWS:
            raise _whole(f"a file has at most {MOST_ROWS} rows")
        values = dict(zip(names, (field.strip() for field in fields), strict=False))
        if len(fields) != len(names):
            values[""] = f"the row has {len(fields)} fields, the first line has {len(names)}"
        yield Row(begins, values)


def _whole(reason: str) -> NothingImported:
    return NothingImported([Refused(0, "", reason)])


class Checking:
    """Collects what is wrong with the rows of a file."""

    def __init__(self) -> None:
        self.refused: list[Refused] = []

    def refuse(self, row: Row, column: str, reason: str) -> None:
        """Refuse a row."""
        self.refused.append(Refused(row.line, column, reason))

    def checked(self, row: Row, column: str, check: Callable[[str], str]) -> str:
        """Return a value as `check` gives it; refuse the row if it raises."""
        try:
            return check(row[column])
        except Exception as error:  # noqa: BLE001  # whatever the check says is told by line
            self.refuse(row, column, _told(error, row[column]))
            return ""

    def is_whole(self, row: Row) -> bool:
        """Tell whether a row has as many fields as the first line; refuse it if not."""
        if "" in row.values:
            self.refuse(row, "", row[""])
        return "" not in row.values

    def finish(self) -> None:
        """Go on only if nothing was refused.

        Raises:
            NothingImported: something was.
        """
        if self.refused:
            raise NothingImported(sorted(self.refused, key=lambda each: (each.line, each.column)))


def _told(error: Exception, value: str) -> str:
    """Say what is wrong, without the value: it may be a personal number."""
    if "E+" in value.upper():
        return "the office program turned the number into 1.2E+17; format the column as text"
    text = str(error)
    return text.replace(value, "…") if value else text
