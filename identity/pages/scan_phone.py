"""The phone's side of scan-to-sign-in: who asks, from where, for what; a yes needs an act."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import FlowExpired
from identity.pages.frame import BAD_REQUEST, Form, Frame, see_other, signed_in_at, visit_at
from identity.people.scans import Scan
from identity.people.visits import Visit
from identity.realm import Realm
from identity.sign_in import scan as method
from identity.sign_in.scanning import approve, find_scanned, may_approve, refuse
from identity.sign_in.signing_in import note_sign_in
from identity.standing.acting import SignedIn

ALLOW, LATE = "allow", "late"


class ScanPhonePage:
    """Asks whether a desktop may sign in as this person."""

    path = "/scan"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show who asks; first of all the person signs in."""
        try:
            return self._show(request, request.query_params.get("c", ""))
        except FlowExpired:
            return self._end(request, LATE, BAD_REQUEST)

    def receive(self, request: Request, form: Form) -> Response:
        """Take the answer; everything but a clear yes, confirmed, is a no or a question."""
        try:
            return self._take(request, form)
        except FlowExpired:
            return self._end(request, LATE, BAD_REQUEST)

    def _show(self, request: Request, challenge: str) -> Response:
        scan, signed_in = self._find(challenge), signed_in_at(request, self._realm)
        if signed_in is None or not may_approve(scan, signed_in):
            here = f"{self.path}?{urlencode({'c': challenge})}"
            return see_other(f"/sign-in?{urlencode({'return_to': here})}")
        return self._render(request, challenge, scan, signed_in)

    def _take(self, request: Request, form: Form) -> Response:
        challenge = form.get("c", "")
        scan, signed_in = self._find(challenge), signed_in_at(request, self._realm)
        if signed_in is None or not may_approve(scan, signed_in):
            return see_other(f"{self.path}?{urlencode({'c': challenge})}")
        allowed = form.get("decision") == ALLOW
        if allowed and form.get("number") != scan.number:
            return self._render(request, challenge, scan, signed_in, unconfirmed=True)
        with self._realm.writing() as store:
            work = self._realm.work(store)
            done = approve(work, scan, signed_in) if allowed else refuse(work, scan)
            if done and not allowed:
                desk = Visit(scan.device, scan.network)
                person_id = signed_in.person.person_id
                note_sign_in(work, person_id, method.NAME, desk, succeeded=False)
        return self._end(request, ("allowed" if allowed else "refused") if done else LATE)

    def _end(self, request: Request, outcome: str, status: int = 200) -> Response:
        return self._frame.render(request, "identity/scan-end.html", {"outcome": outcome}, status)

    def _find(self, challenge: str) -> Scan:
        with self._realm.reading() as store:
            return find_scanned(self._realm.work(store), challenge)

    def _render(
        self,
        request: Request,
        challenge: str,
        scan: Scan,
        signed_in: SignedIn,
        *,
        unconfirmed: bool = False,
    ) -> Response:
        context = {
            "c": challenge,
            "scan": scan,
            "host": urlsplit(self._realm.issuer).netloc,
            "person": signed_in.person,
            "same_network": bool(scan.network) and visit_at(request).network == scan.network,
            "unconfirmed": unconfirmed,
            "now": self._realm.clock(),
        }
        status = BAD_REQUEST if unconfirmed else 200
        return self._frame.render(request, "identity/scan-phone.html", context, status)
