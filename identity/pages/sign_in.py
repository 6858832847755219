"""The sign-in page: one part for each way to sign in that the registry has."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import PasskeyRefused, SignInBusy, SignInPaused, SignInRefused
from identity.pages.frame import Form, Frame, see_other
from identity.pages.onward import (
    AS,
    COMPANY,
    PERSON,
    Onward,
    find_pending,
    read_onward,
    welcome_app,
)
from identity.pages.second_factor import ask_step, half_way_in
from identity.pages.welcome import asking_at, is_half_way, let_in, note_failure
from identity.people.subjects import looks_like_citizen_number
from identity.realm import Realm
from identity.sign_in import METHODS, password
from identity.sign_in.methods import Part

REFUSED, TOO_MANY, BUSY = 400, 429, 503
Refusal = SignInRefused | PasskeyRefused | SignInPaused | SignInBusy
STATUSES: Mapping[type[Exception], int] = {
    SignInRefused: REFUSED,
    PasskeyRefused: REFUSED,
    SignInPaused: TOO_MANY,
    SignInBusy: BUSY,
}


class SignInPage:
    """Asks who somebody is."""

    path = "/sign-in"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show the empty forms."""
        onward = read_onward(self._realm, request.query_params)
        return self._render(request, onward, request.query_params, None)

    def receive(self, request: Request, form: Form) -> Response:
        """Check a form and open a session."""
        onward = read_onward(self._realm, form)
        name = form.get("method", password.NAME)
        if name not in self._parts():
            return see_other(onward.to(self.path))
        try:
            proof = METHODS[name].prove(
                self._realm, form, asking_at(request, self._realm, method=name)
            )
        except (SignInRefused, PasskeyRefused) as refusal:
            note_failure(self._realm, request, refusal.person_id, name)
            return self._render(request, onward, form, refusal)
        except (SignInPaused, SignInBusy) as refusal:
            return self._render(request, onward, form, refusal)
        if is_half_way(self._realm, proof):
            half_way = half_way_in(self._realm, proof)
            return ask_step(self._realm, self._frame, request, onward, half_way)
        return let_in(self._realm, request, onward, proof, name)

    def _parts(self) -> Mapping[str, Part]:
        offers = {name: method.offer(self._realm) for name, method in METHODS.items()}
        return {name: part for name, part in offers.items() if part is not None}

    def _render(
        self, request: Request, onward: Onward, typed: Mapping[str, str], refusal: Refusal | None
    ) -> Response:
        with self._realm.reading() as store:
            pending = find_pending(self._realm.work(store), onward.flow)
        hint = pending.parameters.get("login_hint") if pending else ""
        account = typed.get("account", "") if request.method == "POST" else ""
        context = {
            "client": welcome_app(self._frame, request, pending),
            "hidden": onward.hidden(),
            "tabs": {tab: onward.to(self.path, **{AS: tab}) for tab in (PERSON, COMPANY)},
            "tab": COMPANY if onward.for_company else PERSON,
            "parts": self._parts(),
            "onward_to": lambda page, name: onward.to(page, name=name),
            "account": account or ("" if looks_like_citizen_number(hint) else hint),
            "refusal": _describe(refusal),
        }
        status = 200 if refusal is None else STATUSES[type(refusal)]
        response = self._frame.render(request, "identity/sign-in.html", context, status)
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
