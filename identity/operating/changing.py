"""Who may change an app, and how a sensitive one is changed by two people.

An app is sensitive when it moves money or reads what others hold: profile `fapi2`, or one that may
ask about tokens of other apps. What is done to it waits for a second person of the same legal
person; the one statement that takes it out decides between parallel approvals.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from identity.apps.changes import WAITS_SECONDS, Change
from identity.apps.clients import FAPI2, Client
from identity.errors import MandateMissing, NotRegistered
from identity.metadata.allowances import by_operator
from identity.metadata.reading import describe_metadata, read_client
from identity.noting import note
from identity.operating.apps import change_app, find_app, remove_app
from identity.operating.registry import rotate_secret
from identity.people.mandates import APPS
from identity.realm import Realm, Work
from identity.standing.acting import SignedIn
from identity.strangers.fetching import fetch
from identity.trail.events import CHANGE_PROPOSED, CHANGE_REJECTED

CHANGE, ROTATE, REMOVE = "change", "rotate", "remove"
Document = Mapping[str, Any]


def check_manages(signed_in: SignedIn) -> str:
    """Return the legal person whose apps somebody manages.

    Raises:
        MandateMissing: they act for themself, or their mandate does not say so.
    """
    party = signed_in.party
    if party is None or not party.is_legal_person or APPS not in signed_in.powers:
        raise MandateMissing("managing apps needs a mandate with the power apps")
    return party.party_id


def find_own(work: Work, signed_in: SignedIn, client_id: str) -> Client:
    """Find an app of the legal person somebody acts for; of any other it says nothing.

    Raises:
        MandateMissing: see `check_manages`.
        NotRegistered: it has no such app.
    """
    owner_id = check_manages(signed_in)
    client = find_app(work, client_id)
    if client.owner_id != owner_id:
        raise NotRegistered(f"no app with the client id {client_id!r}")
    return client


def is_sensitive(client: Client) -> bool:
    """Tell whether a change of this app needs two people."""
    return client.profile == FAPI2 or client.introspects


def read_changed(realm: Realm, client: Client, changes: Document) -> Client:
    """Read what an app would be with some fields changed; no transaction may be open.

    Raises:
        BadRegistrationRequest: it could not be registered so.
    """
    document = {**describe_metadata(client), **changes}
    reach = realm.reach
    allowance = by_operator(client.owner_id)
    return read_client(document, client.client_id, allowance, lambda at: fetch(at, reach))


def propose(work: Work, client: Client, act: str, changes: Document, signed_in: SignedIn) -> Change:
    """Let what somebody wants wait for a second person."""
    change = Change(
        change_id=work.realm.fresh_id(),
        client_id=client.client_id,
        act=act,
        document=json.dumps(changes, ensure_ascii=False, sort_keys=True) if changes else "",
        proposed_by=signed_in.person.person_id,
        proposed_at=work.now,
        expires_at=work.now + WAITS_SECONDS,
    )
    work.store.changes.add(change)
    detail = " ".join([act, *sorted(changes)])
    note(work, CHANGE_PROPOSED, signed_in.who, client_id=client.client_id, detail=detail)
    return change


def approve(realm: Realm, signed_in: SignedIn, client_id: str, change_id: str) -> str:
    """Do what somebody else proposed.

    Returns:
        A new secret, where there is one; this once.

    Raises:
        NotRegistered: nothing of that name waits for this person.
        BadRegistrationRequest: the app could not be registered so any more.
    """
    with realm.reading() as store:
        work = realm.work(store)
        client = find_own(work, signed_in, client_id)
        waiting = {each.change_id: each for each in store.changes.of_client(client_id, work.now)}
    new = client
    if change_id in waiting and waiting[change_id].act == CHANGE:
        new = read_changed(realm, client, changes_in(waiting[change_id]))
    with realm.writing() as store:
        work = realm.work(store)
        taken = store.changes.take(change_id, client_id, signed_in.person.person_id, work.now)
        if taken is None:
            raise NotRegistered("no change that this person could approve")
        return do(work, taken.act, new, signed_in)


def do(work: Work, act: str, new: Client, signed_in: SignedIn) -> str:
    """Change, rotate or remove; return a new secret where there is one."""
    who, client_id = signed_in.who, new.client_id
    if act == REMOVE:
        remove_app(work, client_id, who)
        return ""
    if act == ROTATE:
        return rotate_secret(work, client_id, who)
    _, secret = change_app(work, find_own(work, signed_in, client_id), new, who)
    return secret


def reject(work: Work, signed_in: SignedIn, client_id: str, change_id: str) -> None:
    """Throw away what was proposed, one's own too.

    Raises:
        NotRegistered: nothing of that name waits.
    """
    find_own(work, signed_in, client_id)
    dropped = work.store.changes.drop(change_id, client_id)
    if dropped is None:
        raise NotRegistered("no such change waits")
    note(work, CHANGE_REJECTED, signed_in.who, client_id=client_id, detail=dropped.act)


def changes_in(change: Change) -> dict[str, Any]:
    """Return the fields that a proposal changes; None for one that it removes."""
    return dict(json.loads(change.document)) if change.document else {}


def differences(client: Client, changes: Document) -> Sequence[tuple[str, str, str]]:
    """List each field that would differ, with its value of now and then."""
    now = describe_metadata(client)
    return [
        (name, _shown(now.get(name)), _shown(value))
        for name, value in sorted(changes.items())
        if now.get(name) != value
    ]


def _shown(value: object) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
