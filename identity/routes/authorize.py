"""The authorization endpoint (RFC 6749 §3.1)."""

from functools import partial

from fastapi import APIRouter, Request, Response

from identity.arriving import arrive, refuse
from identity.authorizing import Ask, authorize
from identity.errors import BadAuthorizeRequest, BadRequestObject, FlowExpired
from identity.fetching import fetch
from identity.flow import Flow, open_flow
from identity.noting import keep_fault
from identity.pages.deliver import deliver
from identity.pages.frame import Frame, cannot_continue, see_other, signed_in_at
from identity.pages.onward import Onward
from identity.parameters import Parameters
from identity.realm import Realm
from identity.refusals import Fault
from identity.routes.requests import Sent
from identity.signed_by import with_keys


def add_authorize(routes: APIRouter, realm: Realm, frame: Frame) -> None:
    """Add the endpoint."""

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
            keep_fault(realm, _fault_of(error))
            return cannot_continue(frame, request, error)
        except BadRequestObject as error:
            return _refuse(realm, frame, request, sent, error)


def _flow_of(realm: Realm, sent: Parameters) -> Flow:
    """Go on with a request that comes back from our pages, or begin with a new one."""
    if sent.unreadable:
        raise BadAuthorizeRequest(sent.unreadable)
    if sent.get("flow"):
        return open_flow(realm.seals, sent.get("flow"), realm.clock())
    read = partial(fetch, loopback=realm.is_on_loopback)
    return with_keys(realm, lambda own: arrive(own, sent, read))


def _answer_authorize(realm: Realm, frame: Frame, request: Request, flow: Flow) -> Response:
    signed_in = signed_in_at(request, realm)
    with realm.writing() as store:
        outcome = authorize(realm.work(store), flow, signed_in)
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
