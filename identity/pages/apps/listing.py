"""The list of a legal person's apps."""

from starlette.requests import Request
from starlette.responses import Response

from identity.operating.changing import check_manages, is_sensitive
from identity.pages.apps.base import ManagingPage
from identity.pages.apps.words import KIND_WORDS, PROFILE_WORDS
from identity.pages.frame import Form, see_other
from identity.standing.acting import SignedIn


class AppsPage(ManagingPage):
    """Lists the apps, and what waits for a second person."""

    path = "/apps"
    careful = False

    def present(self, request: Request, who: SignedIn) -> Response:
        """Show the list."""
        with self._realm.reading() as store:
            now = self._realm.clock()
            apps = store.clients.of_owner(check_manages(who))
            waiting = {
                each.client_id: len(store.changes.of_client(each.client_id, now))
                for each in apps
                if is_sensitive(each)
            }
        context = {
            "apps": apps,
            "waiting": waiting,
            "kinds": KIND_WORDS,
            "profiles": PROFILE_WORDS,
            "removed": request.query_params.get("done") == "removed",
        }
        return self._frame.render(request, "identity/apps.html", context)

    def take(self, _request: Request, _who: SignedIn, _form: Form) -> Response:
        """Nothing is sent here."""
        return see_other(self.path)
