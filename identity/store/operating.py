"""What operators need: the audit trail, what apps were refused, when they were last served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    case,
    func,
    insert,
    literal,
    select,
    union_all,
)

from identity.apps.refusals import Fault
from identity.store.dialects import upsert
from identity.store.tables import authorizations, clients, metadata, sign_ins
from identity.trail.events import AUTHORIZATION, PAGE, SIGN_IN, Event

identity_events = Table(
    "identity_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("party_id", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("acr", Text, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("identity_events_by_time", "at"),
)

client_refusals = Table(
    "client_refusals",
    metadata,
    Column("slot", LargeBinary, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Index("client_refusals_by_client", "client_id"),
)

client_activity = Table(
    "client_activity",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("last_token_at", BigInteger, nullable=False),
)

_EVENT = tuple(identity_events.c)
_REFUSAL = tuple(client_refusals.c)[1:]
_SAME = (client_refusals.c.endpoint, client_refusals.c.error, client_refusals.c.description)


@dataclass(frozen=True)
class Wanted:
    """Which lines of the trail an auditor asks for; empty fields ask for all."""

    since: int
    until: int
    most: int
    kind: str = ""
    person_id: str = ""
    client_id: str = ""


class EventStore:
    """Writes and reads the audit trail."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event: Event) -> None:
        """Add a line."""
        self._connection.execute(insert(identity_events), vars(event))

    def read(self, wanted: Wanted) -> Sequence[Event]:
        """List lines of the trail, sign-ins and authorizations among them, the latest first."""
        every = union_all(*(_within(part, wanted) for part in _PARTS)).subquery()
        statement = select(every).order_by(every.c.at.desc(), every.c.event_id).limit(wanted.most)
        return [Event(*row) for row in self._connection.execute(statement)]


def keep_authorizations_of(connection: Connection, client_id: str) -> None:
    """Copy what people allowed an app into the trail, before the app is removed."""
    rows = _AUTHORIZATIONS.where(authorizations.c.client_id == client_id)
    names = [column.name for column in _EVENT]
    connection.execute(insert(identity_events).from_select(names, rows))


class RefusalStore:
    """Keeps what apps were refused for, within bounds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_news(self, refusal: Fault) -> bool:
        """Tell whether there is such an app, and nothing like it was kept in this second."""
        exists = select(clients.c.client_id).where(clients.c.client_id == refusal.client_id)
        last = select(client_refusals.c.at).where(client_refusals.c.slot == refusal.slot)
        row = self._connection.execute(
            select(exists.scalar_subquery(), last.scalar_subquery())
        ).one()
        return row[0] is not None and (row[1] is None or row[1] < refusal.at)

    def add(self, refusal: Fault) -> None:
        """Keep a refusal in its slot; the same one again is counted."""
        row = {**vars(refusal), "slot": refusal.slot}
        new = upsert(self._connection)(client_refusals).values(row)
        same = _SAME[0] == new.excluded.endpoint
        for column in _SAME[1:]:
            same &= column == new.excluded[column.name]
        kept = {name: new.excluded[name] for name in ("endpoint", "error", "description", "at")}
        count = case((same, client_refusals.c.count + 1), else_=1)
        self._connection.execute(
            new.on_conflict_do_update(
                index_elements=[client_refusals.c.slot], set_={**kept, "count": count}
            )
        )

    def of_client(self, client_id: str) -> Sequence[Fault]:
        """List what an app was refused for, the latest first."""
        statement = (
            select(*_REFUSAL)
            .where(client_refusals.c.client_id == client_id)
            .order_by(client_refusals.c.at.desc())
        )
        return [Fault(*row) for row in self._connection.execute(statement)]


class ActivityStore:
    """Knows when apps were last given tokens, to within a minute."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, last: Mapping[str, int]) -> None:
        """Note the time of the last tokens of some apps."""
        for client_id, at in sorted(last.items()):
            new = upsert(self._connection)(client_activity).values(
                client_id=client_id, last_token_at=at
            )
            older = client_activity.c.last_token_at < new.excluded.last_token_at
            self._connection.execute(
                new.on_conflict_do_update(
                    index_elements=[client_activity.c.client_id],
                    set_={"last_token_at": new.excluded.last_token_at},
                    where=older,
                )
            )

    def find(self, client_id: str) -> int | None:
        """Return when an app was last given tokens."""
        statement = select(client_activity.c.last_token_at).where(
            client_activity.c.client_id == client_id
        )
        return self._connection.execute(statement).scalar()


def _within(part: Select[tuple[object, ...]], wanted: Wanted) -> Select[tuple[object, ...]]:
    columns = part.selected_columns
    part = part.where(columns["at"] >= wanted.since, columns["at"] < wanted.until)
    for name in ("kind", "person_id", "client_id"):
        if value := getattr(wanted, name):
            part = part.where(columns[name] == value)
    return part


_AUTHORIZATIONS = select(
    authorizations.c.authorization_id.label("event_id"),
    # The one moment that the row keeps is the end of its code.
    (authorizations.c.code_expires_at - 60).label("at"),
    literal(AUTHORIZATION).label("kind"),
    authorizations.c.person_id,
    authorizations.c.party_id,
    authorizations.c.client_id,
    authorizations.c.acr,
    authorizations.c.redeemed_at.is_not(None).label("succeeded"),
    literal(PAGE).label("channel"),
    authorizations.c.scopes.label("detail"),
)
_SIGN_INS = select(
    sign_ins.c.sign_in_id.label("event_id"),
    sign_ins.c.at,
    literal(SIGN_IN).label("kind"),
    func.coalesce(sign_ins.c.person_id, "").label("person_id"),
    literal("").label("party_id"),
    literal("").label("client_id"),
    literal("").label("acr"),
    sign_ins.c.succeeded,
    literal(PAGE).label("channel"),
    sign_ins.c.method.label("detail"),
)
_PARTS: Sequence[Select[tuple[object, ...]]] = (select(*_EVENT), _SIGN_INS, _AUTHORIZATIONS)
