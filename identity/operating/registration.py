"""Apps that register themselves (RFC 7591, OpenID Connect Registration) and manage that (RFC 7592).

What they may register stands in `identity.metadata`.
"""

import hmac
from dataclasses import replace
from typing import Any

from identity.apps.clients import NO_SECRET, SECRET_BYTES, SECRET_METHODS, Client, hash_secret
from identity.errors import BadRegistrationRequest, BadRegistrationToken
from identity.metadata.allowances import NOBODY
from identity.metadata.reading import describe_metadata
from identity.noting import note
from identity.operating.apps import changed_fields
from identity.realm import Work
from identity.trail.events import APP_ADDED, APP_CHANGED, ITSELF

_OURS = ("registration_access_token", "registration_client_uri", "client_id_issued_at")


def register(work: Work, client: Client) -> dict[str, Any]:
    """Keep a new app; its secrets are shown this once."""
    token = work.realm.random(SECRET_BYTES).hex()
    kept, told = _give_secret(work, replace(client, registration_hash=hash_secret(token)))
    work.store.people.ensure_legal_person(NOBODY, work.now)
    work.store.clients.add(kept, work.now)
    note(work, APP_ADDED, ITSELF, client_id=kept.client_id, detail=kept.profile)
    return describe_client(work, kept, token) | {"client_id_issued_at": work.now} | told


def _give_secret(work: Work, client: Client) -> tuple[Client, dict[str, Any]]:
    """Give an app a secret if it proves itself by one, and tell it this once."""
    if client.auth_method not in SECRET_METHODS:
        return client, {}
    secret = work.realm.random(SECRET_BYTES).hex()
    told = {"client_secret": secret, "client_secret_expires_at": 0}
    return replace(client, secret_hash=hash_secret(secret)), told


def find_registered(work: Work, client_id: str, token: str) -> Client:
    """Find the app that a registration token manages (RFC 7592 §2).

    Raises:
        BadRegistrationToken: it manages no such app.
    """
    client = work.store.clients.find(client_id) if client_id.isalnum() else None
    kept = client.registration_hash if client else None
    if client is None or not hmac.compare_digest(hash_secret(token), kept or b""):
        raise BadRegistrationToken("this token does not manage this app")
    return client


def check_change(document: object, client: Client, now: int) -> None:
    """Check what has to stand in a change, and what may not (RFC 7592 §2.2).

    Raises:
        BadRegistrationRequest: it is about another app, or would set what only we set.
    """
    if not isinstance(document, dict) or document.get("client_id") != client.client_id:
        raise BadRegistrationRequest("client_id must be that of this app")
    for name in _OURS:
        if name in document:
            raise BadRegistrationRequest(f"{name} is not yours to set")
    secret = document.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and client.has_secret(secret, now)):
        raise BadRegistrationRequest("client_secret is not yours to choose")


def change(work: Work, old: Client, new: Client, token: str) -> dict[str, Any]:
    """Keep what an app registers anew. Its secret stays while it proves itself by one.

    Raises:
        BadRegistrationRequest: it would become an app of another kind.
    """
    if (old.auth_method == NO_SECRET) != (new.auth_method == NO_SECRET):
        raise BadRegistrationRequest("an app with and one without a secret are two apps")
    told: dict[str, Any] = {}
    kept = replace(new, registration_hash=old.registration_hash)
    if new.auth_method in SECRET_METHODS and old.secret_hash is None:
        kept, told = _give_secret(work, kept)
    elif new.auth_method in SECRET_METHODS:
        kept = replace(
            kept,
            secret_hash=old.secret_hash,
            old_secret_hash=old.old_secret_hash,
            old_secret_until=old.old_secret_until,
        )
    work.store.clients.replace(kept)
    fields = " ".join(changed_fields(old, kept))
    note(work, APP_CHANGED, ITSELF, client_id=kept.client_id, detail=fields)
    return describe_client(work, kept, token) | told


def describe_client(work: Work, client: Client, token: str) -> dict[str, Any]:
    """Tell what is registered, and where and with what that is managed (RFC 7592 §3).

    The token stays the same for the life of the app: one that changed with each answer would lock
    out an app that loses an answer.
    """
    place = f"{work.realm.issuer}/register/{client.client_id}"
    managed = {"registration_client_uri": place, "registration_access_token": token}
    return describe_metadata(client) | managed
