"""What operators and owners do with apps: add, change, remove. Each leaves a line in the trail."""

from collections.abc import Sequence
from dataclasses import replace

from identity.apps.clients import OVERLAP_SECONDS, SECRET_BYTES, SECRET_METHODS, Client, hash_secret
from identity.errors import BadClient, NotRegistered
from identity.metadata.reading import describe_metadata
from identity.noting import note
from identity.realm import Work
from identity.trail.events import APP_ADDED, APP_CHANGED, APP_REMOVED, OPERATOR, Who

LONGEST_ID = 100


def find_app(work: Work, client_id: str) -> Client:
    """Find an app.

    Raises:
        NotRegistered: there is none of this name.
    """
    found = work.store.clients.find(client_id) if client_id.isprintable() else None
    if found is None:
        raise NotRegistered(f"no app with the client id {client_id!r}")
    return found


def check_client_id(client_id: str) -> str:
    """Check the public name of a new app, which stands in addresses.

    Raises:
        BadClient: it is empty, too long, or not printable ASCII without spaces and slashes.
    """
    plain = client_id.isascii() and client_id.isprintable() and not set(client_id) & set(" /?#%")
    if not plain or not 1 <= len(client_id) <= LONGEST_ID:
        raise BadClient(f"a client id has 1 to {LONGEST_ID} printable ASCII characters: no / ? # %")
    return client_id


def add_app(work: Work, client: Client, who: Who = OPERATOR) -> tuple[Client, str]:
    """Register an app that was read from its metadata.

    Returns:
        The app, and its secret: this once, empty for an app without.

    Raises:
        BadClient: its name cannot be one.
        AlreadyRegistered: its name is taken.
    """
    check_client_id(client.client_id)
    kept, secret = _with_secret(work, client)
    work.store.clients.add(kept, work.now)
    note(work, APP_ADDED, who, client_id=client.client_id, detail=client.profile)
    return kept, secret


def change_app(work: Work, old: Client, new: Client, who: Who = OPERATOR) -> tuple[Client, str]:
    """Keep what an app shall be from now on. Its people keep their subjects.

    Returns:
        The app, and a secret if it needs one and had none.
    """
    same_subjects = (old.subject_type, old.sector_identifier_uri) == (
        new.subject_type,
        new.sector_identifier_uri,
    )
    needs_secret = new.auth_method in SECRET_METHODS
    kept = replace(
        new,
        owner_id=old.owner_id,
        sector=old.sector if same_subjects else new.sector,
        secret_hash=old.secret_hash if needs_secret else None,
        old_secret_hash=old.old_secret_hash if needs_secret else None,
        old_secret_until=old.old_secret_until,
        introspects=old.introspects,
        demo=old.demo,
        registration_hash=old.registration_hash,
    )
    secret = ""
    if kept.secret_hash is None:
        kept, secret = _with_secret(work, kept)
    work.store.clients.replace(kept)
    names = " ".join(changed_fields(old, kept))
    note(work, APP_CHANGED, who, client_id=old.client_id, detail=names)
    return kept, secret


def remove_app(work: Work, client_id: str, who: Who = OPERATOR) -> None:
    """Remove an app, with all tokens it holds and all that people allowed it.

    Raises:
        NotRegistered: there is no such app.
    """
    find_app(work, client_id)
    work.store.clients.remove(client_id)
    note(work, APP_REMOVED, who, client_id=client_id)


def changed_fields(old: Client, new: Client) -> Sequence[str]:
    """Name the fields of the metadata that differ."""
    before, after = describe_metadata(old), describe_metadata(new)
    return sorted(name for name in before | after if before.get(name) != after.get(name))


def secret_since(work: Work, client: Client) -> int | None:
    """Return since when an app has its secret; None for an app without."""
    if client.secret_hash is None:
        return None
    if client.old_secret_until:
        return client.old_secret_until - OVERLAP_SECONDS
    return work.store.clients.created_at(client.client_id)


def _with_secret(work: Work, client: Client) -> tuple[Client, str]:
    if client.auth_method not in SECRET_METHODS:
        return client, ""
    secret = work.realm.random(SECRET_BYTES).hex()
    return replace(client, secret_hash=hash_secret(secret)), secret
