"""The OAuth 2.1 and OpenID Connect server, assembled on one screen from Authlib's core.

One server per request: it holds that request's transaction and time, so nothing is shared
between requests and nothing hides in context variables. Assembling costs microseconds.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

from identity.apps.clients import AUTH_METHODS, Client
from identity.apps.refusals import Fault
from identity.asking.flow import Flow
from identity.asking.parameters import Parameters
from identity.asking.response_types import IMPLICIT, may_ask, spell
from identity.asking.scopes import OFFLINE, OPENID, claims_of, join, split
from identity.errors import BadAuthorizeRequest, KeysWanted, NoKeyToEncrypt
from identity.grants import GRANTS
from identity.grants.adapters import KnownClient
from identity.grants.authentication import authenticate, find_client, named_client
from identity.grants.ciba import BackchannelAuthentication
from identity.grants.device import DeviceAuthorization
from identity.grants.introspection import Introspection
from identity.grants.messages import Answer, Refusal, Request
from identity.grants.particulars import NOTHING, Particulars, granted_particulars
from identity.grants.possession import NONE, check_bound
from identity.grants.revocation import Revocation
from identity.grants.ways import check_way
from identity.issued.authorizations import Authorization, make_refresh_token
from identity.issued.claims import (
    ACCESS_SECONDS,
    Issue,
    about_party,
    access_claims,
    id_claims,
    own_access_claims,
)
from identity.parties.replies import encrypt_id_token
from identity.proofs.shown import confirmation_claims, token_type
from identity.realm import Work
from identity.signing.tokens import ACCESS, ID, sign_token
from identity.standing.acting import SignedIn, authority_behind, find_subjects
from identity.telling.responding import FRAGMENT, Reply, added_parameters

OK, FOUND, SEE_OTHER = 200, 302, 303
logging.getLogger("authlib").setLevel(logging.INFO)  # its debug lines hold whole tokens
_ENDPOINTS: Mapping[str, Any] = {
    "/introspect": Introspection,
    "/revoke": Revocation,
    "/device_authorization": DeviceAuthorization,
    "/bc-authorize": BackchannelAuthentication,
}


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server inside one transaction."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.possession = NONE
        self.particulars: Particulars | None = None
        self.reply: Reply | None = None
        self._known: dict[str, KnownClient | None] = {}
        for grant, extensions in GRANTS.items():
            self.register_grant(grant, extensions)
        self.register_token_generator("default", self._make_tokens)

    def query_client(self, client_id: str) -> KnownClient | None:
        """Find a client, once per request."""
        if client_id not in self._known:
            client = find_client(self.work, client_id)
            self._known[client_id] = KnownClient(client) if client else None
        return self._known[client_id]

    def authenticate_client(
        self, request: Request, methods: Sequence[str], endpoint: str = "token"
    ) -> KnownClient:
        """Check who calls; an endpoint that gives nothing to apps without secret says so."""
        known, self.possession = authenticate(self.work, request)
        if endpoint == "token" and known.client.jwks_uri and not self.work.undoes:
            raise KeysWanted(known.client.jwks_uri, 0)  # perhaps, and then it is too late to undo
        if endpoint == "token":
            check_bound(known.client, self.possession)
        if known.client.auth_method not in methods:
            raise InvalidRequestError(f"the {endpoint} endpoint needs a client with a secret")
        request.auth_method = known.client.auth_method
        self._known[known.client.client_id] = known
        return known

    @property
    def confirmation(self) -> str:
        """The key to which tokens of this request are bound, empty for none."""
        return self.possession.confirmation

    def create_oauth2_request(self, request: Request) -> Request:
        """Return it: it was made for Authlib already."""
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Answer:
        """Make an answer; a redirect is 303 (RFC 9700 §4.12), as the request wishes."""
        if status != FOUND or self.reply is None:
            return Answer(status, body, [*headers, *self.possession.headers])
        told = body or added_parameters(self.reply.address, dict(headers)["Location"])
        location = self.reply.location(self.work, told)
        return Answer(SEE_OTHER, "", [("Location", location)], posted=self.reply.posted)

    def handle_error_response(self, request: Request, error: OAuth2Error) -> Answer:
        """Make an answer of an error, and say for the app's developers what it was."""
        answer: Answer = super().handle_error_response(request, error)
        named = named_client(request.headers["Authorization"], request.form)
        path = urlsplit(request.uri).path
        why = str(error.get_error_description() or "")
        return replace(answer, fault=Fault(named, path, error.error, why))

    def save_token(self, token: Mapping[str, Any], request: Request) -> None:
        """Store nothing: signatures and seals carry it all."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def _make_tokens(
        self,
        *,
        client: KnownClient,
        user: Authorization | None,
        scope: str,
        include_refresh_token: bool,
        **_: object,
    ) -> dict[str, Any]:
        """Make the answer of the token endpoint (RFC 6749 §5.1)."""
        scopes, realm = split(scope), self.work.realm
        issue = Issue(realm.issuer, realm.audience, self.work.now, realm.fresh_id())
        kind, particulars = token_type(self.confirmation), self._particulars(user)
        answer = {"token_type": kind, "expires_in": ACCESS_SECONDS, "scope": join(scopes)}
        answer |= particulars.told(realm.audience)
        more = confirmation_claims(self.confirmation) | particulars.claims(realm.audience)
        if user is None:
            claims = own_access_claims(issue, realm.seals, client.client, scopes) | more
            return answer | {"access_token": sign_token(realm.keys, ACCESS, claims)}
        claims = access_claims(issue, realm.seals, client.client, user, scopes) | more
        answer["access_token"] = sign_token(realm.keys, ACCESS, claims)
        answer["expires_in"] = claims["exp"] - self.work.now
        if include_refresh_token and (user.offline or OFFLINE in user.scopes):
            answer["refresh_token"] = make_refresh_token(realm.seals, user)
        if OPENID in scopes and not user.actors:  # told to the app that signed the person in
            access_token = str(answer["access_token"])
            answer["id_token"] = self.make_id_token(client.client, user, access_token)
        return answer

    def make_id_token(self, client: Client, user: Authorization, access_token: str = "") -> str:
        """Make an ID token (OpenID Connect Core §2).

        Raises:
            InvalidRequestError: it would have to be encrypted, and the app has no key for that.
        """
        realm, now = self.work.realm, self.work.now
        issue = Issue(realm.issuer, realm.audience, now, "")
        claims = id_claims(issue, realm.seals, client, user, access_token)
        claims |= authority_behind(self.work, user) | self._wanted(user)
        token = sign_token(realm.keys, ID, claims, client.id_token_alg)
        try:
            return encrypt_id_token(realm, client, token, now)
        except NoKeyToEncrypt as error:
            raise InvalidRequestError(str(error)) from None

    def _particulars(self, user: Authorization | None) -> Particulars:
        """Return what the token is for in particular: what its grant noted, else all of it."""
        if self.particulars is not None:
            return self.particulars
        return granted_particulars(user) if user else NOTHING

    def _wanted(self, authorization: Authorization) -> dict[str, Any]:
        """Return what the request wants in the ID token itself (OpenID Connect Core §5.5)."""
        told = claims_of(authorization.scopes) & set(authorization.claims.split())
        if not told:
            return {}
        person, party = find_subjects(self.work, authorization)
        return about_party(person, party, told)


@dataclass(frozen=True)
class Pending:
    """An authorization request that is in order and waits for the person.

    Attributes:
        client: who asks.
        scopes: what for, as far as the client is registered for it.
        parameters: the request.
    """

    client: Client
    scopes: frozenset[str]
    parameters: Parameters
    server: Server
    request: Request
    grant: Any

    @property
    def occasion(self) -> None:
        """None: the app waits for this very browser."""

    @property
    def particulars(self) -> Particulars:
        """What it wants beyond scopes."""
        found: Particulars = self.request.particulars
        return found

    def allow(self, signed_in: SignedIn) -> Answer:
        """Send a code to the app."""
        return self._answer(signed_in)

    def deny(self) -> Answer:
        """Tell the app that the person refused."""
        return self._answer(None)

    def fail(self, error: str) -> Answer:
        """Tell the app why no page may be shown (OpenID Connect Core §3.1.2.6)."""
        refusal = OAuth2Error(error=error, redirect_uri=self.grant.redirect_uri)
        refusal.state = self.request.payload.state
        answer: Answer = self.server.handle_error_response(self.request, refusal)
        return answer

    def _answer(self, grant_user: SignedIn | None) -> Answer:
        answer: Answer = self.server.create_authorization_response(
            self.request, grant_user, self.grant
        )
        return answer


def check_authorization(work: Work, flow: Flow) -> Pending | Answer:
    """Check an authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.2).

    Returns:
        The request, or the error that goes to the app.

    Raises:
        BadAuthorizeRequest: nobody can be told but the person at the browser.
    """
    server = Server(work)
    found = examine_authorization(server, flow)
    return refuse_authorization(server, flow, found) if isinstance(found, Refusal) else found


def examine_authorization(server: Server, flow: Flow) -> Pending | Refusal:
    """Do the same, but tell nobody yet.

    Raises:
        BadAuthorizeRequest: the client or its address is not known.
    """
    parameters = flow.parameters
    request = Request("GET", server.work.realm.issuer + "/authorize", parameters)
    request.pushed = flow.pushed
    client = _asking_client(server, parameters)
    try:
        if parameters.fault:
            raise InvalidRequestError(parameters.fault)
        check_way(server.work.realm, client, flow)
        if not _may_ask(server, client, parameters):
            raise OAuth2Error(error=_response_type_error(parameters))
        grant = server.get_consent_grant(request)
    except OAuth2Error as error:
        return Refusal(str(error.error), error.description or "")
    return Pending(client, split(request.scope), parameters, server, request, grant)


def refuse_authorization(server: Server, flow: Flow, refusal: Refusal) -> Answer:
    """Tell the app why its request is refused (RFC 6749 §4.1.2.1).

    Raises:
        BadAuthorizeRequest: the client or its address is not known.
    """
    parameters = flow.parameters
    _asking_client(server, parameters)
    error = OAuth2Error(refusal.description, error=refusal.code)
    error.redirect_uri, error.state = parameters.get("redirect_uri"), parameters.get("state")
    request = Request("GET", server.work.realm.issuer + "/authorize", parameters)
    answer: Answer = server.handle_error_response(request, error)
    return answer


def _response_type_error(parameters: Parameters) -> str:
    return "unsupported_response_type" if parameters.get("response_type") else "invalid_request"


def _asking_client(server: Server, parameters: Parameters) -> Client:
    """Find the client and check its address, before any error may be sent there."""
    known = server.query_client(parameters.get("client_id"))
    if known is None or {"client_id", "redirect_uri"} & parameters.repeated:
        raise BadAuthorizeRequest("no app with this client_id is registered here")
    address = parameters.get("redirect_uri")
    if not known.check_redirect_uri(address):
        why = first_difference(address, known.client.redirect_uris)
        raise BadAuthorizeRequest(why, known.client.client_id)
    mode = parameters.get("response_mode")
    if _asks_for_tokens(server, known.client, parameters):
        mode = mode or FRAGMENT
    elif mode == FRAGMENT:  # no way to send a code
        mode = ""
    server.reply = Reply(known.client, address, mode)
    return known.client


def _may_ask(server: Server, client: Client, parameters: Parameters) -> bool:
    """Tell whether an app may ask for what its request asks for."""
    asked = spell(parameters.get("response_type"))
    return may_ask(client, asked, implicit=server.work.realm.registration_open)


def _asks_for_tokens(server: Server, client: Client, parameters: Parameters) -> bool:
    asked = spell(parameters.get("response_type"))
    return asked in IMPLICIT and _may_ask(server, client, parameters)


def first_difference(address: str, registered: Sequence[str]) -> str:
    """Say where the nearest registered address differs, for the app's developer."""
    if not registered:
        return "this app has no redirect_uri registered"
    nearest = max(registered, key=lambda known: _agreement(known, address))
    at = _agreement(nearest, address)
    return (
        f"redirect_uri {address[:200]!r} is not registered; nearest is {nearest!r}, "
        f"they differ from character {at + 1}"
    )


