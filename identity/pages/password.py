"""The page on which a person changes their password."""

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import BadRegistration, SignInBusy, SignInPaused, SignInRefused
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    see_other,
    set_cookie,
    signed_in_at,
)
from identity.pages.welcome import asking_at
from identity.realm import Realm
from identity.sign_in import METHODS, password
from identity.sign_in.choosing import check_choice
from identity.sign_in.hashing import MOST_CHARACTERS, hash_password
from identity.standing.account import change_password

SIGN_IN = "/sign-in?return_to=/account/password"
REFUSED = (SignInRefused, SignInPaused, SignInBusy)


class PasswordPage:
    """Asks for the password of now and a new one."""

    path = "/account/password"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show the empty form."""
        if signed_in_at(request, self._realm) is None:
            return see_other(SIGN_IN)
        return self._render(request, "")

    def receive(self, request: Request, form: Form) -> Response:
        """Change it; every other sign-in and all that apps hold ends."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        new = form.get("new", "")
        try:
            check_choice(new, signed_in.person.account, self._realm.is_leaked)
            fields = {"account": signed_in.person.account, "password": form.get("password", "")}
            METHODS[password.NAME].prove(self._realm, fields, asking_at(request, self._realm))
            new_hash = hash_password(new)
        except BadRegistration:
            return self._render(request, "new")
        except REFUSED:
            return self._render(request, "password")
        with self._realm.writing() as store:
            cookie = change_password(self._realm.work(store), signed_in, new_hash)
        response = see_other("/account?done=password")
        set_cookie(response, self._realm, cookie)
        return response

    def _render(self, request: Request, wrong: str) -> Response:
        context = {"wrong": wrong, "most": MOST_CHARACTERS}
        status = BAD_REQUEST if wrong else 200
        return self._frame.render(request, "identity/password.html", context, status)
