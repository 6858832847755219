"""The userinfo endpoint (OpenID Connect Core §5.3)."""

from fastapi import APIRouter, Request, Response

from identity.access import verify_access
from identity.authority import authority_claims
from identity.bound import check_holder
from identity.challenges import challenge, challenge_of
from identity.claims import userinfo_claims
from identity.errors import BadAccessToken, TokenMissing
from identity.realm import Realm
from identity.routes.requests import (
    FORBIDDEN,
    JSON,
    NO_STORE,
    UNAUTHORIZED,
    Sent,
    presented_by,
    serialised,
)
from identity.scopes import OPENID
from identity.tokens import USERINFO, sign_token


def add_userinfo(routes: APIRouter, realm: Realm) -> None:
    """Add the endpoint."""

    @routes.get("/userinfo")
    @routes.post("/userinfo")
    def userinfo(request: Request, sent: Sent) -> Response:
        """Tell who signed in, as far as the person allowed it."""
        body_token = sent.get("access_token") if request.method == "POST" else ""
        presented = presented_by(request, realm.issuer, body_token=body_token)
        try:
            if not presented.token:
                raise TokenMissing("send an access token")
            with realm.reading() as store:
                access = verify_access(realm.work(store), presented.token)
            check_holder(realm, access, presented)
        except BadAccessToken as error:
            return _refuse(UNAUTHORIZED, challenge_of(error))
        if access.person is None or OPENID not in access.scopes:
            said = {"error": "insufficient_scope", "scope": OPENID}
            return _refuse(FORBIDDEN, {"WWW-Authenticate": challenge("Bearer", said)})
        claims = userinfo_claims(
            access.claims, access.person, access.party, access.mandate_powers, access.scopes
        ) | authority_claims(access.party, access.mandates, access.scopes, realm.issuer)
        if access.userinfo_alg:  # OpenID Connect Core §5.3.2
            claims |= {"iss": realm.issuer, "aud": access.client_id}
            signed = sign_token(realm.keys, USERINFO, claims, access.userinfo_alg)
            return Response(signed, headers=NO_STORE, media_type="application/jwt")
        return Response(serialised(claims), headers=NO_STORE, media_type=JSON)


def _refuse(status: int, challenges: dict[str, str]) -> Response:
    """Refuse a token (RFC 6750 §3)."""
    return Response(b"", status, {**challenges, **NO_STORE})
