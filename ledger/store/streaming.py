"""Walking through a table of any length, in parts."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError

from ledger.errors import RowUnreadable

_IN_PARTS = {"yield_per": 1000}


def stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Yield the rows of a query.

    Raises:
        RowUnreadable: a row holds bytes that its columns cannot hold.
    """
    number = 0
    try:
        for number, row in enumerate(_in_parts(connection, query), 1):  # noqa: B007 - read below
            yield row
    except (DBAPIError, TypeError, ValueError) as error:
        # Bytes that the column's type cannot hold: only a change from outside writes them.
        table = str(query.get_final_froms()[0].description)
        raise RowUnreadable(table, number + 1, str(error).split("\n")[0]) from None


def _in_parts(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    yield from connection.execute(query, execution_options=_IN_PARTS)
