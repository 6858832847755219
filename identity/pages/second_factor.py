"""The page that asks for the second factor: at sign-in, or when an app asks for more."""

from starlette.requests import Request
from starlette.responses import Response

from identity.acting import SignedIn
from identity.errors import FlowExpired, SecondFactorRefused, SignInPaused
from identity.flow import SECOND_FACTOR, SIGN_IN
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    see_other,
    set_cookie,
    signed_in_at,
    visit_at,
)
from identity.pages.onward import Onward, find_pending, read_onward, welcome_app
from identity.realm import Realm
from identity.second_factor import both, is_enrolled, open_half_way, prove_second, step_up
from identity.sign_in import totp
from identity.signing_in import note_sign_in, open_session

TOO_MANY = 429
Refusal = SecondFactorRefused | SignInPaused


class SecondFactorPage:
    """Asks for a code."""

    path = "/second-factor"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Ask somebody who is signed in for the factor that is missing."""
        onward = read_onward(self._realm, request.query_params)
        if signed_in_at(request, self._realm) is None:
            return see_other(onward.to("/sign-in"))
        return ask_code(self._realm, self._frame, request, onward, "")

    def receive(self, request: Request, form: Form) -> Response:
        """Check the code; open a session, or raise the one there is."""
        onward = read_onward(self._realm, form)
        half_way, signed_in = form.get("half_way", ""), signed_in_at(request, self._realm)
        if half_way:
            person_id = open_half_way(self._realm, half_way).person_id
        elif signed_in is not None:
            person_id = signed_in.person.person_id
        else:
            raise FlowExpired("this sign-in has ended")
        try:
            method = prove_second(self._realm, person_id, form.get("code", ""))
        except (SecondFactorRefused, SignInPaused) as refusal:
            self._note_failure(request, person_id)
            return ask_code(self._realm, self._frame, request, onward, half_way, refusal)
        if half_way or signed_in is None:
            return self._open(request, onward, person_id, method)
        return self._raise(onward, signed_in)

    def _note_failure(self, request: Request, person_id: str) -> None:
        with self._realm.writing() as store:
            work = self._realm.work(store)
            note_sign_in(work, person_id, totp.NAME, visit_at(request), succeeded=False)

    def _open(self, request: Request, onward: Onward, person_id: str, method: str) -> Response:
        old, visit = signed_in_at(request, self._realm), visit_at(request)
        with self._realm.writing() as store:
            work = self._realm.work(store)
            person = store.people.find_person(person_id)
            if person is None or (person.demo and not self._realm.demo_allowed):
                raise FlowExpired("this account has ended")
            cookie, session = open_session(work, both(person), old, visit)
            note_sign_in(work, person_id, method, visit, succeeded=True)
        onward = onward.after(SIGN_IN, session.session_id).after(SECOND_FACTOR, session.session_id)
        choose = session.party_id is None and onward.flow is None
        response = see_other(onward.to("/act-for") if choose else onward.address())
        set_cookie(response, self._realm, cookie)
        return response

    def _raise(self, onward: Onward, signed_in: SignedIn) -> Response:
        with self._realm.writing() as store:
            cookie = step_up(self._realm.work(store), signed_in)
        response = see_other(onward.after(SECOND_FACTOR, signed_in.session.session_id).address())
        set_cookie(response, self._realm, cookie)
        return response


def ask_code(
    realm: Realm,
    frame: Frame,
    request: Request,
    onward: Onward,
    half_way: str,
    refusal: Refusal | None = None,
) -> Response:
    """Show the page that asks for a code."""
    with realm.reading() as store:
        pending = find_pending(realm.work(store), onward.flow)
    paused = isinstance(refusal, SignInPaused)
    context = {
        "client": welcome_app(frame, request, pending),
        "hidden": {**onward.hidden(), **({"half_way": half_way} if half_way else {})},
        "refused": refusal is not None,
        "paused_until": refusal.until if isinstance(refusal, SignInPaused) else 0,
    }
    status = 200 if refusal is None else TOO_MANY if paused else BAD_REQUEST
    return frame.render(request, "identity/second-factor.html", context, status)


def needs_code(realm: Realm, person_id: str) -> bool:
    """Tell whether a password alone does not sign this person in."""
    with realm.reading() as store:
        return is_enrolled(realm.work(store), person_id)
