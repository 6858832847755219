"""What stores see of the lines: as much of SQLAlchemy's `Connection` as they use."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.pq.abc import PGresult
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData

from identity.store.dialects import LASTING
from service.postgres.asides import wait
from service.postgres.lines import Lines
from service.postgres.statements import Statement, prepare


class Answered(IteratorResult[Any]):
    """The rows of one statement, and how many it touched."""

    def __init__(
        self, described: SimpleResultMetaData, rows: Iterable[tuple[Any, ...]], rowcount: int
    ) -> None:
        super().__init__(described, iter(rows))
        self.rowcount = rowcount


class DirectConnection:
    """Runs each statement in a transaction of its own, on whichever line is free.

    Only inside a function that `Asides` runs, on the loop of the lines.
    """

    dialect = PGDialect()  # type: ignore[no-untyped-call]

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._known: dict[Executable, Statement] = {}

    def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | None = None,
        **_options: object,
    ) -> Answered:
        """Run a statement and wait for its answer; other requests go on meanwhile."""
        given = parameters or {}
        known = self._known.get(statement) or self._learn(statement, given)
        result: PGresult = wait(self._lines.run(known, given))
        described, rows = known.read(result)
        return Answered(described, rows, result.command_tuples or 0)

    def _learn(self, statement: Executable, given: Mapping[str, Any]) -> Statement:
        lasting = bool(statement.get_execution_options().get(LASTING))
        prepared = prepare(statement, given, lasting=lasting)
        if lasting:
            self._known[statement] = prepared
        return prepared
