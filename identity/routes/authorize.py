"""The authorization endpoint (RFC 6749 §3.1)."""

from fastapi import APIRouter, Request, Response

from identity.authorizing import Ask, authorize
from identity.errors import BadAuthorizeRequest, FlowExpired
from identity.flow import Flow, open_flow
from identity.pages.deliver import deliver
from identity.pages.frame import Frame, cannot_continue, see_other, signed_in_at
from identity.pages.onward import Onward
from identity.parameters import Parameters
from identity.realm import Realm
from identity.routes.requests import Sent


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
