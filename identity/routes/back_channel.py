"""Where apps talk to us without a browser between: token, introspection, revocation."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from identity.grants.messages import Answer
from identity.noting import keep_fault
from identity.parameters import Parameters
from identity.provider import (
    answer_device_authorization,
    answer_introspection,
    answer_revocation,
    answer_token_request,
)
from identity.realm import Realm, Transaction, Work
from identity.routes.requests import JSON, NO_STORE, Sent, read_request, serialised
from identity.shown import NOTHING
from identity.signed_by import with_keys


def add_back_channel(routes: APIRouter, realm: Realm) -> None:
    """Add the endpoints."""

    @routes.post("/token")
    async def token(request: Request) -> Response:
        """Give tokens (RFC 6749 §3.2).

        An app's own token is one indexed read and a signature, no hash and no lock: done here it
        costs half of what handing it to a thread does. All else may wait, so it goes to a thread.
        """
        sent = await read_request(request)
        own = sent.get("grant_type") == "client_credentials" and not leaves_trace(sent)
        work = (realm.reading if own else realm.writing, realm, answer_token_request, sent)
        if own and realm.reads_are_local:
            answer = _decide(*work)
            if answer.fault is None:
                return _write(answer)
            return await run_in_threadpool(_tell, realm, answer)
        return await run_in_threadpool(answer_app, *work)

    @routes.post("/introspect")
    def introspect(sent: Sent) -> Response:
        """Tell what a token is worth at this moment (RFC 7662 §2)."""
        transaction = realm.writing if leaves_trace(sent) else realm.reading
        return answer_app(transaction, realm, answer_introspection, sent)

    @routes.post("/revoke")
    def revoke(sent: Sent) -> Response:
        """Take a token back (RFC 7009 §2)."""
        return answer_app(realm.writing, realm, answer_revocation, sent)

    @routes.post("/device_authorization")
    def device_authorization(sent: Sent) -> Response:
        """Give a terminal a code to show (RFC 8628 §3.1)."""
        return answer_app(realm.writing, realm, answer_device_authorization, sent)


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


def _write(answer: Answer) -> Response:
    return Response(
        serialised(answer.body), answer.status, {**dict(answer.headers), **NO_STORE}, JSON
    )
