"""The sign-in page."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import SignInBusy, SignInPaused, SignInRefused
from identity.flow import SIGN_IN
from identity.pages.frame import (
    Form,
    Frame,
    address_of,
    see_other,
    set_cookie,
    signed_in_at,
    visit_at,
)
from identity.pages.onward import Onward, find_pending, read_onward, welcome_app
from identity.pages.second_factor import ask_code, needs_code
from identity.realm import Realm
from identity.second_factor import seal_half_way
from identity.sign_in import METHODS, password
from identity.sign_in.methods import Proof
from identity.signing_in import note_sign_in, open_session
from identity.subjects import looks_like_citizen_number

REFUSED, TOO_MANY, BUSY = 400, 429, 503
Refusal = SignInRefused | SignInPaused | SignInBusy


class SignInPage:
    """Asks who somebody is."""

    path = "/sign-in"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show the empty form."""
        onward = read_onward(self._realm, request.query_params)
        return self._render(request, onward, "", None)

    def receive(self, request: Request, form: Form) -> Response:
        """Check the form and open a session."""
        onward = read_onward(self._realm, form)
        try:
            proof = METHODS[password.NAME].prove(self._realm, form, address_of(request))
        except SignInRefused as refusal:
            self._note_failure(request, refusal)
            return self._render(request, onward, form.get("account", ""), refusal)
        except (SignInPaused, SignInBusy) as refusal:
            return self._render(request, onward, form.get("account", ""), refusal)
        if needs_code(self._realm, proof.person.person_id):
            return self._ask_code(request, onward, proof)
        return self._open(request, onward, proof)

    def _ask_code(self, request: Request, onward: Onward, proof: Proof) -> Response:
        with self._realm.reading() as store:
            half_way = seal_half_way(self._realm.work(store), proof.person)
        return ask_code(self._realm, self._frame, request, onward, half_way)

    def _note_failure(self, request: Request, refusal: SignInRefused) -> None:
        with self._realm.writing() as store:
            work, visit = self._realm.work(store), visit_at(request)
            note_sign_in(work, refusal.person_id, password.NAME, visit, succeeded=False)

    def _open(self, request: Request, onward: Onward, proof: Proof) -> Response:
        old, visit = signed_in_at(request, self._realm), visit_at(request)
        with self._realm.writing() as store:
            work = self._realm.work(store)
            cookie, session = open_session(work, proof, old, visit)
            note_sign_in(work, proof.person.person_id, password.NAME, visit, succeeded=True)
        onward = onward.after(SIGN_IN, session.session_id)
        choose = session.party_id is None and onward.flow is None
        response = see_other(onward.to("/act-for") if choose else onward.address())
        set_cookie(response, self._realm, cookie)
        return response

    def _render(
        self, request: Request, onward: Onward, account: str, refusal: Refusal | None
    ) -> Response:
        with self._realm.reading() as store:
            pending = find_pending(self._realm.work(store), onward.flow)
        client = welcome_app(self._frame, request, pending)
        hint = pending.parameters.get("login_hint") if pending else ""
        context = {
            "client": client,
            "hidden": onward.hidden(),
            "account": account or ("" if looks_like_citizen_number(hint) else hint),
            "refusal": _describe(refusal),
            "now": self._realm.clock(),
        }
        response = self._frame.render(request, "identity/sign-in.html", context, _status(refusal))
        if isinstance(refusal, SignInPaused):
            response.headers["Retry-After"] = str(max(1, refusal.until - self._realm.clock()))
        return response


def _describe(refusal: Refusal | None) -> Mapping[str, object] | None:
    if refusal is None:
        return None
    return {
        "kind": type(refusal).__name__,
        "tries_left": getattr(refusal, "tries_left", 0),
        "until": getattr(refusal, "until", 0),
    }


def _status(refusal: Refusal | None) -> int:
    statuses = {SignInRefused: REFUSED, SignInPaused: TOO_MANY, SignInBusy: BUSY}
    return 200 if refusal is None else statuses[type(refusal)]
