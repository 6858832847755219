"""The userinfo endpoint (OpenID Connect Core §5.3)."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from identity.asking.scopes import OPENID
from identity.errors import BadAccessToken, NoKeyToEncrypt, TokenMissing
from identity.issued.authority import authority_claims
from identity.issued.claims import userinfo_claims
from identity.parties.replies import encrypt_userinfo
from identity.parties.signed_by import with_keys
from identity.proofs.challenges import challenge, challenge_of
from identity.realm import Realm
from identity.routes.requests import (
    FORBIDDEN,
    JSON,
    NO_STORE,
    UNAUTHORIZED,
    presented_by,
    read_request,
    serialised,
)
from identity.routes.running import run_direct
from identity.signing.tokens import USERINFO, sign_token
from identity.standing.access import Access, verify_access
from identity.standing.bound import BEARER, Presented, check_holder

BAD = 400
JWT = "application/jwt"


def add_userinfo(routes: APIRouter, realm: Realm) -> None:
    """Add the endpoint."""

    async def userinfo(request: Request) -> Response:
        """Tell who signed in, as far as the person allowed it; costs one statement."""
        sent = await read_request(request)
        body_token = sent.get("access_token") if request.method == "POST" else ""
        presented = presented_by(request, realm.issuer, body_token=body_token)
        try:
            if not presented.token:
                raise TokenMissing("send an access token")
            token = presented.token
            access = await run_direct(realm, lambda work: verify_access(work, token), writes=False)
            await _check_holder(realm, access, presented)
        except BadAccessToken as error:
            return _refuse(UNAUTHORIZED, challenge_of(error))
        if access.options.userinfo_encrypted_response_alg:  # its keys may have to be read
            return await run_in_threadpool(_tell, realm, access)
        return _tell(realm, access)

    routes.add_route("/userinfo", userinfo, ["GET", "POST"])


async def _check_holder(realm: Realm, access: Access, presented: Presented) -> None:
    """Check what comes with a bound token; a proof works once, so that is written down."""
    if "cnf" in access.claims or presented.scheme != BEARER:
        await run_in_threadpool(check_holder, realm, access, presented)


def _tell(realm: Realm, access: Access) -> Response:
    if access.person is None or OPENID not in access.scopes:
        said = {"error": "insufficient_scope", "scope": OPENID}
        return _refuse(FORBIDDEN, {"WWW-Authenticate": challenge("Bearer", said)})
    claims = userinfo_claims(
        access.claims, access.person, access.party, access.mandate_powers, access.scopes
    ) | authority_claims(access.party, access.mandates, access.scopes, realm.issuer)
    return _answer(realm, access, claims)


def _answer(realm: Realm, access: Access, claims: dict[str, Any]) -> Response:
    """Answer plainly, signed, encrypted, or both, as the app registered (§5.3.2)."""
    content, media_type = serialised(claims), JSON
    if access.userinfo_alg:
        claims |= {"iss": realm.issuer, "aud": access.client_id}
        content = sign_token(realm.keys, USERINFO, claims, access.userinfo_alg).encode()
        media_type = JWT
    if access.options.userinfo_encrypted_response_alg:
        try:
            content, media_type = _encrypted(realm, access.client_id, content), JWT
        except NoKeyToEncrypt as error:
            said = {"error": "invalid_request", "error_description": str(error)}
            return _refuse(BAD, {"WWW-Authenticate": challenge("Bearer", said)})
    return Response(content, headers=NO_STORE, media_type=media_type)


def _encrypted(realm: Realm, client_id: str, content: bytes) -> bytes:
    with realm.reading() as store:
        client = store.clients.find(client_id)
    if client is None:
        raise NoKeyToEncrypt("this app is not registered any more")
    text, now = content.decode(), realm.clock()
    return with_keys(realm, lambda own: encrypt_userinfo(own, client, text, now)).encode()


def _refuse(status: int, challenges: dict[str, str]) -> Response:
    """Refuse a token (RFC 6750 §3)."""
    return Response(b"", status, {**challenges, **NO_STORE})
