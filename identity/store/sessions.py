"""Sign-ins and failed sign-ins, as rows."""

from sqlalchemy import Connection, case, delete, insert, select, update

from identity.people.sessions import Session
from identity.store.dialects import upsert
from identity.store.tables import attempts, sessions

SESSION = tuple(column for column in sessions.c if column.name != "cookie_hash")


class SessionStore:
    """Reads and writes sessions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, cookie_hash: bytes, session: Session) -> None:
        """Add a session."""
        self._connection.execute(insert(sessions).values(cookie_hash=cookie_hash, **vars(session)))

    def find(self, cookie_hash: bytes) -> Session | None:
        """Find a session by the hash of its cookie, live or not."""
        statement = select(*SESSION).where(sessions.c.cookie_hash == cookie_hash)
        row = self._connection.execute(statement).first()
        return Session(*row) if row else None

    def find_last_party(self, person_id: str) -> str | None:
        """Return for whom a person acted the last time they chose."""
        statement = (
            select(sessions.c.party_id)
            .where(sessions.c.person_id == person_id, sessions.c.party_id.is_not(None))
            .order_by(sessions.c.auth_time.desc(), sessions.c.seen_at.desc())
            .limit(1)
        )
        return self._connection.execute(statement).scalar()

    def of_person(self, person_id: str, now: int) -> list[Session]:
        """List a person's sign-ins that were not ended and are not too old, the latest first."""
        statement = (
            select(*SESSION)
            .where(
                sessions.c.person_id == person_id,
                sessions.c.ended_at.is_(None),
                sessions.c.expires_at > now,
            )
            .order_by(sessions.c.auth_time.desc())
        )
        return [Session(*row) for row in self._connection.execute(statement)]

    def touch(self, session_id: str, now: int) -> None:
        """Note that a session is in use."""
        self._connection.execute(
            update(sessions).where(sessions.c.session_id == session_id).values(seen_at=now)
        )

    def choose_party(self, session_id: str, party_id: str, now: int) -> None:
        """Note for whom the person acts from now on."""
        self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session_id)
            .values(party_id=party_id, seen_at=now)
        )

    def raise_level(self, session_id: str, cookie_hash: bytes, acr: str, amr: str) -> None:
        """Note that the person has proved more; the cookie before opens nothing any more."""
        self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session_id, sessions.c.ended_at.is_(None))
            .values(cookie_hash=cookie_hash, acr=acr, amr=amr)
        )

    def renew(self, cookie_hash: bytes, session: Session) -> bool:
        """Let a sign-in begin anew under another cookie; false if it has ended meanwhile."""
        done = self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session.session_id, sessions.c.ended_at.is_(None))
            .values(cookie_hash=cookie_hash, **vars(session))
        )
        return done.rowcount == 1

    def end(self, session_id: str, now: int) -> bool:
        """End a session; false if it has ended before."""
        done = self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session_id, sessions.c.ended_at.is_(None))
            .values(ended_at=now)
        )
        return done.rowcount == 1


class AttemptStore:
    """Counts failed sign-ins per account and per address."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, key: bytes, now: int, window: int) -> tuple[int, int]:
        """Count one more try, in one statement so that parallel tries cannot share a number.

        Returns:
            The number of this try within the window, and the end of the window.
        """
        over = attempts.c.window_ends <= now
        statement = upsert(self._connection)(attempts).values(
            key=key, failures=1, window_ends=now + window
        )
        counted = statement.on_conflict_do_update(
            index_elements=[attempts.c.key],
            set_={
                "failures": case((over, 1), else_=attempts.c.failures + 1),
                "window_ends": case((over, now + window), else_=attempts.c.window_ends),
            },
        ).returning(attempts.c.failures, attempts.c.window_ends)
        failures, window_ends = self._connection.execute(counted).one()
        return failures, window_ends

    def forget(self, key: bytes) -> None:
        """Start counting again, after a sign-in that worked."""
        self._connection.execute(delete(attempts).where(attempts.c.key == key))

    def take_back(self, key: bytes) -> None:
        """Count one try less: it worked."""
        self._connection.execute(
            update(attempts).where(attempts.c.key == key).values(failures=attempts.c.failures - 1)
        )
