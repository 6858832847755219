"""The page that asks for a second step: at sign-in, or when an app or a page of ours needs more."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.flow import SECOND_FACTOR
from identity.authorization.authorizing import wanted_acrs
from identity.errors import FlowExpired, PasskeyRefused, SecondFactorRefused, SignInPaused
from identity.pages.frame import BAD_REQUEST, Form, Frame, see_other, set_cookie, signed_in_at
from identity.pages.onward import Onward, find_pending, read_onward, welcome_app
from identity.pages.welcome import asking_at, let_in, note_failure
from identity.people.assurance import acr_of, meets
from identity.realm import Realm
from identity.sign_in import METHODS, code
from identity.sign_in.methods import Asking, Part, Proof
from identity.sign_in.second_factor import (
    completed,
    enough_with,
    open_half_way,
    seal_half_way,
    step_up,
)
from identity.standing.acting import SignedIn

TOO_MANY = 429
Refusal = SecondFactorRefused | PasskeyRefused | SignInPaused


class SecondFactorPage:
    """Asks for one more proof."""

    path = "/second-factor"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Ask somebody who is signed in for what is missing."""
        onward = read_onward(self._realm, request.query_params)
        if signed_in_at(request, self._realm) is None:
            return see_other(onward.to("/sign-in"))
        return ask_step(self._realm, self._frame, request, onward, "")

    def receive(self, request: Request, form: Form) -> Response:
        """Check the proof; open a session, or raise the one there is."""
        onward = read_onward(self._realm, form)
        half_way, signed_in = form.get("half_way", ""), signed_in_at(request, self._realm)
        asking = _asking(self._realm, request, half_way, signed_in)
        name = form.get("method", code.NAME)
        if name not in _parts(self._realm, asking):
            return ask_step(self._realm, self._frame, request, onward, half_way)
        try:
            proof = METHODS[name].prove(self._realm, form, asking)
        except (SecondFactorRefused, PasskeyRefused, SignInPaused) as refusal:
            note_failure(self._realm, request, asking.person_id, name)
            return ask_step(self._realm, self._frame, request, onward, half_way, refusal)
        if half_way:
            before = open_half_way(self._realm, half_way).methods
            return let_in(self._realm, request, onward, completed(proof, before), name)
        if signed_in is None:
            raise FlowExpired("this sign-in has ended")
        return self._raise(onward, signed_in, proof)

    def _raise(self, onward: Onward, signed_in: SignedIn, proof: Proof) -> Response:
        with self._realm.writing() as store:
            cookie = step_up(self._realm.work(store), signed_in, proof)
        response = see_other(onward.after(SECOND_FACTOR, signed_in.session.session_id).address())
        set_cookie(response, self._realm, cookie)
        return response


def half_way_in(realm: Realm, proof: Proof) -> str:
    """Let the page carry what somebody proved so far."""
    with realm.reading() as store:
        return seal_half_way(realm.work(store), proof.person, proof.methods)


def ask_step(
    realm: Realm,
    frame: Frame,
    request: Request,
    onward: Onward,
    half_way: str,
    refusal: Refusal | None = None,
) -> Response:
    """Show the page that asks for the missing step."""
    signed_in = None if half_way else signed_in_at(request, realm)
    asking = _asking(realm, request, half_way, signed_in)
    with realm.reading() as store:
        pending = find_pending(realm.work(store), onward.flow)
    paused = isinstance(refusal, SignInPaused)
    context = {
        "client": welcome_app(frame, request, pending),
        "hidden": {**onward.hidden(), **({"half_way": half_way} if half_way else {})},
        "parts": _helpful(_parts(realm, asking), signed_in, wanted_acrs(pending)),
        "refusal": type(refusal).__name__ if refusal else "",
        "onward_to": lambda page, name: onward.to(page, name=name),
        "paused_until": refusal.until if isinstance(refusal, SignInPaused) else 0,
    }
    status = 200 if refusal is None else TOO_MANY if paused else BAD_REQUEST
    return frame.render(request, "identity/second-factor.html", context, status)


def _asking(realm: Realm, request: Request, half_way: str, signed_in: SignedIn | None) -> Asking:
    """Describe who has to prove more.

    Raises:
        FlowExpired: nobody is signed in or half-way in.
    """
    if half_way:
        return asking_at(request, realm, open_half_way(realm, half_way).person_id)
    if signed_in is None:
        raise FlowExpired("this sign-in has ended")
    session = signed_in.session
    return asking_at(request, realm, signed_in.person.person_id, session.session_id)


def _parts(realm: Realm, asking: Asking) -> Mapping[str, Part]:
    offers = {name: method.offer_to(realm, asking) for name, method in METHODS.items()}
    return {name: part for name, part in offers.items() if part is not None}


def _helpful(
    parts: Mapping[str, Part], signed_in: SignedIn | None, wanted: str
) -> Mapping[str, Part]:
    """Leave out what an app would not take for enough, where something else is."""
    if signed_in is None:
        return parts
    enough = {
        name: part
        for name, part in parts.items()
        if enough_with(signed_in, METHODS[name].adds, wanted) or _vouches(part, wanted)
    }
    return enough or parts


def _vouches(part: Part, wanted: str) -> bool:
    """Tell whether another provider knows the person well enough."""
    level = part.get("level")
    return isinstance(level, int) and meets(acr_of(level), wanted)
