"""One connection to PostgreSQL on the event loop, one statement at a time."""

import asyncio
from collections.abc import Mapping
from typing import Any

from psycopg import OperationalError as DriverError
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from service.postgres.errors import lost, refused
from service.postgres.statements import Statement


class Line:
    """A connection.

    Every statement is a transaction of its own: when its result is here, its commit is on the
    disk of the database.
    """

    def __init__(self, link: PGconn, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        """Take an open connection over; from now on it belongs to the loop.

        Args:
            link: the connection.
            loop: the event loop of this thread.
            deadline: seconds after which a statement without answer is lost.
        """
        link.nonblocking = 1
        self._link = link
        self._loop = loop
        self._deadline = deadline
        self._prepared: set[bytes] = set()
        self._waiting: asyncio.Future[PGresult] | None = None
        self._result: PGresult | None = None
        self._socket = link.socket
        loop.add_reader(self._socket, self._readable)

    @property
    def is_open(self) -> bool:
        """Whether it can carry a statement."""
        return self._socket >= 0 and self._link.status == ConnStatus.OK

    async def run(self, statement: Statement, given: Mapping[str, Any]) -> PGresult:
        """Run a statement.

        Raises:
            IntegrityError, ProgrammingError: PostgreSQL refuses it.
            OperationalError: no answer; whether it was done nobody knows.
        """
        values, kinds = statement.values(given)
        if not statement.name:
            self._link.send_query_params(statement.sql, values, param_formats=kinds)
            return await self._answer()
        if statement.name not in self._prepared:
            self._link.send_prepare(statement.name, statement.sql)
            await self._answer()
            self._prepared.add(statement.name)
        self._link.send_query_prepared(statement.name, values, kinds)
        return await self._answer()

    async def _answer(self) -> PGresult:
        self._waiting = self._loop.create_future()
        deadline = self._loop.call_later(self._deadline, self.close)
        try:
            self._flush()
            result = await self._waiting
        except BaseException:
            self.close()  # what the line would carry next belongs to nobody
            raise
        finally:
            deadline.cancel()
        if result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            raise refused(result)
        return result

    def _flush(self) -> None:
        """Hand everything to the socket; what does not fit goes when there is room."""
        if self._link.flush():
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        link = self._link
        try:
            link.consume_input()
            while not link.is_busy():
                result = link.get_result()
                if result is None:
                    self._deliver()
                    return
                self._result = result
        except DriverError:
            self.close()

    def _deliver(self) -> None:
        waiting, result = self._waiting, self._result
        self._waiting = self._result = None
        if waiting is not None and result is not None and not waiting.done():
            waiting.set_result(result)

    def close(self) -> None:
        """Hang up; a statement under way is lost."""
        if self._socket < 0:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket = -1
        self._link.finish()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(lost())
