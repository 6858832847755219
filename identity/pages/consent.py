"""The page on which a person allows an app what it asks for, or refuses."""

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.details import titles
from identity.authorization.authorizing import acting_in, allow, deny, may_answer
from identity.pages.agreed import describe_scopes
from identity.pages.deliver import deliver
from identity.pages.frame import (
    BAD_REQUEST,
    DRAFTED_FOR,
    Form,
    Frame,
    see_other,
    signed_in_at,
)
from identity.pages.occasions import describe_occasion, describe_owner
from identity.pages.onward import Onward, find_pending, read_onward, welcome_app
from identity.realm import Realm
from identity.standing.acting import SignedIn

ALLOW = "allow"


class ConsentPage:
    """Asks whether an app may."""

    path = "/consent"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show what the app asks for."""
        onward = read_onward(self._realm, request.query_params)
        return self._ask(request, onward, signed_in_at(request, self._realm))

    def _ask(
        self, request: Request, onward: Onward, signed_in: SignedIn | None, shown_for: str = ""
    ) -> Response:
        """Show it, or say that somebody else is acted for than it was `shown_for`."""
        if onward.flow is None or signed_in is None:
            return see_other(onward.address())
        with self._realm.reading() as store:
            work = self._realm.work(store)
            pending = find_pending(work, onward.flow)
            owner = describe_owner(work, pending)
            if pending is not None:
                signed_in = acting_in(work, pending, onward.flow, signed_in)
        if pending is None or signed_in.party is None or not may_answer(pending, signed_in):
            return see_other(onward.address())
        switched = shown_for not in {"", signed_in.party.party_id}
        wanted, own = pending.particulars, self._realm.audience
        context = {
            "client": welcome_app(self._frame, request, pending),
            "hidden": {**onward.hidden(), DRAFTED_FOR: signed_in.party.party_id},
            "party": signed_in.party,
            "person": signed_in.person,
            "switched": switched,
            "asked": describe_scopes(self._realm, pending.scopes),
            "owner": owner,
            "occasion": describe_occasion(self._realm, pending),
            "details": titles(wanted.details, self._realm.detail_types),
            "places": [each for each in wanted.resources if each != own],
            "switch": onward.to("/act-for"),
        }
        status = BAD_REQUEST if switched else 200
        return self._frame.render(request, "identity/consent.html", context, status)

    def receive(self, request: Request, form: Form) -> Response:
        """Keep the decision and go on; everything but a clear yes is a no."""
        onward = read_onward(self._realm, form)
        signed_in = signed_in_at(request, self._realm)
        if onward.flow is None or signed_in is None:
            return see_other(onward.address())
        if form.get("decision") != ALLOW:
            with self._realm.writing() as store:
                answer = deny(self._realm.work(store), onward.flow, signed_in)
            return deliver(self._frame, request, onward.flow, answer)
        with self._realm.writing() as store:
            shown_for = form.get(DRAFTED_FOR, "")
            flow = allow(self._realm.work(store), onward.flow, signed_in, shown_for)
        if flow == onward.flow:  # not agreed to
            return self._ask(request, onward, signed_in, shown_for)
        return see_other(Onward(self._realm, flow, "/").address())
