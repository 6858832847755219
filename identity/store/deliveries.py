"""Messages on their way to apps, as rows. Of several workers one gets each message."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update

from identity.store.tables import deliveries
from identity.strangers.deliveries import Delivery

# Built once: composing a statement costs more than running it.
_ADD = insert(deliveries)
_DUE = select(deliveries.c.delivery_id).where(deliveries.c.next_at <= bindparam("now"))
_ANY_DUE = _DUE.limit(1)
# New messages first: what was tried in vain before must not hold up what may arrive at once.
_SOME_DUE = (
    _DUE.order_by(deliveries.c.attempts, deliveries.c.next_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(deliveries)
    .where(deliveries.c.delivery_id.in_(_SOME_DUE), deliveries.c.next_at <= bindparam("now"))
    .values(next_at=bindparam("leased_until"), attempts=deliveries.c.attempts + 1)
    .returning(*deliveries.c)
)


class DeliveryStore:
    """Reads and writes the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def backlog(self) -> tuple[int, int]:
        """Return how many messages wait to be sent, and when the oldest was caused; 0 for none."""
        waiting = select(func.count(), func.min(deliveries.c.created_at))
        row = self._connection.execute(waiting.where(deliveries.c.next_at.is_not(None))).one()
        return row[0], row[1] or 0

    def add(self, delivery: Delivery) -> None:
        """Add a message."""
        self._connection.execute(_ADD, vars(delivery))

    def are_due(self, now: int) -> bool:
        """Tell whether anything is to be sent."""
        return self._connection.execute(_ANY_DUE, {"now": now}).first() is not None

    def claim(self, now: int, leased_until: int, most: int) -> Sequence[Delivery]:
        """Take messages to send. Of many parallel tries exactly one gets each of them.

        Until `leased_until` nobody else gets them; by then the result has to be noted.
        """
        values = {"now": now, "leased_until": leased_until, "most": most}
        return [Delivery(*row) for row in self._connection.execute(_CLAIM, values)]

    def finish(self, delivery: Delivery, outcome: str, now: int) -> None:
        """Note that a message was sent or given up."""
        self._change(delivery, next_at=None, outcome=outcome, finished_at=now)

    def postpone(self, delivery: Delivery, outcome: str, at: int) -> None:
        """Note that a message is to be sent again."""
        self._change(delivery, next_at=at, outcome=outcome)

    def rest(self, client_id: str, until: int) -> None:
        """Let all that waits for one app wait until then."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.client_id == client_id, deliveries.c.next_at < until)
            .values(next_at=until)
        )

    def of_client(self, client_id: str, most: int) -> Sequence[Delivery]:
        """List the latest messages to an app, the latest first."""
        statement = (
            select(*deliveries.c)
            .where(deliveries.c.client_id == client_id)
            .order_by(deliveries.c.created_at.desc())
            .limit(most)
        )
        return [Delivery(*row) for row in self._connection.execute(statement)]

    def _change(self, delivery: Delivery, **values: object) -> None:
        """Change a message that was claimed, unless its lease ran out and another claimed it."""
        self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.delivery_id == delivery.delivery_id,
                deliveries.c.attempts == delivery.attempts,
            )
            .values(**values)
        )
