"""A bounded number of connections to PostgreSQL, and a bounded queue before them."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import OperationalError as DriverError
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

from service.postgres.errors import lost, too_many
from service.postgres.line import Line
from service.postgres.statements import Statement

LINES = 10
MOST_WAITING = 500
WAIT_SECONDS = 2.0
DEADLINE_SECONDS = 5.0  # a statement of a hot path that takes longer never ends well


@dataclass(frozen=True)
class Limits:
    """How many and how long.

    Attributes:
        lines: connections at most.
        waiting: statements at most that wait for one.
        wait_seconds: how long they do.
        deadline: seconds that a statement may take.
    """

    lines: int = LINES
    waiting: int = MOST_WAITING
    wait_seconds: float = WAIT_SECONDS
    deadline: float = DEADLINE_SECONDS


class Lines:
    """Connections of one event loop."""

    def __init__(self, address: str, limits: Limits = Limits()) -> None:
        """Prepare to connect; `address` is a connection string of libpq."""
        self._limits = limits
        self._address = address.encode()
        self._idle: list[Line] = []
        self._open = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    async def run(self, statement: Statement, given: Mapping[str, Any]) -> PGresult:
        """Run a statement on the first connection that is free.

        Raises:
            PoolExhausted: none became free in time, or too many wait already.
            DBAPIError: as `Line.run` says.
        """
        line = await self._take()
        try:
            return await line.run(statement, given)
        finally:
            self._give_back(line)

    async def _take(self) -> Line:
        while True:
            while self._idle:
                line = self._idle.pop()
                if line.is_open:
                    return line
                self._open -= 1
            if self._open < self._limits.lines:
                return await self._connect()
            await self._wait()

    async def _connect(self) -> Line:
        """Open a connection, in a thread: finding a host and its greeting take their time."""
        self._open += 1
        loop = asyncio.get_running_loop()
        try:
            link = await loop.run_in_executor(None, _connect, self._address)
        except BaseException:
            self._open -= 1
            self._wake()
            raise
        return Line(link, loop, self._limits.deadline)

    async def _wait(self) -> None:
        if len(self._queue) >= self._limits.waiting:
            raise too_many()
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            await asyncio.wait_for(place, self._limits.wait_seconds)
        except TimeoutError:
            raise too_many() from None

    def _give_back(self, line: Line) -> None:
        if line.is_open:
            self._idle.append(line)
        else:
            self._open -= 1
        self._wake()

    def _wake(self) -> None:
        """Let the one who has waited longest look again."""
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                return

    def close(self) -> None:
        """Hang up all that are idle."""
        while self._idle:
            self._idle.pop().close()
            self._open -= 1


def _connect(address: bytes) -> PGconn:
    link = pq.PGconn.connect(address)
    if link.status != pq.ConnStatus.OK:
        link.finish()
        raise lost() from DriverError("no connection")
    return link
