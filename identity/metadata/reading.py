"""The one reader of client metadata, for apps that register themselves and for operators alike."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from identity.apps.client_keys import RS256
from identity.apps.clients import (
    GRANTS,
    NO_SECRET,
    PUBLIC,
    SERVICE,
    SHARED,
    WEB,
    Client,
    sector_of,
)
from identity.apps.options import Options
from identity.apps.profiles import POLICIES
from identity.asking.response_types import CODE as CODE_TYPE
from identity.asking.response_types import IMPLICIT, IMPLICIT_GRANT, response_types_of
from identity.asking.scopes import OPENID, join, split
from identity.errors import BadRegistrationRequest
from identity.metadata.allowances import CODE, OWN, REFRESH, Allowance
from identity.metadata.fields import BAD_REDIRECT, FIELDS, OPTIONS, Field
from identity.metadata.together import check_together, grant_types_of

Metadata = Mapping[str, Any]
Fetch = Callable[[str], bytes]

EVERYBODY = "*"  # no host has this name: the sector of public subjects
LONGEST_NAME = 80
_READ_APART = {
    "id_token_signed_response_alg",
    "grant_types",
    "response_types",
    "scope",
    "client_name",
    "profile",
}


def read_client(document: object, client_id: str, allowance: Allowance, fetch: Fetch) -> Client:
    """Check what is registered for an app and make a client of it, without secrets.

    Reads its sector document, so no transaction may be open.

    Args:
        document: the metadata (RFC 7591 §2, OpenID Connect Registration §2).
        client_id: its name.
        allowance: what it may have.
        fetch: reads an https address.

    Raises:
        BadRegistrationRequest: it cannot be registered so; the text names the field.
    """
    if not isinstance(document, dict):
        raise BadRegistrationRequest("a JSON object is needed")
    if document.get("software_statement"):
        raise BadRegistrationRequest(
            "software_statement is not supported", "unapproved_software_statement"
        )
    values = {field.name: _read(document, field) for field in FIELDS}
    client = _compose(values, client_id, allowance)
    _check_grants(client, values, allowance)
    check_together(client)
    return replace(client, sector=_sector(client, fetch))


def _read(document: Metadata, field: Field) -> Any:
    """Read one value; null and empty count as absent (RFC 7592 §2.2)."""
    value = document.get(field.name)
    if value is None or value == "":
        return field.usual
    try:
        return field.rule(value)
    except ValueError as error:
        raise BadRegistrationRequest(f"{field.name} {error}", field.error) from None


def _compose(values: Metadata, client_id: str, allowance: Allowance) -> Client:
    method, redirects = values["token_endpoint_auth_method"], values["redirect_uris"]
    profile = values["profile"] or allowance.usual_profile(method)
    kind = _kind_of(values["grant_types"], method)
    usual_name = urlsplit(redirects[0]).netloc if redirects else ""
    own = {field.place: values[field.name] for field in FIELDS if field.name not in _READ_APART}
    options = {name: value for name, value in own.items() if name in OPTIONS}
    types = values["response_types"]
    options["response_types"] = () if set(types) <= {CODE_TYPE} else types
    own = {name: value for name, value in own.items() if name not in OPTIONS}
    algorithm = values["id_token_signed_response_alg"] or _usual_algorithm(profile, allowance)
    return Client(
        **own,
        client_id=client_id,
        name=values["client_name"][:LONGEST_NAME] or usual_name or client_id,
        owner_id=allowance.owner_id,
        kind=kind,
        secret_hash=None,
        old_secret_hash=None,
        old_secret_until=0,
        scopes=_scopes(values["scope"], kind, allowance),
        sector=sector_of(client_id, redirects),
        introspects=False,
        demo=False,
        profile=profile,
        id_token_alg=algorithm,
        options=Options(**options, grant_types=_more_grants(values["grant_types"], kind)),
    )


def _usual_algorithm(profile: str, allowance: Allowance) -> str:
    """Return how ID tokens are signed: RS256 unless said otherwise (Registration §2)."""
    allowed = POLICIES[profile].id_token_algs
    return RS256 if allowance.lenient and RS256 in allowed else allowed[0]


def _kind_of(grants: tuple[str, ...], method: str) -> str:
    if set(grants) == {OWN}:
        return SERVICE
    return PUBLIC if method == NO_SECRET else WEB


def _more_grants(grants: tuple[str, ...], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in grants if name not in GRANTS[kind]))


def _scopes(asked: str, kind: str, allowance: Allowance) -> frozenset[str]:
    """Leave out what an app may not have (RFC 7591 §3.2.1); people are always signed in."""
    people = frozenset() if kind == SERVICE else frozenset({OPENID})
    return (split(asked) & allowance.scopes) | people if asked else allowance.usual_scopes


def _check_grants(client: Client, values: Metadata, allowance: Allowance) -> None:
    asked = set(values["grant_types"])
    if not asked <= allowance.grants or asked == {REFRESH}:
        known = ", ".join(sorted(allowance.grants))
        raise BadRegistrationRequest(f"grant_types are some of {known}")
    _check_response_types(client, asked, set(values["response_types"]))
    if not client.scopes:
        raise BadRegistrationRequest("scope holds nothing that this app may ask for")


def _check_response_types(client: Client, grants: set[str], types: set[str]) -> None:
    """Check that grants and response types fit (Registration §2), and there is where to answer."""
    types = types or ({CODE_TYPE} if CODE in grants else set())
    needed = {CODE: CODE_TYPE in types, IMPLICIT_GRANT: bool(types & set(IMPLICIT))}
    for grant, is_needed in needed.items():
        if (grant in grants) != is_needed:
            raise BadRegistrationRequest(f"response_types do not fit grant_types: {grant}")
    if bool(types) != bool(client.redirect_uris):
        why = "must list addresses" if types else "are for apps with response_types"
        raise BadRegistrationRequest(f"redirect_uris {why}", BAD_REDIRECT)


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


def describe_metadata(client: Client) -> dict[str, Any]:
    """Tell all that is registered (RFC 7591 §3.2.1); reading it again gives the same client."""
    told = {field.name: _told(client, field) for field in FIELDS}
    told["grant_types"] = list(grant_types_of(client))
    told["response_types"] = list(response_types_of(client))
    return {"client_id": client.client_id} | {
        name: value
        for name, value in told.items()
        if value not in ("", None, []) or name == "response_types"
    }


def _told(client: Client, field: Field) -> Any:
    if field.name in {"grant_types", "response_types"}:
        return None
    value = getattr(client.options if field.place in OPTIONS else client, field.place)
    if field.name == "jwks":
        return json.loads(value) if value else None
    if field.name == "scope":
        return join(value)
    return list(value) if isinstance(value, tuple) else value
