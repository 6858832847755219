"""What libpq sends for a statement of a store, and what it makes of the answer."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.pq import Format
from psycopg.pq.abc import PGresult
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DataError
from sqlalchemy.sql.compiler import SQLCompiler

Value = bytes | None
_DIALECT = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_numbers = itertools.count()


@dataclass
class Statement:
    """A statement as PostgreSQL takes it.

    Attributes:
        sql: its text, with `$1` for the first parameter.
        name: under which it is prepared, empty for one that is not worth it.
        keys: names of the parameters, in order.
        fixed: parameters that the statement itself sets.
        columns: how results are read; known after the first one.
    """

    sql: bytes
    name: bytes
    keys: Sequence[str]
    fixed: Mapping[str, Any]
    columns: tuple[SimpleResultMetaData, Sequence[Callable[[bytes], Any]]] | None = field(
        default=None
    )

    def values(self, given: Mapping[str, Any]) -> tuple[list[Value], list[Format]]:
        """Write parameters as libpq takes them."""
        every = {**self.fixed, **given} if self.fixed else given
        written = [_write(every[key]) for key in self.keys]
        return [value for value, _ in written], [kind for _, kind in written]

    def read(self, result: PGresult) -> tuple[SimpleResultMetaData, list[tuple[Any, ...]]]:
        """Read the rows of a result."""
        if self.columns is None:
            self.columns = _columns(result)
        described, readers = self.columns
        rows = [
            tuple(
                None if (value := result.get_value(row, place)) is None else read(value)
                for place, read in enumerate(readers)
            )
            for row in range(result.ntuples)
        ]
        return described, rows


def prepare(statement: Executable, given: Mapping[str, Any], *, lasting: bool) -> Statement:
    """Compile a statement.

    Args:
        statement: from SQLAlchemy's Core.
        given: its parameters, or some of the same names.
        lasting: it will come again, so PostgreSQL is to remember it.
    """
    compiled = statement.compile(  # type: ignore[attr-defined]
        dialect=_DIALECT,
        column_keys=list(given),
        compile_kwargs={} if lasting else {"render_postcompile": True},
    )
    assert isinstance(compiled, SQLCompiler)  # noqa: S101
    name = f"haihe_{next(_numbers)}".encode() if lasting else b""
    fixed = {key: value for key, value in compiled.params.items() if value is not None}
    return Statement(compiled.string.encode(), name, compiled.positiontup or (), fixed)


def _write(value: object) -> tuple[Value, Format]:
    match value:
        case str():
            if "\0" in value:
                raise DataError("a text with a NUL character", None, ValueError())
            return value.encode(), Format.TEXT
        case None:
            return None, Format.TEXT
        case bool():
            return (b"t" if value else b"f"), Format.TEXT
        case int():
            return str(value).encode(), Format.TEXT
        case bytes():
            return value, Format.BINARY
        case _:
            raise TypeError(f"stores do not keep {type(value).__name__}")


def _columns(result: PGresult) -> tuple[SimpleResultMetaData, list[Callable[[bytes], Any]]]:
    places = range(result.nfields)
    names = [(result.fname(place) or b"").decode() for place in places]
    return SimpleResultMetaData(names), [
        _READERS.get(result.ftype(p), bytes.decode) for p in places
    ]


def _is_true(value: bytes) -> bool:
    return value == b"t"


def _bytes(value: bytes) -> bytes:
    return bytes.fromhex(value[2:].decode())  # \x…


_READERS: Mapping[int, Callable[[bytes], Any]] = {  # by OID, pg_type.dat
    16: _is_true,
    17: _bytes,
    20: int,
    21: int,
    23: int,
    1700: int,  # sums of bigint; stores keep no fractions
}
