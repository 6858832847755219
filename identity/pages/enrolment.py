"""The page on which a person takes up a second factor, or gives it up."""

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import (
    FlowExpired,
    NotRegistered,
    SealBroken,
    SecondFactorRefused,
    SignInBusy,
    SignInPaused,
    SignInRefused,
)
from identity.noting import note
from identity.pages.drawing import draw
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    see_other,
    set_cookie,
    signed_in_at,
)
from identity.pages.welcome import asking_at
from identity.people.assurance import CODE, PASSWORD_LEVEL
from identity.realm import Realm
from identity.sign_in import METHODS, password, totp
from identity.sign_in.code import prove_second
from identity.sign_in.methods import Proof
from identity.sign_in.second_factor import check_may_change, enrol, is_enrolled, step_up
from identity.standing.acting import SignedIn
from identity.trail.events import FACTOR_ADDED, FACTOR_REMOVED

SIGN_IN = "/sign-in?return_to=/account/second-factor"
ISSUER_NAME = "Haihe"
REFUSED = (SecondFactorRefused, SignInRefused, SignInPaused, SignInBusy)


class EnrolmentPage:
    """Shows a key as QR code and takes the first code made with it."""

    path = "/account/second-factor"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show a fresh key, or that there is a second factor."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        with self._realm.reading() as store:
            work = self._realm.work(store)
            if not is_enrolled(work, signed_in.person.person_id):
                check_may_change(work, signed_in)
        return self._render(request, signed_in, self._realm.random(totp.KEY_BYTES))

    def receive(self, request: Request, form: Form) -> Response:
        """Take the factor up or give it up; both need what the person has and knows."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        try:
            if form.get("act") == "remove":
                return self._remove(signed_in, form)
            return self._enrol(request, signed_in, form)
        except REFUSED:
            return self._render(request, signed_in, self._key(signed_in, form), refused=True)
        except NotRegistered:  # taken up meanwhile in another window
            return see_other(self.path)

    def _enrol(self, request: Request, signed_in: SignedIn, form: Form) -> Response:
        fields = {"account": signed_in.person.account, "password": form.get("password", "")}
        METHODS[password.NAME].prove(self._realm, fields, asking_at(request, self._realm))
        self._frame.recognise(request)
        with self._realm.writing() as store:
            work = self._realm.work(store)
            key, person_id = self._key(signed_in, form), signed_in.person.person_id
            check_may_change(work, signed_in)
            codes = enrol(work, person_id, key, form.get("code", ""))
            note(work, FACTOR_ADDED, signed_in.who, detail=totp.NAME)
            cookie = step_up(work, signed_in, Proof(signed_in.person, PASSWORD_LEVEL, (CODE,)))
        response = self._frame.render(request, "identity/recovery-codes.html", {"codes": codes})
        set_cookie(response, self._realm, cookie)
        return response

    def _remove(self, signed_in: SignedIn, form: Form) -> Response:
        prove_second(self._realm, signed_in.person.person_id, form.get("code", ""))
        with self._realm.writing() as store:
            store.factors.remove(signed_in.person.person_id)
            note(self._realm.work(store), FACTOR_REMOVED, signed_in.who, detail=totp.NAME)
        return see_other("/account?done=factor")

    def _key(self, signed_in: SignedIn, form: Form) -> bytes:
        """Read the key that the page was shown with."""
        if form.get("act") == "remove":
            return self._realm.random(totp.KEY_BYTES)
        label = ("totp enrolment", signed_in.session.session_id)
        try:
            return self._realm.seals.open_text(form.get("key", ""), *label)
        except SealBroken:
            raise FlowExpired("this page was not made here") from None

    def _render(
        self, request: Request, signed_in: SignedIn, key: bytes, *, refused: bool = False
    ) -> Response:
        person = signed_in.person
        with self._realm.reading() as store:
            enrolled = is_enrolled(self._realm.work(store), person.person_id)
            left = store.factors.codes_left(person.person_id)
        label = ("totp enrolment", signed_in.session.session_id)
        context = {
            "enrolled": enrolled,
            "codes_left": left,
            "qr": draw(totp.address_of(key, person.account, ISSUER_NAME)),
            "spelled": " ".join(_fours(totp.spell(key))),
            "key": self._realm.seals.seal_text(key, *label),
            "refused": refused,
        }
        status = BAD_REQUEST if refused else 200
        return self._frame.render(request, "identity/enrolment.html", context, status)


def _fours(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]
