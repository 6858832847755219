"""Of whom a request object comes: the keys of the app, and ours to which it may encrypt."""

from functools import partial

from identity.apps.clients import Client
from identity.apps.encryption import decrypt
from identity.asking.request_objects import Expected
from identity.parties.signed_by import signed_by
from identity.realm import Realm


def expect_from(realm: Realm, client: Client) -> Expected:
    """Expect a request object of an app."""
    by_keys = partial(signed_by, realm, client, realm.clock())
    opening = partial(decrypt, keys=realm.keys.decrypting)
    return Expected(client, by_keys, realm.issuer, opening)
