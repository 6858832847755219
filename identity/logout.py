"""Logout begun by an app (OpenID Connect RP-Initiated Logout 1.0)."""

import json
from dataclasses import dataclass, replace
from typing import Any

from identity.apps.clients import Client
from identity.asking.parameters import Parameters
from identity.errors import BadAccessToken, BadLogout, SealBroken
from identity.grants.authentication import find_client
from identity.realm import Work
from identity.seals import Seals
from identity.signing.tokens import ID, verify_signature
from identity.standing.acting import SignedIn
from identity.telling.responding import with_parameters


@dataclass(frozen=True)
class Logout:
    """What a logout request comes to.

    Attributes:
        after: registered address to go to afterwards, empty for a page of ours.
        confirmed: the app has shown that it knows this very sign-in; otherwise the person is
            asked, for anybody could have sent them here.
        app: name of the app that asks, empty if none showed itself.
    """

    after: str
    confirmed: bool
    app: str = ""


def read_logout(work: Work, parameters: Parameters, signed_in: SignedIn | None) -> Logout:
    """Check a logout request (§2, §3).

    Without `id_token_hint` the person is asked, and goes on to an app that names itself and an
    address it registered only after they have agreed (§3).

    Raises:
        BadLogout: it cannot be read, the hint was not signed here, or it names another app.
    """
    if parameters.fault:
        raise BadLogout(parameters.fault)
    hint, named = parameters.get("id_token_hint"), parameters.get("client_id")
    if not hint:
        client = find_client(work, named) if named else None
        return _asked(client, parameters) if client else Logout("", confirmed=False)
    claims = _read_hint(work, hint)
    client = find_client(work, claims["aud"])
    if client is None or named not in {"", client.client_id}:
        raise BadLogout("id_token_hint was given to another app")
    known = signed_in is None or _shows(work, client, claims, signed_in)
    means = _means(work, client, parameters.get("logout_hint"), signed_in)
    return replace(_asked(client, parameters), confirmed=known and means)


def _asked(client: Client, parameters: Parameters) -> Logout:
    return Logout(_after(client, parameters), confirmed=False, app=client.name)


def _shows(work: Work, client: Client, claims: dict[str, Any], signed_in: SignedIn) -> bool:
    """Tell whether a hint is of this sign-in; one without `sid`, whether it is of this person."""
    if "sid" in claims:
        return bool(claims["sid"] == signed_in.session.session_id)
    return claims.get("sub") in _subjects(work, client, signed_in)


def _subjects(work: Work, client: Client, signed_in: SignedIn) -> set[str]:
    person = signed_in.person.person_id
    parties = {person, signed_in.session.party_id or person}
    return {work.realm.seals.subject(party, client.sector) for party in parties}


def _means(work: Work, client: Client, hint: str, signed_in: SignedIn | None) -> bool:
    """Tell whether `logout_hint` can mean who is signed in: by sign-in, account or subject."""
    if not hint or signed_in is None:
        return True
    named = {signed_in.session.session_id, signed_in.person.account}
    return hint in named | _subjects(work, client, signed_in)


def _read_hint(work: Work, hint: str) -> dict[str, Any]:
    """Check who signed the hint; it may have expired long ago (§2)."""
    try:
        return verify_signature(work.realm.keys, ID, hint)
    except BadAccessToken:
        raise BadLogout("id_token_hint was not signed here") from None


def _after(client: Client, parameters: Parameters) -> str:
    address = parameters.get("post_logout_redirect_uri")
    if address not in client.logout_uris:
        return ""
    state = parameters.get("state")
    return with_parameters(address, {"state": state}) if state else address


def seal_after(seals: Seals, asked: Logout) -> str:
    """Let the confirmation page carry where to go, so that nobody else can choose it."""
    content = json.dumps([asked.after, asked.app]).encode()
    return seals.seal_text(content, "after logout") if asked.after else ""


def open_after(seals: Seals, sealed: str) -> Logout:
    """Read where to go after the confirmation; nowhere but to a page of ours if we did not say."""
    try:
        after, app = json.loads(seals.open_text(sealed, "after logout"))
    except (SealBroken, ValueError):
        return Logout("", confirmed=False)
    return Logout(after, confirmed=False, app=app)
