"""The page to sign out, and the one that says it is done."""

from starlette.requests import Request
from starlette.responses import Response

from identity.logout import open_after
from identity.noting import note
from identity.pages.frame import Form, Frame, see_other, set_cookie, signed_in_at
from identity.realm import Realm
from identity.standing.acting import SignedIn, end_session
from identity.trail.events import SIGNED_OUT


class SignOutPage:
    """Asks before it ends a sign-in that an app wants ended."""

    path = "/sign-out"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Ask, or say that nobody is signed in any more."""
        after = request.query_params.get("after", "")
        asked = open_after(self._realm.seals, after)
        if asked.after:
            self._frame.allow_form_action(request, asked.after)
        context = {
            "after": after,
            "app": asked.app,
            "signed_in": signed_in_at(request, self._realm) is not None,
        }
        return self._frame.render(request, "identity/sign-out.html", context)

    def receive(self, request: Request, form: Form) -> Response:
        """End the sign-in."""
        asked = open_after(self._realm.seals, form.get("after", ""))
        return leave(self._realm, signed_in_at(request, self._realm), asked.after)


def leave(realm: Realm, signed_in: SignedIn | None, target: str) -> Response:
    """End a sign-in, take its cookie away and go on."""
    if signed_in is not None:
        with realm.writing() as store:
            work = realm.work(store)
            end_session(work, signed_in.session.session_id)
            note(work, SIGNED_OUT, signed_in.who)
    response = see_other(target or "/sign-out")
    set_cookie(response, realm, "")
    return response
