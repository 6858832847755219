"""The desktop's side of scan-to-sign-in: the code, its time, and the way in after a yes."""

from starlette.requests import Request
from starlette.responses import Response

from identity.authorization.authorizing import insists
from identity.errors import SignInPaused
from identity.pages.drawing import draw
from identity.pages.frame import Form, Frame, address_of, see_other, visit_at
from identity.pages.onward import find_pending, read_onward, welcome_app
from identity.pages.welcome import keep_waiting, waiting_at
from identity.people.scans import APPROVED, SECRET_BYTES, WAITING, Scan, id_of
from identity.realm import Realm
from identity.sign_in import scan as method
from identity.sign_in.scanning import begin_scan, challenge_for
from identity.sign_in.tries import Count, count_try

PATH = "/sign-in/scan"
STATE_PATH = f"{PATH}/state"
CODES = 30  # of one address within five minutes
TOO_MANY, NOTHING_NEW = 429, 204
OVER = "over"


class ScanDeskPage:
    """Shows a code and waits."""

    path = PATH

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show the code that this browser waits with; without script the page asks again itself."""
        return render_scan(self._realm, self._frame, request, "identity/scan-desk.html")

    def receive(self, request: Request, form: Form) -> Response:
        """Make a code for this browser."""
        onward, secret = read_onward(self._realm, form), self._realm.random(SECRET_BYTES).hex()
        try:
            count_try(self._realm, Count("scan", address_of(request), CODES))
        except SignInPaused:
            context = {"onward": onward.hidden(), "again": onward.to("/sign-in")}
            return self._frame.render(request, "identity/scan-paused.html", context, TOO_MANY)
        with self._realm.writing() as store:
            work = self._realm.work(store)
            pending = find_pending(work, onward.flow)
            name = pending.client.name if pending else ""
            begin_scan(work, secret, name, visit_at(request), fresh=insists(pending))
        response = see_other(onward.to(self.path))
        keep_waiting(response, self._realm, method.NAME, secret)
        return response


class ScanStatePage:
    """Says what became of the code, to the script of the page; nothing while nothing did."""

    path = STATE_PATH

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Answer with the part of the page that changed."""
        if _state(self._realm, _find(self._realm, request)) == WAITING:
            return Response(status_code=NOTHING_NEW, headers={"Cache-Control": "no-store"})
        return render_scan(self._realm, self._frame, request, "identity/scan-state.html")

    def receive(self, request: Request, form: Form) -> Response:  # noqa: ARG002
        """Take no form."""
        return see_other(PATH)


def render_scan(realm: Realm, frame: Frame, request: Request, template: str) -> Response:
    """Show how it stands between this browser and a phone."""
    onward, scan = read_onward(realm, request.query_params), _find(realm, request)
    with realm.reading() as store:
        client = welcome_app(frame, request, find_pending(realm.work(store), onward.flow))
        person = store.people.find_person(scan.person_id) if scan and scan.person_id else None
    state = _state(realm, scan)
    context = {
        "client": client,
        "hidden": onward.hidden(),
        "back": onward.to("/sign-in"),
        "state": state,
        "state_address": onward.to(STATE_PATH),
        "scan": scan,
        "person": person,
        "now": realm.clock(),
        "qr": draw(f"{realm.issuer}/scan?c={challenge_for(realm, scan)}")
        if scan and state == WAITING
        else "",
    }
    return frame.render(request, template, context)


def _find(realm: Realm, request: Request) -> Scan | None:
    secret = waiting_at(request, realm, method.NAME)
    with realm.reading() as store:
        return store.scans.find(id_of(secret)) if secret else None


def _state(realm: Realm, scan: Scan | None) -> str:
    if scan is None or realm.clock() >= scan.expires_at:
        return OVER
    return scan.state if scan.state in {WAITING, APPROVED} else OVER
