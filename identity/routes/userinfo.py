"""The userinfo endpoint (OpenID Connect Core §5.3)."""

from fastapi import APIRouter, Request, Response

from identity.access import verify_access
from identity.authority import authority_claims
from identity.claims import userinfo_claims
from identity.errors import BadAccessToken
from identity.realm import Realm
from identity.routes.requests import FORBIDDEN, JSON, NO_STORE, UNAUTHORIZED, Sent, serialised
from identity.scopes import OPENID
from identity.tokens import USERINFO, sign_token


def add_userinfo(routes: APIRouter, realm: Realm) -> None:
    """Add the endpoint."""

    @routes.get("/userinfo")
    @routes.post("/userinfo")
    def userinfo(request: Request, sent: Sent) -> Response:
        """Tell who signed in, as far as the person allowed it."""
        scheme, _, token = sent.authorization.partition(" ")
        if scheme.lower() != "bearer":
            token = sent.get("access_token") if request.method == "POST" else ""
        if not token:
            return _challenge(UNAUTHORIZED, "")
        try:
            with realm.reading() as store:
                access = verify_access(realm.work(store), token)
        except BadAccessToken as error:
            return _challenge(UNAUTHORIZED, f'error="invalid_token", error_description="{error}"')
        if access.person is None or OPENID not in access.scopes:
            return _challenge(FORBIDDEN, f'error="insufficient_scope", scope="{OPENID}"')
        claims = userinfo_claims(
            access.claims, access.person, access.party, access.mandate_powers, access.scopes
        ) | authority_claims(access.party, access.mandates, access.scopes, realm.issuer)
        if access.userinfo_alg:  # OpenID Connect Core §5.3.2
            claims |= {"iss": realm.issuer, "aud": access.client_id}
            signed = sign_token(realm.keys, USERINFO, claims, access.userinfo_alg)
            return Response(signed, headers=NO_STORE, media_type="application/jwt")
        return Response(serialised(claims), headers=NO_STORE, media_type=JSON)


def _challenge(status: int, error: str) -> Response:
    """Refuse a bearer (RFC 6750 §3)."""
    realm = 'Bearer realm="haihe"'
    value = f"{realm}, {error}" if error else realm
    return Response(b"", status, {"WWW-Authenticate": value, **NO_STORE})
