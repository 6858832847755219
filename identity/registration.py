"""Apps that register themselves (RFC 7591, OpenID Connect Registration) and manage that (RFC 7592).

They get scopes about the person only, never those of our interfaces, and belong to nobody.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from identity.clients import (
    BASIC,
    COMPATIBLE,
    NO_SECRET,
    PAIRWISE,
    PROFILES,
    PUBLIC,
    SECRET_BYTES,
    SECRET_METHODS,
    SHARED,
    STANDARD,
    SUBJECT_TYPES,
    WEB,
    Client,
    check_redirect_uri,
    hash_secret,
    sector_of,
)
from identity.errors import BadClient, BadRegistrationRequest, BadRegistrationToken
from identity.keys import ALGORITHMS
from identity.profiles import check_profile
from identity.realm import Work
from identity.scopes import ADDRESS, EMAIL, OFFLINE, OPENID, PHONE, PROFILE, join, split
from identity.subjects import LegalPerson

Metadata = Mapping[str, Any]
Fetch = Callable[[str], bytes]

OWNER = LegalPerson("0" * 32, "SELF-REGISTERED", "自行注册的应用")
SCOPES = frozenset({OPENID, PROFILE, EMAIL, PHONE, ADDRESS, OFFLINE})
EVERYBODY = "*"  # no host has this name: the sector of public subjects
MOST_ADDRESSES = 20
MOST_CHARACTERS = 2048
_METHODS = (*SECRET_METHODS, NO_SECRET)  # keys of assertions are registered by an operator
LINKS = ("client_uri", "logo_uri", "policy_uri", "tos_uri", "jwks_uri", "sector_identifier_uri")
REFUSED = (
    "id_token_encrypted_response_alg",
    "userinfo_encrypted_response_alg",
    "request_object_encryption_alg",
)
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


def read_client(document: object, client_id: str, fetch: Fetch) -> Client:
    """Check what an app registers; reads its sector document, so no transaction may be open.

    Raises:
        BadRegistrationRequest: it cannot be registered so.
    """
    if not isinstance(document, dict):
        raise BadRegistrationRequest("a JSON object is needed")
    method = _choice(document, "token_endpoint_auth_method", _METHODS, BASIC)
    usual = STANDARD if method == NO_SECRET else COMPATIBLE
    redirects = _addresses(document, "redirect_uris")
    links: Any = {name: _link(document, name) for name in LINKS}
    client = Client(
        client_id=client_id,
        name=_text(document, "client_name")[:80] or (urlsplit(redirects[0]).netloc or client_id),
        owner_id=OWNER.legal_person_id,
        kind=PUBLIC if method == NO_SECRET else WEB,
        auth_method=method,
        secret_hash=None,
        old_secret_hash=None,
        old_secret_until=0,
        redirect_uris=redirects,
        logout_uris=_addresses(document, "post_logout_redirect_uris", needed=False),
        scopes=_scopes(document),
        sector=sector_of(client_id, redirects),
        introspects=False,
        demo=False,
        profile=_choice(document, "profile", PROFILES, usual),
        jwks=_keys(document),
        id_token_alg=_choice(document, "id_token_signed_response_alg", ALGORITHMS, "RS256"),
        userinfo_alg=_choice(document, "userinfo_signed_response_alg", ("", *ALGORITHMS), ""),
        subject_type=_choice(document, "subject_type", SUBJECT_TYPES, PAIRWISE),
        default_max_age=_seconds(document),
        require_auth_time=document.get("require_auth_time") is True,
        contacts=_contacts(document),
        initiate_login_uri=_link(document, "initiate_login_uri"),
        **links,
    )
    _check_together(client, document)
    return replace(client, sector=_sector(client, fetch))


def _check_together(client: Client, document: Metadata) -> None:
    if client.jwks and client.jwks_uri:
        raise BadRegistrationRequest("jwks and jwks_uri exclude each other")
    try:
        policy = check_profile(client.profile, client.auth_method)
    except BadClient as error:
        raise BadRegistrationRequest(str(error)) from None
    if client.id_token_alg not in policy.id_token_algs:
        raise BadRegistrationRequest("this profile wants another id_token_signed_response_alg")
    if document.get("response_types", ["code"]) != ["code"]:
        raise BadRegistrationRequest("response_types may be code only")
    grants = document.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or not {"authorization_code"} <= set(map(str, grants)) <= {
        *client.grants
    }:
        raise BadRegistrationRequest("grant_types are authorization_code and refresh_token")
    if any(document.get(name) for name in REFUSED):
        raise BadRegistrationRequest("encryption is not supported")


def _sector(client: Client, fetch: Fetch) -> str:
    """Choose the sector (OpenID Connect Core §8.1, Registration §5)."""
    if client.sector_identifier_uri:
        try:
            listed = json.loads(fetch(client.sector_identifier_uri))
        except (ValueError, RecursionError):
            raise BadRegistrationRequest("sector_identifier_uri holds no JSON") from None
        if not isinstance(listed, list) or not set(client.redirect_uris) <= set(map(str, listed)):
            raise BadRegistrationRequest("sector_identifier_uri does not list every redirect_uri")
    if client.subject_type == SHARED:
        return EVERYBODY
    return urlsplit(client.sector_identifier_uri).netloc or client.sector


def _text(document: Metadata, name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not value.isprintable():
        raise BadRegistrationRequest(f"{name} must be a text")
    return value


def _choice(document: Metadata, name: str, known: tuple[str, ...], usual: str) -> str:
    value = _text(document, name) or usual
    if value not in known:
        raise BadRegistrationRequest(f"{name} is one of {', '.join(filter(None, known))}")
    return value


def _link(document: Metadata, name: str) -> str:
    value = _text(document, name)
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or not parts.hostname or "#" in value):
        raise BadRegistrationRequest(f"{name} must be an https address")
    return value


def _addresses(document: Metadata, name: str, *, needed: bool = True) -> tuple[str, ...]:
    values = document.get(name, [])
    if not isinstance(values, list) or len(values) > MOST_ADDRESSES or (needed and not values):
        raise BadRegistrationRequest(f"{name} must list addresses", "invalid_redirect_uri")
    try:
        return tuple(check_redirect_uri(str(value)[:MOST_CHARACTERS]) for value in values)
    except BadClient as error:
        raise BadRegistrationRequest(str(error), "invalid_redirect_uri") from None


def _scopes(document: Metadata) -> frozenset[str]:
    asked = _text(document, "scope")
    return (split(asked) & SCOPES) | {OPENID} if asked else SCOPES


def _keys(document: Metadata) -> str:
    keys = document.get("jwks")
    if keys is None:
        return ""
    listed = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
        raise BadRegistrationRequest("jwks must be a JSON Web Key Set")
    if any(_PRIVATE & key.keys() for key in listed):
        raise BadRegistrationRequest("jwks holds a private key")
    return json.dumps({"keys": listed}, separators=(",", ":"))


def _seconds(document: Metadata) -> int | None:
    value = document.get("default_max_age")
    if value is not None and (type(value) is not int or not 0 <= value < 10**9):
        raise BadRegistrationRequest("default_max_age must be a number of seconds")
    return value


def _contacts(document: Metadata) -> tuple[str, ...]:
    values = document.get("contacts", [])
    if not isinstance(values, list) or len(values) > MOST_ADDRESSES:
        raise BadRegistrationRequest("contacts must list addresses")
    return tuple(str(value)[:200].replace(" ", "") for value in values)


def register(work: Work, client: Client) -> dict[str, Any]:
    """Keep a new app; its secrets are shown this once."""
    token = work.realm.random(SECRET_BYTES).hex()
    secret = "" if client.auth_method == NO_SECRET else work.realm.random(SECRET_BYTES).hex()
    kept = replace(
        client,
        secret_hash=hash_secret(secret) if secret else None,
        registration_hash=hash_secret(token),
    )
    work.store.people.ensure_legal_person(OWNER, work.now)
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
    """Tell what is registered (RFC 7591 §3.2.1)."""
    told = {
        "client_id": client.client_id,
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.logout_uris),
        "token_endpoint_auth_method": client.auth_method,
        "grant_types": list(client.grants),
        "response_types": ["code"],
        "scope": join(client.scopes),
        "profile": client.profile,
        "id_token_signed_response_alg": client.id_token_alg,
        "userinfo_signed_response_alg": client.userinfo_alg,
        "subject_type": client.subject_type,
        "require_auth_time": client.require_auth_time,
        "contacts": list(client.contacts),
        "initiate_login_uri": client.initiate_login_uri,
        "jwks": json.loads(client.jwks) if client.jwks else None,
        "registration_client_uri": f"{work.realm.issuer}/register/{client.client_id}",
        **{name: getattr(client, name) for name in LINKS},
    }
    if client.default_max_age is not None:
        told["default_max_age"] = client.default_max_age
    return {name: value for name, value in told.items() if value not in ("", None, [])}
