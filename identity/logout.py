"""Logout begun by an app (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from typing import Any

from identity.acting import SignedIn
from identity.clients import Client
from identity.errors import BadAccessToken, BadLogout, SealBroken
from identity.parameters import Parameters
from identity.realm import Work
from identity.responding import with_parameters
from identity.tokens import ID, verify_signature


@dataclass(frozen=True)
class Logout:
    """What a logout request comes to.

    Attributes:
        after: registered address to go to afterwards, empty for a page of ours.
        confirmed: the app has shown that it knows this very sign-in; otherwise the person is
            asked, for anybody could have sent them here.
    """

    after: str
    confirmed: bool


def read_logout(work: Work, parameters: Parameters, signed_in: SignedIn | None) -> Logout:
    """Check a logout request (§2, §3).

    Raises:
        BadLogout: the hint was not signed here, or names another app.
    """
    hint = parameters.get("id_token_hint")
    if not hint:
        return Logout("", confirmed=False)
    claims = _read_hint(work, hint)
    client = work.store.clients.find(claims["aud"])
    if client is None or parameters.get("client_id") not in {"", client.client_id}:
        raise BadLogout("id_token_hint was given to another app")
    sid = claims.get("sid")
    known = signed_in is None or signed_in.session.session_id == sid
    return Logout(_after(client, parameters), known)


def _read_hint(work: Work, hint: str) -> dict[str, Any]:
    """Check who signed the hint; it may have expired long ago (§2)."""
    try:
        return verify_signature(work.realm.keys, ID, hint)
    except BadAccessToken:
        raise BadLogout("id_token_hint was not signed here") from None


def _after(client: Client, parameters: Parameters) -> str:
    address = parameters.get("post_logout_redirect_uri")
    if address not in client.logout_uris or "post_logout_redirect_uri" in parameters.repeated:
        return ""
    state = parameters.get("state")
    return with_parameters(address, {"state": state}) if state else address


def seal_after(work: Work, address: str) -> str:
    """Let the confirmation page carry where to go, so that nobody else can choose it."""
    return work.realm.seals.seal_text(address.encode(), "after logout") if address else ""


def open_after(work: Work, sealed: str) -> str:
    """Read where to go after the confirmation; empty for a page of ours."""
    try:
        return work.realm.seals.open_text(sealed, "after logout").decode() if sealed else ""
    except SealBroken:
        return ""
