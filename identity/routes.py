"""The addresses of OAuth 2.1 and OpenID Connect."""

import json
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from identity import registration_routes
from identity.access import verify_access
from identity.authority import authority_claims
from identity.authorizing import Ask, authorize
from identity.claims import userinfo_claims
from identity.discovery import describe
from identity.errors import BadAccessToken, BadAuthorizeRequest, BadLogout, FlowExpired
from identity.flow import Flow, open_flow
from identity.grants.messages import Answer
from identity.logout import read_logout, seal_after
from identity.pages.deliver import deliver
from identity.pages.frame import Frame, cannot_continue, see_other, signed_in_at
from identity.pages.onward import Onward
from identity.pages.sign_out import leave
from identity.parameters import MOST_BYTES, Parameters, read_parameters
from identity.provider import answer_introspection, answer_revocation, answer_token_request
from identity.realm import Realm, Transaction, Work
from identity.scopes import OPENID
from identity.tokens import USERINFO, sign_token

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
STEADY_SECONDS = 300
UNAUTHORIZED, FORBIDDEN = 401, 403
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def read_request(request: Request) -> Parameters:
    """Read the parameters of a request: of its body if it is a POST, else of its query."""
    authorization = request.headers.get("authorization", "")
    if request.method == "GET":
        return read_parameters(request.url.query, authorization)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return Parameters({}, authorization=authorization)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return Parameters({}, unreadable="the request is too long")
    return read_parameters(body.decode("latin-1"), authorization)


Sent = Annotated[Parameters, Depends(read_request)]


def router(realm: Realm, frame: Frame) -> APIRouter:
    """Make the routes of the protocol."""
    routes = APIRouter(include_in_schema=False)
    _add_documents(routes, realm)
    _add_authorize(routes, realm, frame)
    _add_back_channel(routes, realm)
    _add_userinfo(routes, realm)
    _add_logout(routes, realm, frame)
    if realm.registration_open:
        routes.include_router(registration_routes.router(realm))
    return routes


def _add_documents(routes: APIRouter, realm: Realm) -> None:
    metadata = _serialised(describe(realm.issuer, registration=realm.registration_open))
    key_set = _serialised(realm.keys.published())
    headers = {"Cache-Control": f"public, max-age={STEADY_SECONDS}"}

    @routes.get("/.well-known/openid-configuration")
    @routes.get("/.well-known/oauth-authorization-server")
    async def discovery() -> Response:
        """Describe the provider."""
        return Response(metadata, headers=headers, media_type=JSON)

    @routes.get("/jwks")
    async def jwks() -> Response:
        """Publish the keys (RFC 7517)."""
        return Response(key_set, headers=headers, media_type=JSON)


def _add_authorize(routes: APIRouter, realm: Realm, frame: Frame) -> None:
    @routes.get("/authorize")
    @routes.post("/authorize")
    def authorization_endpoint(request: Request, sent: Sent) -> Response:
        """Answer an app's request, or show the page that comes first."""
        try:
            flow = _flow_of(realm, sent)
            if request.method == "POST":  # another site's POST comes without our cookie
                return see_other(Onward(realm, flow, "/").address())
            return _answer_authorize(realm, frame, request, flow)
        except (BadAuthorizeRequest, FlowExpired) as error:
            return cannot_continue(frame, request, error)


def _flow_of(realm: Realm, sent: Parameters) -> Flow:
    """Go on with a request that comes back from our pages, or begin with a new one."""
    if sent.unreadable:
        raise BadAuthorizeRequest(sent.unreadable)
    now = realm.clock()
    if sent.get("flow"):
        return open_flow(realm.seals, sent.get("flow"), now)
    return Flow(sent.encoded, now)


def _answer_authorize(realm: Realm, frame: Frame, request: Request, flow: Flow) -> Response:
    signed_in = signed_in_at(request, realm)
    with realm.writing() as store:
        outcome = authorize(realm.work(store), flow, signed_in)
    if isinstance(outcome, Ask):
        return see_other(Onward(realm, outcome.flow, "/").to(f"/{outcome.step}"))
    return deliver(frame, request, flow, outcome)


def _add_back_channel(routes: APIRouter, realm: Realm) -> None:
    @routes.post("/token")
    async def token(request: Request) -> Response:
        """Give tokens (RFC 6749 §3.2).

        An app's own token is one indexed read and a signature, no hash and no lock: done here it
        costs half of what handing it to a thread does. All else may wait, so it goes to a thread.
        """
        sent = await read_request(request)
        own = sent.get("grant_type") == "client_credentials" and not _leaves_trace(sent)
        work = (realm.reading if own else realm.writing, realm, answer_token_request, sent)
        if own and realm.reads_are_local:
            return _answer_app(*work)
        return await run_in_threadpool(_answer_app, *work)

    @routes.post("/introspect")
    def introspect(sent: Sent) -> Response:
        """Tell what a token is worth at this moment (RFC 7662 §2)."""
        transaction = realm.writing if _leaves_trace(sent) else realm.reading
        return _answer_app(transaction, realm, answer_introspection, sent)

    @routes.post("/revoke")
    def revoke(sent: Sent) -> Response:
        """Take a token back (RFC 7009 §2)."""
        return _answer_app(realm.writing, realm, answer_revocation, sent)


def _leaves_trace(sent: Parameters) -> bool:
    """Tell whether a request brings something that works once, so that it must be written down."""
    return "client_assertion" in sent.values


def _answer_app(
    transaction: Transaction,
    realm: Realm,
    answer_request: Callable[[Work, Parameters], Answer],
    sent: Parameters,
) -> Response:
    with transaction() as store:
        answer = answer_request(realm.work(store), sent)
    return Response(
        _serialised(answer.body), answer.status, {**dict(answer.headers), **NO_STORE}, JSON
    )


def _add_userinfo(routes: APIRouter, realm: Realm) -> None:
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
        return Response(_serialised(claims), headers=NO_STORE, media_type=JSON)


def _challenge(status: int, error: str) -> Response:
    """Refuse a bearer (RFC 6750 §3)."""
    realm = 'Bearer realm="haihe"'
    value = f"{realm}, {error}" if error else realm
    return Response(b"", status, {"WWW-Authenticate": value, **NO_STORE})


def _add_logout(routes: APIRouter, realm: Realm, frame: Frame) -> None:
    @routes.get("/logout")
    @routes.post("/logout")
    def logout(request: Request, sent: Sent) -> Response:
        """End a sign-in at an app's wish."""
        signed_in = signed_in_at(request, realm)
        try:
            with realm.reading() as store:
                work = realm.work(store)
                asked = read_logout(work, sent, signed_in)
                after = seal_after(work, asked.after)
        except BadLogout as error:
            return cannot_continue(frame, request, error)
        if asked.confirmed:
            return leave(realm, signed_in, asked.after)
        return see_other(f"/sign-out?{urlencode({'after': after})}" if after else "/sign-out")


def _serialised(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
