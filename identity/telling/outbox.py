"""The outbox: a message to an app is a row of the transaction that causes it, and is sent after
by `identity.telling.posting`. So a crash between the cause and the call loses nothing.
"""

import json

from identity.realm import Work
from identity.strangers.deliveries import POLICIES, Content, Delivery, seal_content


def send_later(
    work: Work, kind: str, client_id: str, address: str, content: Content, until: int | None = None
) -> None:
    """Put a message into the outbox; it leaves once the caller's transaction is committed.

    Args:
        work: the request's share of the realm.
        kind: one of `POLICIES`.
        client_id: to whom.
        address: where to.
        content: what the kind's composer needs.
        until: first second in which it is of no use; None for what is usual for the kind.
    """
    delivery_id = work.realm.fresh_id()
    said = json.dumps(dict(content), separators=(",", ":")).encode()
    work.store.deliveries.add(
        Delivery(
            delivery_id,
            kind,
            client_id,
            address,
            seal_content(work.realm.seals, delivery_id, said),
            created_at=work.now,
            expires_at=until or work.now + POLICIES[kind].lifetime,
            next_at=work.now,
        )
    )