def _agreement(one: str, other: str) -> int:
    """Count the characters at which two addresses agree from the start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def authenticate_app(server: Server, parameters: Parameters, path: str) -> Client | Answer:
    """Check who calls at an endpoint that is no grant's, or make the refusal."""
    request = Request("POST", server.work.realm.issuer + path, parameters)
    try:
        if parameters.fault:
            raise InvalidRequestError(parameters.fault)
        return server.authenticate_client(request, AUTH_METHODS, path).client
    except OAuth2Error as error:
        refused: Answer = server.handle_error_response(request, error)
        return refused


def answer_token_request(work: Work, parameters: Parameters) -> Answer:
    """Answer at the token endpoint (RFC 6749 §3.2)."""
    return _answer(work, parameters, "/token")


def answer_introspection(work: Work, parameters: Parameters) -> Answer:
    """Answer at the introspection endpoint (RFC 7662 §2)."""
    return _answer(work, parameters, "/introspect")


def answer_revocation(work: Work, parameters: Parameters) -> Answer:
    """Answer at the revocation endpoint (RFC 7009 §2)."""
    return _answer(work, parameters, "/revoke")


def answer_device_authorization(work: Work, parameters: Parameters) -> Answer:
    """Answer at the device authorization endpoint (RFC 8628 §3.1)."""
    return _answer(work, parameters, "/device_authorization")


def answer_backchannel_authentication(work: Work, parameters: Parameters) -> Answer:
    """Answer at the backchannel authentication endpoint (CIBA Core §7)."""
    return _answer(work, parameters, "/bc-authorize")


def _answer(work: Work, parameters: Parameters, path: str) -> Answer:
    server = Server(work)
    request = Request("POST", work.realm.issuer + path, parameters)
    answer: Answer
    if parameters.fault:
        answer = server.handle_error_response(request, InvalidRequestError(parameters.fault))
    elif path == "/token" and not parameters.get("grant_type"):
        missing = InvalidRequestError("grant_type is required")
        answer = server.handle_error_response(request, missing)
    elif path in _ENDPOINTS:
        server.register_endpoint(_ENDPOINTS[path])
        answer = server.create_endpoint_response(_ENDPOINTS[path].ENDPOINT_NAME, request)
    else:
        answer = server.create_token_response(request)
        if answer.status == OK:
            _tell_issued(server, request)
    return answer


def _tell_issued(server: Server, request: Request) -> None:
    observer, client = server.work.realm.observer, request.client.client
    observer.issued(request.form["grant_type"], client.client_id, server.work.now)
