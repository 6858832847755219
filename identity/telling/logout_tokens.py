"""Telling apps that a sign-in has ended (OpenID Connect Back-Channel Logout 1.0).

The token is signed when it is sent, not when it is caused: it lives two minutes, a message that
waits for an app lives days. Its `jti` is the message's id, so an app knows a repetition.
"""

from collections.abc import Collection
from urllib.parse import urlencode

from identity.errors import NoKeyToEncrypt
from identity.issued.claims import subject_claims
from identity.parties.replies import encrypt_id_token
from identity.parties.signed_by import with_keys
from identity.realm import Realm, Work
from identity.signing.tokens import sign_token
from identity.store.ends import AppToTell
from identity.strangers.deliveries import LOGOUT, Content, Delivery, Message
from identity.telling.outbox import send_later

KIND = "logout+jwt"  # §2.4, RFC 8725 §3.11
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_SECONDS = 120  # §2.4


def tell_apps(work: Work, session_ids: Collection[str]) -> None:
    """Let every app that got tokens from these sign-ins know that they have ended (§2.3).

    An app that knew the person under several names, their own and a company's, hears each.
    """
    for told in work.store.ends.apps_to_tell(session_ids):
        _tell(work, told)


def tell_app(work: Work, session_ids: Collection[str], party_id: str, client_id: str) -> None:
    """Let one app know that it may not speak for somebody any more, of whose sign-ins it knew.

    The sign-in goes on; the app's part of it has ended, and the app learns of that as of an end.
    """
    for told in work.store.ends.apps_to_tell(session_ids):
        if (told.party_id, told.client_id) == (party_id, client_id):
            _tell(work, told)


def _tell(work: Work, told: AppToTell) -> None:
    named = subject_claims(work.realm.seals, told.sector, told.person_id, told.party_id)
    content = {"sub": named["sub"], "sid": told.session_id, "alg": told.id_token_alg}
    content |= {"encrypted": "yes"} if told.encrypted else {}
    send_later(work, LOGOUT, told.client_id, told.address, content)


def compose(realm: Realm, delivery: Delivery, content: Content) -> Message:
    """Sign a logout token as the app's ID tokens are signed (§2.4, §2.5).

    Raises:
        NoKeyToEncrypt: the app wants it encrypted and has no key for that now.
    """
    now = realm.clock()
    claims = {
        "iss": realm.issuer,
        "aud": delivery.client_id,
        "iat": now,
        "exp": now + LOGOUT_SECONDS,
        "jti": delivery.delivery_id,
        "sub": content["sub"],
        "sid": content["sid"],
        "events": {EVENT: {}},
    }
    token = sign_token(realm.keys, KIND, claims, content["alg"])
    if "encrypted" in content:
        token = _encrypt(realm, delivery.client_id, token)
    body = urlencode({"logout_token": token}).encode()
    return Message(body, "application/x-www-form-urlencoded")


def _encrypt(realm: Realm, client_id: str, token: str) -> str:
    """Encrypt a token as the app's ID tokens are (§2.4)."""
    with realm.reading() as store:
        client = store.clients.find(client_id)
    if client is None:
        raise NoKeyToEncrypt("this app is not registered any more")
    known = client
    return with_keys(realm, lambda own: encrypt_id_token(own, known, token, own.clock()))
