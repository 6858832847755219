"""How a client proves itself: the one way it registered, no other (RFC 6749 §2.3)."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from identity.clients import BASIC, NO_SECRET, POST, Client
from identity.grants.adapters import KnownClient
from identity.realm import Work

UNAUTHORIZED = 401


def authenticate(work: Work, authorization: str, form: Mapping[str, str]) -> KnownClient:
    """Find the client that sent a request and check its secret.

    Args:
        work: the request's share of the realm.
        authorization: the Authorization header, empty if there is none.
        form: the body.

    Raises:
        InvalidClientError: unknown, wrong secret, or another way than the registered one.
        InvalidRequestError: two ways at once.
    """
    method, client_id, secret = _presented(authorization, form)
    client = find_client(work, client_id)
    if client is None or client.auth_method != method:
        raise _refused()
    if method != NO_SECRET and not client.has_secret(secret, work.now):
        raise _refused()
    return KnownClient(client)


def find_client(work: Work, client_id: str) -> Client | None:
    """Find a client that may be used; those of the demo data only with it."""
    client = work.store.clients.find(client_id)
    if client is None or (client.demo and not work.realm.demo_allowed):
        return None
    return client


def _presented(authorization: str, form: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the method, the client id and the secret that a request presents."""
    if authorization:
        client_id, secret = _read_basic(authorization)
        if "client_secret" in form or form.get("client_id", client_id) != client_id:
            raise InvalidRequestError("the client is named twice")
        return BASIC, client_id, secret
    client_id = form.get("client_id", "")
    if "client_secret" in form:
        return POST, client_id, form["client_secret"]
    return NO_SECRET, client_id, ""


def _read_basic(header: str) -> tuple[str, str]:
    """Read HTTP Basic; both halves are form-encoded first (RFC 6749 §2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise _refused()
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _refused() from None
    client_id = unquote_plus(name)
    if not client_id.isprintable():  # a database may refuse it
        raise _refused()
    return client_id, unquote_plus(secret)


def _refused() -> InvalidClientError:
    return InvalidClientError("client authentication failed", status_code=UNAUTHORIZED)
