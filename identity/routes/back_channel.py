"""Where apps talk to us without a browser between: token, introspection, revocation."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from identity.asking.parameters import Parameters
from identity.errors import KeysWanted
from identity.grants.messages import Answer
from identity.noting import keep_fault
from identity.parties.signed_by import with_keys
from identity.proofs.shown import NOTHING
from identity.provider import (
    answer_backchannel_authentication,
    answer_device_authorization,
    answer_introspection,
    answer_revocation,
    answer_token_request,
)
from identity.realm import Realm, Transaction, Work
from identity.routes.requests import JSON, NO_STORE, Sent, read_request, serialised
from identity.routes.running import run_direct
from identity.signing.tokens import INTROSPECTION

# Each of these writes at most one row that has to be right at once.
DIRECT = frozenset({"authorization_code", "refresh_token", "client_credentials"})


def add_back_channel(routes: APIRouter, realm: Realm) -> None:
    """Add the endpoints."""

    async def token(request: Request) -> Response:
        """Give tokens (RFC 6749 §3.2).

        A code costs two statements, its row read and used up; a refresh token the same; an app's
        own token none. The client is known from a moment ago. Whoever acts for a legal person
        costs one more, the mandate.
        """
        sent = await read_request(request)
        kind = sent.get("grant_type")
        if kind in DIRECT and not leaves_trace(sent):
            with suppress(KeysWanted):
                writes = kind != "client_credentials"
                answer = await run_direct(
                    realm, lambda work: answer_token_request(work, sent), writes=writes
                )
                return await _tell_directly(realm, answer)
        return await run_in_threadpool(answer_app, realm.writing, realm, answer_token_request, sent)

    async def introspect(request: Request) -> Response:
        """Tell what a token is worth at this moment (RFC 7662 §2); costs one statement."""
        sent = await read_request(request)
        if INTROSPECTION in request.headers.get("accept", ""):
            sent = replace(sent, signed_answer=True)
        if leaves_trace(sent):
            return await run_in_threadpool(
                answer_app, realm.writing, realm, answer_introspection, sent
            )
        answer = await run_direct(
            realm, lambda work: answer_introspection(work, sent), writes=False
        )
        return await _tell_directly(realm, answer)

    routes.add_route("/token", token, ["POST"])
    routes.add_route("/introspect", introspect, ["POST"])

    @routes.post("/revoke")
    def revoke(sent: Sent) -> Response:
        """Take a token back (RFC 7009 §2)."""
        return answer_app(realm.writing, realm, answer_revocation, sent)

    @routes.post("/device_authorization")
    def device_authorization(sent: Sent) -> Response:
        """Give a terminal a code to show (RFC 8628 §3.1)."""
        return answer_app(realm.writing, realm, answer_device_authorization, sent)

    @routes.post("/bc-authorize")
    def backchannel_authentication(sent: Sent) -> Response:
        """Let an app ask somebody who is elsewhere (CIBA Core §7)."""
        return answer_app(realm.writing, realm, answer_backchannel_authentication, sent)


def leaves_trace(sent: Parameters) -> bool:
    """Tell whether a request brings something that works once, so that it must be written down, or
    that may need a look elsewhere.
    """
    return "client_assertion" in sent.values or sent.shown is not NOTHING


def answer_app(
    transaction: Transaction,
    realm: Realm,
    answer_request: Callable[[Work, Parameters], Answer],
    sent: Parameters,
) -> Response:
    """Answer within one transaction."""
    return _tell(realm, _decide(transaction, realm, answer_request, sent))


def _decide(
    transaction: Transaction,
    realm: Realm,
    answer_request: Callable[[Work, Parameters], Answer],
    sent: Parameters,
) -> Answer:
    def attempt(realm: Realm) -> Answer:
        with transaction() as store:
            return answer_request(realm.work(store), sent)

    return with_keys(realm, attempt)


def _tell(realm: Realm, answer: Answer) -> Response:
    """Answer; a refusal is kept for the app's developers."""
    keep_fault(realm, answer.fault)
    return _write(answer)


async def _tell_directly(realm: Realm, answer: Answer) -> Response:
    """Do the same on the event loop; only keeping a refusal needs a thread."""
    if answer.fault is None:
        return _write(answer)
    return await run_in_threadpool(_tell, realm, answer)


def _write(answer: Answer) -> Response:
    content = answer.body if isinstance(answer.body, str) else serialised(answer.body)
    return Response(content, answer.status, {**dict(answer.headers), **NO_STORE}, JSON)
