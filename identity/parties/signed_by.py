"""Whether an app itself signed something, with the keys it registered or publishes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from identity.apps.client_keys import PublicKey, usable_keys
from identity.apps.clients import Client
from identity.errors import KeysWanted, UnknownSigner
from identity.realm import Realm
from identity.strangers.fetching import fetch

T = TypeVar("T")


def signed_by(
    realm: Realm, client: Client, now: int, check: Callable[[Sequence[PublicKey]], T]
) -> T:
    """Check a signature of an app.

    Args:
        realm: the provider.
        client: the app.
        now: Unix seconds.
        check: raises `UnknownSigner` when none of the keys made the signature.

    Raises:
        UnknownSigner: none of its keys did.
        KeysWanted: the app publishes keys that may be newer; undo all, and see `with_keys`.
    """
    return known_by(realm, client, now, lambda document: check(usable_keys(document)))


def known_by(realm: Realm, client: Client, now: int, check: Callable[[str], T]) -> T:
    """Check something against the key set of an app.

    Args:
        realm: the provider.
        client: the app.
        now: Unix seconds.
        check: gets the set as JSON text; raises `UnknownSigner` when it is not the right one.

    Raises:
        UnknownSigner: none of its keys did.
        KeysWanted: the app publishes keys that may be newer; undo all, and see `with_keys`.
    """
    if not client.jwks_uri:
        return check(client.jwks)
    found = realm.key_sets.find(client.jwks_uri)
    document = found.document if now < found.good_until else ""
    try:
        return check(document)
    except UnknownSigner:
        if realm.key_sets.may_read(client.jwks_uri, now):
            raise KeysWanted(client.jwks_uri, found.version) from None
        raise


def with_keys(realm: Realm, attempt: Callable[[Realm], T]) -> T:
    """Do something in a transaction; when it lacks an app's keys, read them and do it again.

    Args:
        realm: the provider.
        attempt: opens a transaction of the realm it is given; is called twice at most.
    """
    try:
        return attempt(realm)
    except KeysWanted as wanted:
        reach = realm.reach
        realm.key_sets.read(wanted.address, wanted.seen, lambda at: fetch(at, reach), realm.clock())
    return attempt(replace(realm, key_sets=realm.key_sets.as_they_are()))
