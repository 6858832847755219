"""Apps that register themselves (RFC 7591, OpenID Connect Registration) and manage that (RFC 7592).

What they may register stands in `identity.metadata`.
"""

import hmac
from dataclasses import replace
from typing import Any

from identity.clients import NO_SECRET, SECRET_BYTES, SECRET_METHODS, Client, hash_secret
from identity.errors import BadRegistrationRequest, BadRegistrationToken
from identity.metadata.allowances import NOBODY
from identity.metadata.reading import describe_metadata
from identity.realm import Work


def register(work: Work, client: Client) -> dict[str, Any]:
    """Keep a new app; its secrets are shown this once."""
    token = work.realm.random(SECRET_BYTES).hex()
    needs_secret = client.auth_method in SECRET_METHODS
    secret = work.realm.random(SECRET_BYTES).hex() if needs_secret else ""
    kept = replace(
        client,
        secret_hash=hash_secret(secret) if secret else None,
        registration_hash=hash_secret(token),
    )
    work.store.people.ensure_legal_person(NOBODY, work.now)
    work.store.clients.add(kept, work.now)
    answer = describe_client(work, kept) | {
        "client_id_issued_at": work.now,
        "registration_access_token": token,
    }
    return answer | ({"client_secret": secret, "client_secret_expires_at": 0} if secret else {})


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


def change(work: Work, old: Client, new: Client) -> dict[str, Any]:
    """Keep what an app registers anew; its secrets stay (RFC 7592 §2.2).

    Raises:
        BadRegistrationRequest: it would need a secret that it has not, or the other way round.
    """
    if (old.auth_method == NO_SECRET) != (new.auth_method == NO_SECRET):
        raise BadRegistrationRequest("an app with and one without a secret are two apps")
    kept = replace(
        new,
        secret_hash=old.secret_hash,
        old_secret_hash=old.old_secret_hash,
        old_secret_until=old.old_secret_until,
        registration_hash=old.registration_hash,
    )
    work.store.clients.replace(kept)
    return describe_client(work, kept)


def describe_client(work: Work, client: Client) -> dict[str, Any]:
    """Tell what is registered, and where that is managed (RFC 7592 §3)."""
    place = f"{work.realm.issuer}/register/{client.client_id}"
    return describe_metadata(client) | {"registration_client_uri": place}
