"""Desktops that wait for a phone, as rows. Where two answers race, one statement decides."""

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from identity.people.scans import APPROVED, REFUSED, USED, WAITING, Scan
from identity.people.sessions import Session
from identity.store.tables import scans

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
            )
        )
        return self._connection.execute(statement).rowcount == 1

    def refuse(self, scan_id: bytes, now: int) -> bool:
        """Keep a desktop out. Of many answers the first counts."""
        statement = update(scans).where(_is(scan_id, WAITING, now)).values(state=REFUSED)
        return self._connection.execute(statement).rowcount == 1

    def collect(self, scan_id: bytes, now: int) -> Scan | None:
        """Use an approval up. Of many parallel tries exactly one gets it."""
        statement = (
            update(scans).where(_is(scan_id, APPROVED, now)).values(state=USED).returning(*_COLUMNS)
        )
        row = self._connection.execute(statement).first()
        return Scan(*row) if row else None


def _is(scan_id: bytes, state: str, now: int) -> ColumnElement[bool]:
    return and_(scans.c.scan_id == scan_id, scans.c.state == state, scans.c.expires_at > now)
