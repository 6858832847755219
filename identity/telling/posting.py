"""The sending half of the outbox. A message is sent at least once: a worker that dies between
sending and noting it lets another one send it again, under the same id.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from identity.errors import AppUnreachable, NoKeyToEncrypt, SealBroken
from identity.realm import Realm, Work
from identity.strangers.deliveries import (
    LEASE_SECONDS,
    LOGOUT,
    PING,
    Content,
    Delivery,
    Message,
    arrived,
    next_try,
    open_content,
)
from identity.strangers.fetching import post
from identity.telling import logout_tokens

Compose = Callable[[Realm, Delivery, Content], Message]
AT_ONCE = 16  # as many calls at the same time, and as many rows in one claim


def send_due(realm: Realm) -> bool:
    """Send some of what is due; true if there may be more at once."""
    with realm.reading() as store:
        if not store.deliveries.are_due(realm.clock()):
            return False
    with realm.writing() as store:
        now = realm.clock()
        claimed = store.deliveries.claim(now, now + LEASE_SECONDS, AT_ONCE)
    if not claimed:
        return False
    with ThreadPoolExecutor(len(claimed)) as pool:
        statuses = list(pool.map(partial(_send, realm), claimed))
    with realm.writing() as store:
        work = realm.work(store)
        for delivery, status in zip(claimed, statuses, strict=True):
            _note(work, delivery, status)
    return len(claimed) == AT_ONCE


def _send(realm: Realm, delivery: Delivery) -> int | None:
    """Send a message; return the app's answer, None if there was none."""
    try:
        content = json.loads(open_content(realm.seals, delivery))
        message = COMPOSERS[delivery.kind](realm, delivery, content)
        return post(delivery.address, message, realm.reach)
    except (AppUnreachable, NoKeyToEncrypt, SealBroken):
        return None


def _note(work: Work, delivery: Delivery, status: int | None) -> None:
    outcome = "no answer" if status is None else str(status)
    at = None if arrived(status) else next_try(delivery, status, work.now)
    if at is None:
        work.store.deliveries.finish(delivery, outcome, work.now)
        return
    work.store.deliveries.postpone(delivery, outcome, at)
    if status is None:  # whatever else waits for this app would only wait for its silence too
        work.store.deliveries.rest(delivery.client_id, at)


def _compose_plain(_realm: Realm, _delivery: Delivery, content: Content) -> Message:
    """Send JSON as it was left, with the app's own token (CIBA §10.2)."""
    return Message(content["body"].encode(), "application/json", content["bearer"])


COMPOSERS: Mapping[str, Compose] = {PING: _compose_plain, LOGOUT: logout_tokens.compose}
