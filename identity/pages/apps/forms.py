"""From a form in plain words to client metadata, and back."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from identity.apps.clients import (
    BASIC,
    FAPI2,
    NO_SECRET,
    PUBLIC,
    SECRET_METHODS,
    SERVICE,
    SIGNED,
    WEB,
    Client,
)
from identity.asking.scopes import OPENID, SCOPES, powers_of
from identity.errors import BadRegistrationRequest
from identity.metadata.reading import describe_metadata
from identity.pages.frame import Form
from identity.standing.access import APP_POWERS

GRANTS: Mapping[str, Sequence[str]] = {
    WEB: ("authorization_code", "refresh_token"),
    PUBLIC: ("authorization_code", "refresh_token"),
    SERVICE: ("client_credentials",),
}
PEOPLE_FIELDS = ("redirect_uris", "post_logout_redirect_uris")
LONGEST = 16_000


def scopes_for(kind: str, held: Collection[str], kept: Collection[str] = ()) -> Sequence[str]:
    """Return the scopes that an app of a kind may be given.

    A program gets none about people. It acts without a mandate, so nobody gives it more than they
    may do themself; all others act for people, whose own mandates are their limit.

    Args:
        kind: of the app.
        held: powers of who registers it.
        kept: scopes that it has already, perhaps from an operator.
    """
    if kind != SERVICE:
        return list(SCOPES)
    needed = {name: powers_of([name]) & APP_POWERS for name in SCOPES}
    return [name for name in SCOPES if needed[name] and (needed[name] <= set(held) or name in kept)]


def empty(kind: str) -> dict[str, Any]:
    """Return what the form of a new app shows."""
    chosen = [OPENID, "profile"] if kind != SERVICE else []
    return {"client_name": "", "scopes": chosen, "profile": "standard", **_texts({})}


def filled(client: Client) -> dict[str, Any]:
    """Return what the form of an app shows."""
    told = describe_metadata(client)
    return {
        "client_name": client.name,
        "scopes": sorted(client.scopes),
        "profile": client.profile,
        **_texts(told),
    }


def typed(form: Form) -> dict[str, Any]:
    """Return what somebody typed, for a form that is shown again."""
    names = ("client_name", "profile", "jwks", "jwks_uri", "backchannel_logout_uri")
    texts = {name: form.get(name, "")[:LONGEST] for name in (*names, *PEOPLE_FIELDS)}
    return {**texts, "scopes": _chosen(form)}


def _texts(told: Mapping[str, Any]) -> dict[str, str]:
    keys = told.get("jwks")
    return {
        "redirect_uris": "\n".join(told.get("redirect_uris", ())),
        "post_logout_redirect_uris": "\n".join(told.get("post_logout_redirect_uris", ())),
        "jwks": json.dumps(keys, indent=1) if keys else "",
        "jwks_uri": told.get("jwks_uri", ""),
        "backchannel_logout_uri": told.get("backchannel_logout_uri", ""),
    }


def read_form(form: Form, kind: str, scopes: Collection[str]) -> dict[str, Any]:
    """Read a form into fields of client metadata; None where nothing was typed.

    Args:
        form: what was sent.
        kind: of the app.
        scopes: what it may be given.

    Raises:
        BadRegistrationRequest: the keys are no JSON.
    """
    document: dict[str, Any] = {
        "client_name": form.get("client_name", "").strip() or None,
        "scope": " ".join(each for each in _chosen(form) if each in scopes) or None,
        "jwks_uri": form.get("jwks_uri", "").strip() or None,
        "jwks": _keys(form.get("jwks", "").strip()),
    }
    if kind != SERVICE:
        document |= {name: _lines(form.get(name, "")) or None for name in PEOPLE_FIELDS}
    if kind == WEB:
        logout = form.get("backchannel_logout_uri", "").strip()
        document |= {
            "profile": form.get("profile") or None,
            "backchannel_logout_uri": logout or None,
        }
    if not document["client_name"]:
        raise BadRegistrationRequest("client_name is needed")
    return document


def new_document(form: Form, kind: str, held: Collection[str]) -> dict[str, Any]:
    """Read the form of a new app.

    Raises:
        BadRegistrationRequest: see `read_form`.
    """
    document = read_form(form, kind, scopes_for(kind, held))
    method = _method(kind, document, "")
    return {**document, "grant_types": list(GRANTS[kind]), "token_endpoint_auth_method": method}


def changes(form: Form, client: Client, held: Collection[str]) -> dict[str, Any]:
    """Read which fields a form changes.

    Raises:
        BadRegistrationRequest: see `read_form`.
    """
    scopes = scopes_for(client.kind, held, client.scopes)
    document, now = read_form(form, client.kind, scopes), describe_metadata(client)
    document["token_endpoint_auth_method"] = _method(client.kind, document, client.auth_method)
    if document.get("profile", client.profile) != client.profile:
        document["id_token_signed_response_alg"] = None  # the usual one of the new profile
    return {name: value for name, value in document.items() if now.get(name) != value}


def field_of(error: BadRegistrationRequest) -> str:
    """Return the field of the form that a refusal is about."""
    name = str(error).partition(" ")[0]
    return (
        name
        if name in {*PEOPLE_FIELDS, "jwks", "jwks_uri", "backchannel_logout_uri"}
        else ({"scope": "scopes", "profile": "profile"}.get(name, "client_name"))
    )


def _method(kind: str, document: Mapping[str, Any], before: str) -> str:
    """Choose how the app proves itself: by its keys if it has some, else as it did."""
    if kind == PUBLIC:
        return NO_SECRET
    if document.get("jwks") or document.get("jwks_uri") or document.get("profile") == FAPI2:
        return before if before not in {"", *SECRET_METHODS} else SIGNED
    return before if before in SECRET_METHODS else BASIC


def _chosen(form: Form) -> list[str]:
    return [name for name in SCOPES if form.get(f"scope-{name}")]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _keys(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadRegistrationRequest("jwks is no JSON") from None
