"""Writing the audit trail: in the transaction of what it tells, so that neither is without the
other, and no setting turns it off.
"""

from identity.apps.refusals import NORMAL, Fault
from identity.realm import Realm, Work
from identity.trail.events import Event, Who


def note(
    work: Work,
    kind: str,
    who: Who,
    *,
    client_id: str = "",
    detail: str = "",
    succeeded: bool = True,
) -> None:
    """Add a line to the trail.

    Args:
        work: the transaction in which it happens.
        kind: what happens, a name of `identity.trail.events`.
        who: who does it, for whom.
        client_id: through, or about, which app.
        detail: ids and names of fields; never a value that a person typed.
        succeeded: whether it was done.
    """
    event = Event(
        work.realm.fresh_id(),
        work.now,
        kind,
        who.person_id,
        who.party_id,
        client_id,
        who.acr,
        succeeded,
        who.channel,
        detail,
    )
    work.store.events.add(event)
    work.realm.observer.happened(event)


def keep_fault(realm: Realm, refusal: Fault | None) -> None:
    """Count a refusal and keep it, outside of the transaction that refused."""
    if refusal is None:
        return
    realm.observer.refused(refusal.endpoint, refusal.error)
    if refusal.error in NORMAL or not refusal.client_id.isprintable():
        return
    kept = refusal.told(realm.clock())
    with realm.reading() as store:
        wanted = store.refusals.is_news(kept)
    if wanted:
        with realm.writing() as store:
            store.refusals.add(kept)
