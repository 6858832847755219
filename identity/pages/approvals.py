"""A person's page of the requests that wait for them: an app elsewhere asks, they answer here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.decoupled import Decoupled
from identity.asking.flow import Flow
from identity.asking.scopes import SCOPES, Scope, join
from identity.authorization.authorizing import deny
from identity.pages.deliver import deliver
from identity.pages.frame import Form, Frame, see_other, signed_in_at
from identity.pages.onward import Onward
from identity.realm import Realm, Work
from identity.standing.acting import SignedIn

SIGN_IN = "/sign-in?return_to=/approvals"
REFUSE = "refuse"
SHOWN = 20


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


DONE: Mapping[str, tuple[str, str]] = {
    "allowed": ("ok", _("已经同意，对方那里会自动继续。")),
    "refused": ("warn", _("已经拒绝，对方什么也没有得到。")),
    "late": ("warn", _("这个请求已经答复过，或者过期了。")),
    "login_required": ("warn", _("这个请求是给您的另一个身份的。请再打开它，选对身份。")),
}


@dataclass(frozen=True)
class Waiting:
    """One request, as the page shows it."""

    asked: Decoupled
    app: str
    owner: str
    party: str
    scopes: Sequence[Scope]


class ApprovalsPage:
    """Lists what waits; a yes is given on the consent page, a no here as well."""

    path = "/approvals"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show what waits for this person."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        with self._realm.reading() as store:
            waiting = _read(self._realm.work(store), signed_in)
        done = DONE.get(request.query_params.get("done", ""))
        context = {"waiting": waiting, "done": done, "person": signed_in.person}
        return self._frame.render(request, "identity/approvals.html", context)

    def receive(self, request: Request, form: Form) -> Response:
        """Open a request, or refuse it at once."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        with self._realm.reading() as store:
            own = store.decoupled.of_person(signed_in.person.person_id, self._realm.clock(), SHOWN)
        if form.get("request") not in {asked.request_id for asked in own}:
            return see_other(f"{self.path}?done=late")
        flow = Flow("", self._realm.clock(), decoupled=form["request"])
        if form.get("decision") != REFUSE:
            return see_other(Onward(self._realm, flow, "/").address())
        with self._realm.writing() as store:
            answer = deny(self._realm.work(store), flow, signed_in)
        return deliver(self._frame, request, flow, answer)


def _read(work: Work, signed_in: SignedIn) -> Sequence[Waiting]:
    requests = work.store.decoupled.of_person(signed_in.person.person_id, work.now, SHOWN)
    apps = {each: work.store.clients.find(each) for each in {r.client_id for r in requests}}
    named = {app.owner_id for app in apps.values() if app} | {r.party_id for r in requests}
    parties = work.store.people.find_parties(named - {""}) if requests else {}
    names = {party_id: party.name for party_id, party in parties.items()}
    return [
        Waiting(
            asked,
            app.name,
            names.get(app.owner_id, ""),
            names.get(asked.party_id, ""),
            [SCOPES[name] for name in join(asked.scopes).split()],
        )
        for asked in requests
        if (app := apps[asked.client_id]) and (work.realm.demo_allowed or not app.demo)
    ]
