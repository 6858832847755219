"""What one worker of all does: whichever holds the lease.

The lease is an advisory lock of PostgreSQL. It lasts as long as its connection, so a worker that
dies loses it at once, and the next one that asks takes over what the database says is left to do.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from service.database import Database
from service.jobs import Job

LEASE = 0x4841494845  # "HAIHE"; the number of the lock
ASKING_SECONDS = 1.0


class Duty(Protocol):
    """Work that is begun with the lease and ended with it."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


class Lease:
    """The right to do what only one may do."""

    def __init__(self, database: Database) -> None:
        """Know the database; nothing is asked yet."""
        self._database = database
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Take the lease if it is free, and tell whether it is ours at this moment."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            return self._take()
        except DBAPIError:
            self.give_back()
            return False

    def _take(self) -> bool:
        connection = self._database.standing()
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEASE})
        if taken.scalar():
            self._connection = connection
            return True
        connection.close()
        return False

    def give_back(self) -> None:
        """Let another worker have it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # hangs up, which is what frees the lock
            connection.close()


class Leading(Job):
    """Does a duty while the lease is ours."""

    def __init__(self, lease: Lease, begin: Callable[[], Duty]) -> None:
        """Prepare.

        Args:
            lease: asked for again and again.
            begin: makes the duty anew each time the lease is gained.
        """
        super().__init__("leading", self._look, ASKING_SECONDS)
        self._lease = lease
        self._begin = begin
        self._duty: Duty | None = None

    def _look(self) -> bool:
        held = self._lease.hold()
        if held and self._duty is None:
            duty = self._begin()
            duty.start()
            self._duty = duty
        elif not held:
            self._end()
        return False

    def _end(self) -> None:
        duty, self._duty = self._duty, None
        if duty is not None:
            duty.stop()

    def stop(self) -> None:
        """End the duty as well, and let the next worker begin."""
        super().stop()
        self._end()
        self._lease.give_back()


class Together:
    """Several duties as one, and what to close at the end."""

    def __init__(self, duties: Sequence[Duty], close: Callable[[], None]) -> None:
        """Take them in the order in which they begin and end."""
        self._duties = duties
        self._close = close

    def start(self) -> None:
        """Begin all."""
        for duty in self._duties:
            duty.start()

    def stop(self) -> None:
        """End all."""
        for duty in self._duties:
            duty.stop()
        self._close()
