"""The authorization endpoint (RFC 6749 §3.1)."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from identity.apps.refusals import Fault
from identity.asking.flow import Flow, open_flow
from identity.asking.parameters import Parameters
from identity.authorization.arriving import NAMING, arrive, refuse
from identity.authorization.authorizing import Ask, authorize
from identity.errors import BadAuthorizeRequest, BadRequestObject, FlowExpired
from identity.grants.messages import Answer
from identity.noting import keep_fault
from identity.pages.deliver import deliver
from identity.pages.frame import (
    Frame,
    cannot_continue,
    read_cookie,
    see_other,
    signed_in_at,
)
from identity.pages.onward import Onward
from identity.parties.signed_by import with_keys
from identity.realm import Realm
from identity.routes.requests import read_request
from identity.routes.running import run_direct
from identity.standing.acting import use_session
from identity.strangers.fetching import fetch

NOT_PLAIN = NAMING | {"flow"}  # what is looked up elsewhere, or has been on its way before


def add_authorize(routes: APIRouter, realm: Realm, frame: Frame) -> None:
    """Add the endpoint."""

    async def authorization_endpoint(request: Request) -> Response:
        """Answer an app's request, or show the page that comes first.

        The plain request of somebody signed in who allowed the app before costs three statements:
        session, consent, and the row behind the code. Acting for a legal person costs one more.
        """
        sent = await read_request(request)
        if request.method != "GET" or sent.fault or NOT_PLAIN & sent.values.keys():
            return await run_in_threadpool(answer, request, sent)
        flow, cookie = Flow.begin(sent, realm.clock()), read_cookie(request, realm)
        asking = sent.get("client_id")
        try:
            outcome = await run_direct(
                realm, lambda work: authorize(work, flow, use_session(work, cookie, asking))
            )
        except BadAuthorizeRequest as error:
            return await run_in_threadpool(explain, request, error)
        if isinstance(outcome, Answer) and (outcome.posted or outcome.fault):
            return await run_in_threadpool(_tell, realm, frame, request, flow, outcome)
        return _tell(realm, frame, request, flow, outcome)

    def answer(request: Request, sent: Parameters) -> Response:
        """Do the same for every other request, in a thread."""
        try:
            flow = _flow_of(realm, sent)
            if request.method == "POST":  # another site's POST comes without our cookie
                return see_other(Onward(realm, flow, "/").address())
            return _answer_authorize(realm, frame, request, flow)
        except (BadAuthorizeRequest, FlowExpired) as error:
            return explain(request, error)
        except BadRequestObject as error:
            return _refuse(realm, frame, request, sent, error)

    def explain(request: Request, error: BadAuthorizeRequest | FlowExpired) -> Response:
        keep_fault(realm, _fault_of(error))
        return cannot_continue(frame, request, error)

    routes.add_route("/authorize", authorization_endpoint, ["GET", "POST"])


def _flow_of(realm: Realm, sent: Parameters) -> Flow:
    """Go on with a request that comes back from our pages, or begin with a new one."""
    if sent.unreadable:
        raise BadAuthorizeRequest(sent.unreadable)
    if sent.get("flow"):
        return open_flow(realm.seals, sent.get("flow"), realm.clock())
    read = partial(fetch, reach=realm.reach)
    return with_keys(realm, lambda own: arrive(own, sent, read))


def _answer_authorize(realm: Realm, frame: Frame, request: Request, flow: Flow) -> Response:
    signed_in = signed_in_at(request, realm)
    with realm.writing() as store:
        outcome = authorize(realm.work(store), flow, signed_in)
    return _tell(realm, frame, request, flow, outcome)


def _tell(
    realm: Realm, frame: Frame, request: Request, flow: Flow, outcome: Answer | Ask
) -> Response:
    if isinstance(outcome, Ask):
        return see_other(Onward(realm, outcome.flow, "/").to(f"/{outcome.step}"))
    keep_fault(realm, outcome.fault)
    return deliver(frame, request, flow, outcome)


def _refuse(
    realm: Realm, frame: Frame, request: Request, sent: Parameters, error: BadRequestObject
) -> Response:
    """Tell the app, if its address can be trusted; else the person."""
    try:
        with realm.reading() as store:
            answer = refuse(realm.work(store), sent, error)
        keep_fault(realm, answer.fault)
    except BadAuthorizeRequest:
        return cannot_continue(frame, request, error)
    return deliver(frame, request, Flow(sent.encoded, realm.clock()), answer)


def _fault_of(error: BadAuthorizeRequest | FlowExpired) -> Fault | None:
    if isinstance(error, FlowExpired):
        return None
    return Fault(error.client_id, "/authorize", "invalid_request", str(error))
