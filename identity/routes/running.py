"""Where the work of a request is done: on the event loop if it cannot hold others up."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from identity.realm import Realm, Result, Transaction, Work

Answer = Callable[[Work], Result]


async def run_direct(realm: Realm, answer: Answer[Result], *, writes: bool = True) -> Result:
    """Do work whose every statement may stand alone, as fast as the database allows.

    Args:
        realm: the provider.
        answer: the work. It waits for nothing but statements, and whatever it writes is right
            even if its next statement never comes.
        writes: false if it only reads.
    """
    if realm.direct is not None:
        return await realm.direct(lambda store: answer(realm.work(store, undoes=False)))
    if realm.reads_are_local and not writes:
        return _within(realm.reading, realm, answer)
    return await _run_whole(realm, answer, writes=writes)


async def _run_whole(realm: Realm, answer: Answer[Result], *, writes: bool = True) -> Result:
    """Do work in one transaction and in a thread, so that it may wait for anything."""
    transaction = realm.writing if writes else realm.reading
    return await run_in_threadpool(_within, transaction, realm, answer)


def _within(transaction: Transaction, realm: Realm, answer: Answer[Result]) -> Result:
    with transaction() as store:
        return answer(realm.work(store))
