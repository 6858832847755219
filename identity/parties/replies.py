"""Answers that an app wants encrypted, as it registered (OpenID Connect Core §10.2)."""

from identity.apps.clients import Client
from identity.apps.encryption import USUAL_CIPHER, encrypt
from identity.errors import KeysWanted
from identity.realm import Realm


def encrypt_id_token(realm: Realm, client: Client, token: str, now: int) -> str:
    """Encrypt a signed ID token, if the app wants that.

    Raises:
        KeysWanted: the app's keys have to be read first.
        NoKeyToEncrypt: it has none that fits.
    """
    wrap = client.options.id_token_encrypted_response_alg
    cipher = client.options.id_token_encrypted_response_enc or USUAL_CIPHER
    return encrypt(token, _keys_of(realm, client, now), wrap, cipher) if wrap else token


def encrypt_userinfo(realm: Realm, client: Client, content: str, now: int) -> str:
    """Encrypt userinfo for an app that wants it: a signed token, or a document (§5.3.2).

    Raises:
        KeysWanted: the app's keys have to be read first.
        NoKeyToEncrypt: it has none that fits.
    """
    options, kind = client.options, "JWT" if client.userinfo_alg else ""
    cipher = options.userinfo_encrypted_response_enc or USUAL_CIPHER
    keys = _keys_of(realm, client, now)
    return encrypt(content, keys, options.userinfo_encrypted_response_alg, cipher, kind)


def _keys_of(realm: Realm, client: Client, now: int) -> str:
    """Return the key set of an app as it is, wherever it keeps it."""
    if not client.jwks_uri:
        return client.jwks
    found = realm.key_sets.find(client.jwks_uri)
    if now < found.good_until:
        return found.document
    if realm.key_sets.may_read(client.jwks_uri, now):
        raise KeysWanted(client.jwks_uri, found.version)
    return ""
