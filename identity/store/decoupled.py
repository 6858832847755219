"""Requests that wait for a person elsewhere, as rows. Where two race, one statement decides."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, select, update

from identity.asking.decoupled import SLOWER_SECONDS, Decoupled
from identity.store.dialects import upsert
from identity.store.tables import decoupled

_COLUMNS = tuple(decoupled.c)  # in the order of the fields of `Decoupled`
_SCOPES = _COLUMNS.index(decoupled.c.scopes)
_NOW: BindParameter[int] = bindparam("now")
_IS_IT = decoupled.c.request_id == bindparam("key")
_WAITS = (decoupled.c.decided_at.is_(None), decoupled.c.expires_at > _NOW)
_HURRIED = decoupled.c.polled_at + decoupled.c.interval > _NOW

# Built once: composing a statement costs more than running it.
_FIND = select(*_COLUMNS).where(_IS_IT)
_BY_CODE = select(*_COLUMNS).where(decoupled.c.user_code == bindparam("code"), *_WAITS)
_OF_PERSON = (
    select(*_COLUMNS)
    .where(decoupled.c.person_id == bindparam("person"), *_WAITS)
    .order_by(decoupled.c.created_at.desc())
    .limit(bindparam("most"))
)
_POLL = (
    update(decoupled)
    .where(
        _IS_IT,
        decoupled.c.client_id == bindparam("client"),
    )
    .values(
        polled_at=_NOW,
        hurried=_HURRIED,
        interval=case(
            (_HURRIED, decoupled.c.interval + SLOWER_SECONDS), else_=decoupled.c.interval
        ),
    )
    .returning(*_COLUMNS)
)
_DECIDE = (
    update(decoupled)
    .where(_IS_IT, *_WAITS)
    .values(decided_at=_NOW, authorization_id=bindparam("allowed"))
)


class DecoupledStore:
    """Reads and writes such requests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: Decoupled) -> bool:
        """Add a request; false if its user code is taken."""
        row = {**vars(request), "scopes": " ".join(sorted(request.scopes))}
        statement = upsert(self._connection)(decoupled).values(row).on_conflict_do_nothing()
        added = statement.returning(decoupled.c.created_at)  # PostgreSQL counts no inserted rows
        return self._connection.execute(added).first() is not None

    def find(self, request_id: str) -> Decoupled | None:
        """Find a request by id, answered or not."""
        return self._first(_FIND, key=request_id)

    def find_user_code(self, user_code: bytes, now: int) -> Decoupled | None:
        """Find a request that can still be answered by its sealed user code."""
        return self._first(_BY_CODE, code=user_code, now=now)

    def of_person(self, person_id: str, now: int, most: int) -> Sequence[Decoupled]:
        """List what waits for a person, the latest first."""
        values = {"person": person_id, "now": now, "most": most}
        return [_read(row) for row in self._connection.execute(_OF_PERSON, values)]

    def poll(self, request_id: str, client_id: str, now: int) -> Decoupled | None:
        """Note that an app asks for the answer, and how fast; its request as it is then."""
        return self._first(_POLL, key=request_id, client=client_id, now=now)

    def decide(self, request_id: str, authorization_id: str | None, now: int) -> bool:
        """Answer a request. Of many parallel answers exactly one counts, and gets true."""
        values = {"key": request_id, "allowed": authorization_id, "now": now}
        return bool(self._connection.execute(_DECIDE, values).rowcount == 1)

    def _first(self, statement: Any, **values: object) -> Decoupled | None:
        row = self._connection.execute(statement, values).first()
        return _read(row) if row else None


def _read(row: Sequence[Any]) -> Decoupled:
    values = list(row)
    values[_SCOPES] = frozenset(values[_SCOPES].split())
    return Decoupled(*values)
