"""Desktops that wait for a phone, as rows. Where two answers race, one statement decides."""

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, select, update

from identity.people.scans import APPROVED, REFUSED, USED, WAITING, Scan
from identity.people.sessions import Session
from identity.store.tables import scans, sessions

_COLUMNS = tuple(scans.c)  # in the order of the fields of `Scan`


class ScanStore:
    """Reads and writes scans."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, scan: Scan) -> None:
        """Add a desktop that waits."""
        self._connection.execute(insert(scans).values(**vars(scan)))

    def find(self, scan_id: bytes) -> Scan | None:
        """Find a desktop, in whatever state."""
        statement = select(*_COLUMNS).where(scans.c.scan_id == scan_id)
        row = self._connection.execute(statement).first()
        return Scan(*row) if row else None

    def approve(self, scan_id: bytes, session: Session, now: int) -> bool:
        """Let a desktop in by a phone's session. Of many answers the first counts."""
        statement = (
            update(scans)
            .where(_is(scan_id, WAITING, now))
            .values(
                state=APPROVED,
                person_id=session.person_id,
                acr=session.acr,
                amr=session.amr,
                auth_time=session.auth_time,
                session_id=session.session_id,
            )
        )
        return self._connection.execute(statement).rowcount == 1

    def refuse(self, scan_id: bytes, now: int) -> bool:
        """Keep a desktop out. Of many answers the first counts."""
        statement = update(scans).where(_is(scan_id, WAITING, now)).values(state=REFUSED)
        return self._connection.execute(statement).rowcount == 1

    def collect(self, scan_id: bytes, now: int) -> Scan | None:
        """Use an approval up. Of many parallel tries exactly one gets it.

        It dies with the sign-in that gave it: who signed out lets nobody in any more.
        """
        stands = exists().where(
            sessions.c.session_id == scans.c.session_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > now,
        )
        statement = (
            update(scans)
            .where(_is(scan_id, APPROVED, now), stands)
            .values(state=USED)
            .returning(*_COLUMNS)
        )
        row = self._connection.execute(statement).first()
        return Scan(*row) if row else None

    def take_back(self, person_id: str) -> None:
        """Take back every approval of a person that let no desktop in yet."""
        self._connection.execute(
            update(scans)
            .where(scans.c.person_id == person_id, scans.c.state == APPROVED)
            .values(state=REFUSED)
        )


def _is(scan_id: bytes, state: str, now: int) -> ColumnElement[bool]:
    return and_(scans.c.scan_id == scan_id, scans.c.state == state, scans.c.expires_at > now)
