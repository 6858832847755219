"""What the pages of apps share: who may be here, and what is said when somebody may not."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from identity.apps.clients import Client
from identity.errors import MandateMissing, NotRegistered
from identity.operating.changing import check_manages, find_own
from identity.pages.frame import Form, Frame, see_other, signed_in_at
from identity.realm import Realm
from identity.sign_in.second_factor import check_may_change
from identity.standing.acting import SignedIn

NOT_FOUND = 404
LIST = "/apps"


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


MISSING = _("这一页需要“管理应用”的权限，您现在的身份没有。")


class ManagingPage:
    """A page for people who manage the apps of a legal person.

    `path` is the address; `careful` says that somebody must have signed in just now, by two
    factors if they have two.
    """

    path = LIST
    careful = True

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show it to who may see it."""
        return self._for(request, lambda who: self.present(request, who))

    def receive(self, request: Request, form: Form) -> Response:
        """Receive its form from who may send it."""
        return self._for(request, lambda who: self.take(request, who, form))

    def present(self, request: Request, who: SignedIn) -> Response:
        """Show it."""
        raise NotImplementedError

    def take(self, request: Request, who: SignedIn, form: Form) -> Response:
        """Receive its form."""
        raise NotImplementedError

    def confirm(self, who: SignedIn) -> None:
        """Ask who is here to prove it again, if that was long ago.

        Raises:
            StepUpNeeded: it was.
        """
        with self._realm.reading() as store:
            check_may_change(self._realm.work(store), who)

    def app(self, request: Request, who: SignedIn) -> Client:
        """Find the app of the address.

        Raises:
            NotRegistered: the legal person has no such app.
        """
        with self._realm.reading() as store:
            return find_own(self._realm.work(store), who, request.path_params["client_id"])

    def _for(self, request: Request, act: Callable[[SignedIn], Response]) -> Response:
        who = signed_in_at(request, self._realm)
        if who is None or who.party is None:
            step = "/sign-in" if who is None else "/act-for"
            return see_other(f"{step}?return_to={request.url.path}")
        try:
            check_manages(who)
            if self.careful:
                self.confirm(who)
            return act(who)
        except MandateMissing:
            return self._frame.refusal(request, MISSING)
        except NotRegistered:
            context = {"apps": LIST}
            return self._frame.render(request, "identity/app-unknown.html", context, NOT_FOUND)
