"""How a client proves itself: the one way it registered, no other (RFC 6749 §2.3)."""

import base64
import binascii
from collections.abc import Mapping
from functools import partial
from urllib.parse import unquote_plus

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from identity.apps.clients import BASIC, CERTIFIED, NO_SECRET, POST, SIGNED, TLS_METHODS, Client
from identity.apps.profiles import policy_of
from identity.asking.decoupled import CIBA_GRANT
from identity.errors import BadAssertion, BadCertificate, UnknownSigner
from identity.grants.adapters import KnownClient
from identity.grants.messages import Request
from identity.grants.possession import Possession, read_possession, use_up
from identity.parties.signed_by import known_by, signed_by
from identity.proofs.assertions import JWT_BEARER, Expected, check_assertion
from identity.proofs.assertions import named_client as client_in
from identity.proofs.client_certificates import check_issued, check_registered
from identity.realm import Work

UNAUTHORIZED = 401
# In the form, an app with a certificate looks like one without a secret (RFC 8705 §2).
PRESENTED_AS = dict.fromkeys(TLS_METHODS, NO_SECRET)


def authenticate(work: Work, request: Request) -> tuple[KnownClient, Possession]:
    """Find the client that sent a request, check its proof and the keys it shows.

    Raises:
        InvalidClientError: unknown, wrong secret, or another way than the registered one.
        InvalidRequestError: two ways at once.
        InvalidProof: a proof of a key does not hold, or was used before.
        UseNonce: a proof of a key has no nonce of ours.
    """
    method, client_id, secret = _presented(request.headers["Authorization"], request.form)
    client = find_client(work, client_id)
    if client is None or method != PRESENTED_AS.get(client.auth_method, client.auth_method):
        raise _refused()
    possession = read_possession(work, client, request)
    if method == SIGNED:
        _check_signed(work, client, secret)
    elif client.auth_method in TLS_METHODS:
        _check_certificate(work, client, request.parameters.shown.certificate)
    elif method != NO_SECRET and not client.has_secret(secret, work.now):
        raise _refused()
    use_up(work, possession)
    return KnownClient(client), possession


def find_client(work: Work, client_id: str) -> Client | None:
    """Find a client that may be used; those of the demo data only with it."""
    client = work.store.clients.find(client_id)
    if client is None or (client.demo and not work.realm.demo_allowed):
        return None
    return client


def named_client(authorization: str, form: Mapping[str, str]) -> str:
    """Return which client a request names, proved or not; empty if it cannot be told."""
    try:
        return _presented(authorization, form)[1]
    except OAuth2Error:
        return form.get("client_id", "")


def _check_signed(work: Work, client: Client, assertion: str) -> None:
    """Check a signed assertion and use it up (RFC 7523 §3).

    Some profiles let apps name our token endpoint, as older libraries do.

    Raises:
        InvalidClientError: it does not hold, or was used before.
        KeysWanted: its keys have to be read first.
    """
    policy, issuer = policy_of(client), work.realm.issuer
    chosen = client.options.token_endpoint_auth_signing_alg
    expected = Expected(
        client.client_id,
        _names_of_ours(client, issuer),
        (chosen,) if chosen else policy.algorithms,
        plain_audience=policy.plain_audience,
    )
    try:
        checked = signed_by(
            work.realm,
            client,
            work.now,
            lambda keys: check_assertion(assertion, keys, expected, work.now),
        )
    except BadAssertion as error:
        raise InvalidClientError(str(error), status_code=UNAUTHORIZED) from None
    used = work.store.replays
    if not used.use("assertion", client.client_id, checked.jti, checked.expires_at):
        raise InvalidClientError("this assertion has been used", status_code=UNAUTHORIZED)


def _check_certificate(work: Work, client: Client, certificate: str) -> None:
    """Check that the certificate of the connection is the app's (RFC 8705 §2).

    Raises:
        InvalidClientError: there is none, or another one.
        KeysWanted: its keys have to be read first.
    """
    if not certificate:
        raise InvalidClientError("a client certificate is needed", status_code=UNAUTHORIZED)
    realm, now = work.realm, work.now
    try:
        if client.auth_method == CERTIFIED:
            check_issued(certificate, realm.client_roots, client.options, now)
        else:
            known_by(realm, client, now, partial(check_registered, certificate))
    except (BadCertificate, UnknownSigner) as error:
        raise InvalidClientError(str(error), status_code=UNAUTHORIZED) from None


def _names_of_ours(client: Client, issuer: str) -> tuple[str, ...]:
    """List by which names an app may mean us; with CIBA, by its endpoints too (CIBA §7.1)."""
    token, backchannel = f"{issuer}/token", f"{issuer}/bc-authorize"
    if CIBA_GRANT in client.grants:
        return issuer, token, backchannel
    return (issuer,) if policy_of(client).plain_audience else (issuer, token)


def _presented(authorization: str, form: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the method, the client id and the secret that a request presents."""
    if authorization:
        client_id, secret = _read_basic(authorization)
        named = form.get("client_id", client_id)
        if {"client_secret", "client_assertion"} & form.keys() or named != client_id:
            raise InvalidRequestError("the client is named twice")
        return BASIC, client_id, secret
    if "client_assertion" in form:
        return _read_assertion(form)
    client_id = form.get("client_id", "")
    if "client_secret" in form:
        return POST, client_id, form["client_secret"]
    return NO_SECRET, client_id, ""


def _read_assertion(form: Mapping[str, str]) -> tuple[str, str, str]:
    """Read a signed assertion; the client it names is not believed yet (RFC 7521 §4.2)."""
    assertion = form["client_assertion"]
    client_id = client_in(assertion) or form.get("client_id", "")
    if "client_secret" in form or form.get("client_id", client_id) != client_id:
        raise InvalidRequestError("the client is named twice")
    if form.get("client_assertion_type") != JWT_BEARER:
        raise InvalidRequestError(f"client_assertion_type must be {JWT_BEARER}")
    return SIGNED, client_id, assertion


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
