"""Introspection (RFC 7662): is this token good at this moment, and what does it say?"""

from collections.abc import Sequence
from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from identity.apps.client_keys import RS256
from identity.apps.clients import PROVING_METHODS, Client
from identity.apps.profiles import policy_of
from identity.asking.scopes import join
from identity.errors import BadAccessToken, MandateMissing
from identity.grants.adapters import KnownClient
from identity.grants.messages import Request
from identity.grants.particulars import granted_particulars
from identity.issued.authority import authority_claims
from identity.issued.authorizations import read_refresh_token
from identity.issued.claims import subject_claims
from identity.proofs.shown import HELD_BY_PROOF
from identity.realm import Work
from identity.signing.tokens import INTROSPECTION, sign_token
from identity.standing.access import Access, verify_access
from identity.standing.acting import powers_for

Answer = dict[str, Any]
Headers = Sequence[tuple[str, str]]


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """Answers clients with a secret: about their own tokens, or all if they are registered so."""

    CLIENT_AUTH_METHODS = list(PROVING_METHODS)
    server: Any

    def create_endpoint_response(self, request: Request) -> tuple[int, Any, Headers]:
        """Answer in JSON, or in a signed JWT for those who want one (RFC 9701 §5)."""
        client: KnownClient = self.authenticate_endpoint_client(request)
        answer = self.create_introspection_payload(self.authenticate_token(request, client))
        algorithm = signing_of(client.client, wanted=request.parameters.signed_answer)
        if not algorithm:
            return 200, answer, default_json_headers
        work: Work = self.server.work
        claims = {
            "iss": work.realm.issuer,
            "aud": client.client.client_id,
            "iat": work.now,
            "token_introspection": answer,
        }
        signed = sign_token(work.realm.keys, INTROSPECTION, claims, algorithm)
        return 200, signed, [("Content-Type", f"application/{INTROSPECTION}")]

    def check_params(self, request: Any, _client: KnownClient) -> None:
        """Require a token; a hint of any value only helps to look (RFC 7662 §2.1)."""
        request.form.setdefault("token", "")

    def query_token(self, token_string: str, _hint: str | None) -> Answer | None:
        """Look at a token of any kind."""
        work: Work = self.server.work
        try:
            return _of_access(verify_access(work, token_string, anywhere=True), work.realm.issuer)
        except BadAccessToken:
            return _of_refresh(work, token_string)

    def check_permission(self, token: Answer, client: KnownClient, _request: Any) -> bool:
        """Tell whether this client may know."""
        return client.client.introspects or token["client_id"] == client.client.client_id

    def create_introspection_payload(self, token: Answer | None) -> Answer:
        """Say the same about every token that is not good, or none of the caller's business."""
        return {"active": False} if token is None else {"active": True, **token}


def signing_of(client: Client, *, wanted: bool) -> str:
    """Return how answers to an app are signed, empty for not at all.

    What it registered counts always; an app that only asks gets RS256 (RFC 9701 §6), or what its
    profile allows.
    """
    allowed = policy_of(client).id_token_algs
    usual = RS256 if RS256 in allowed else allowed[0]
    return client.options.introspection_signed_response_alg or (usual if wanted else "")


def _of_access(access: Access, issuer: str) -> Answer:
    own = {name: value for name, value in access.claims.items() if name != "authorization"}
    kind = "DPoP" if HELD_BY_PROOF in access.claims.get("cnf", {}) else "Bearer"
    authority = authority_claims(access.party, access.mandates, access.scopes, issuer)
    return {**own, "scope": join(access.scopes), "token_type": kind, **authority}


def _of_refresh(work: Work, token: str) -> Answer | None:
    """Describe a refresh token that would work now."""
    handle = read_refresh_token(work.realm.seals, token)
    found = work.store.authorizations.find(handle.authorization_id) if handle else None
    if handle is None or found is None or not found.is_live(work.now):
        return None
    client: Client | None = work.store.clients.find(found.client_id)
    if client is None or found.refreshes != handle.count:
        return None
    try:
        powers_for(work, found.person_id, found.party_id, found.scopes)
    except MandateMissing:
        return None
    named = subject_claims(work.realm.seals, client.sector, found.person_id, found.party_id)
    return {
        "client_id": found.client_id,
        "exp": found.expires_at,
        "iss": work.realm.issuer,
        "scope": join(found.scopes),
        "auth_time": found.auth_time,
        "acr": found.acr,
        **granted_particulars(found).told(work.realm.audience),
        **named,
    }
