"""Pages on which a person links an account at another provider, and takes the link away."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from identity.noting import note
from identity.pages.frame import Form, Frame, see_other, signed_in_at
from identity.pages.onward import Onward, read_onward
from identity.pages.upstream import LINK_PATH
from identity.pages.welcome import waiting_at
from identity.realm import Realm
from identity.sign_in import upstream as method
from identity.sign_in.second_factor import check_may_change, missing_step
from identity.sign_in.upstream import Elsewhere, open_link
from identity.standing.acting import SignedIn
from identity.trail.events import FACTOR_ADDED, FACTOR_REMOVED
from identity.upstreams.records import Link

ACCOUNTS_PATH = "/account/upstreams"
YES = "link"


class LinkPage:
    """Asks whether an account elsewhere is this person's, once they have signed in here anew."""

    path = LINK_PATH

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Ask; first of all the person signs in here."""
        sealed = request.query_params.get("link", "")
        elsewhere = self._open(request, sealed)
        signed_in = self._signed_in_since(request, elsewhere)
        if signed_in is None:
            here = f"{self.path}?{request.url.query}"
            return see_other(f"/sign-in?{urlencode({'return_to': here})}")
        context = {
            "upstream": elsewhere.upstream,
            "link": sealed,
            "hidden": read_onward(self._realm, request.query_params).hidden(),
            "person": signed_in.person,
        }
        return self._frame.render(request, "identity/link.html", context)

    def receive(self, request: Request, form: Form) -> Response:
        """Link the account, or leave it."""
        onward, elsewhere = (
            read_onward(self._realm, form),
            self._open(request, form.get("link", "")),
        )
        signed_in = self._signed_in_since(request, elsewhere)
        if signed_in is None:
            return see_other(onward.to("/sign-in"))
        if form.get("decision") != YES:
            return see_other(onward.address())
        name = elsewhere.upstream.name
        with self._realm.writing() as store:
            work = self._realm.work(store)
            check_may_change(work, signed_in)
            done = store.upstreams.link(Link(elsewhere.link_id, name, _id(signed_in), work.now))
            if done:
                note(work, FACTOR_ADDED, signed_in.who, detail=f"upstream {name}")
        return see_other(onward.address()) if done else self._taken(request, onward)

    def _open(self, request: Request, sealed: str) -> Elsewhere:
        return open_link(self._realm, sealed, waiting_at(request, self._realm, method.NAME))

    def _signed_in_since(self, request: Request, elsewhere: Elsewhere) -> SignedIn | None:
        """Find who signed in here after the provider said who they are there.

        Raises:
            StepUpNeeded: they have to do so by all they have.
        """
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None or signed_in.session.auth_time < elsewhere.since:
            return None
        with self._realm.reading() as store:
            check_may_change(self._realm.work(store), signed_in)
        return signed_in

    def _taken(self, request: Request, onward: Onward) -> Response:
        context = {"onward": onward.address()}
        return self._frame.render(request, "identity/link-taken.html", context, 409)


class AccountsPage:
    """Shows a person's accounts elsewhere."""

    path = ACCOUNTS_PATH

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show them, and what could be linked."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(f"/sign-in?return_to={self.path}")
        with self._realm.reading() as store:
            links = {each.provider: each for each in store.upstreams.links_of(_id(signed_in))}
            step = missing_step(self._realm.work(store), signed_in)
        context = {
            "upstreams": [(each, links.get(name)) for name, each in self._realm.upstreams.items()],
            "step": f"/{step}?return_to={self.path}" if step else "",
            "done": request.query_params.get("done") == "unlink",
        }
        return self._frame.render(request, "identity/upstreams.html", context)

    def receive(self, request: Request, form: Form) -> Response:
        """Take a link away."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(f"/sign-in?return_to={self.path}")
        name = form.get("provider", "")
        with self._realm.writing() as store:
            work = self._realm.work(store)
            check_may_change(work, signed_in)
            if store.upstreams.unlink(_id(signed_in), name):
                note(work, FACTOR_REMOVED, signed_in.who, detail=f"upstream {name}")
        return see_other(f"{self.path}?done=unlink")


def _id(signed_in: SignedIn) -> str:
    return signed_in.person.person_id
