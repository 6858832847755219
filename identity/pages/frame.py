"""What identity's pages ask of the frame around them, and of the browser."""

import re
from collections.abc import Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from identity.errors import FlowExpired, IdentityError
from identity.people.sessions import ABSOLUTE_SECONDS, cookie_name
from identity.people.subjects import Party
from identity.people.visits import Visit, household_of, visit_of
from identity.realm import Realm
from identity.standing.acting import SignedIn, current_session

SEE_OTHER, BAD_REQUEST = 303, 400
DRAFTED_FOR = "drafted_for"
Form = Mapping[str, str]


# One slash at the start, and nothing that a browser drops or reads as a slash (URL Standard §4.4).
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")


class Page(Protocol):
    """One page: shown by GET, its form received by POST."""

    path: str

    def show(self, request: Request) -> Response:
        """Show it."""

    def receive(self, request: Request, form: Form) -> Response:
        """Receive its form."""


class Frame(Protocol):
    """Renders pages and receives their forms."""

    def render(
        self, request: Request, template: str, context: Mapping[str, object], status: int = 200
    ) -> Response:
        """Answer with a page."""

    def refusal(self, request: Request, missing: str) -> Response:
        """Answer that somebody may not see this page, and what they lack."""

    def recognise(self, request: Request) -> None:
        """Note who is here now, for a page that is rendered after its cookie was changed."""

    async def form(self, request: Request) -> Mapping[str, str]:
        """Receive a form of ours, checked against forgery and repetition."""

    def allow_form_action(self, request: Request, origin: str) -> None:
        """Let the forms of this answer lead to another origin in the end."""


def read_cookie(request: Request, realm: Realm) -> str | None:
    """Return the value of the session cookie."""
    return request.cookies.get(cookie_name(realm.issuer))


def signed_in_at(request: Request, realm: Realm) -> SignedIn | None:
    """Find who is signed in at this browser."""
    return current_session(realm, read_cookie(request, realm))


def address_of(request: Request) -> str:
    """Return the network address by which a browser is counted, as far as it cannot choose it; a
    proxy's word for it is the server's matter.
    """
    return household_of(request.client.host) if request.client else ""


def visit_at(request: Request) -> Visit:
    """Describe coarsely from where a request came."""
    return visit_of(request.headers.get("user-agent", ""), address_of(request))


def set_cookie(response: Response, realm: Realm, value: str) -> None:
    """Give the browser its session; an empty value takes it away."""
    response.set_cookie(
        cookie_name(realm.issuer),
        value,
        max_age=ABSOLUTE_SECONDS if value else 0,
        path="/",
        secure=realm.issuer.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def cannot_continue(frame: Frame, request: Request, error: IdentityError) -> Response:
    """Explain why an app's request ends here, on a page and without any redirect."""
    context = {"expired": isinstance(error, FlowExpired), "detail": str(error)}
    return frame.render(request, "identity/cannot-continue.html", context, BAD_REQUEST)


def is_drafted_for(form: Form, party: Party) -> bool:
    """Tell whether a form was shown for the one acted for now: another window may have switched
    meanwhile, and what somebody wrote for one must not come to count for another.
    """
    return form.get(DRAFTED_FOR) == party.party_id


def see_other(address: str) -> RedirectResponse:
    """Send the browser elsewhere with a GET, never repeating its form (RFC 9700 §4.12)."""
    response = RedirectResponse(address, SEE_OTHER)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def local_address(text: str) -> str:
    """Return an address on this site, or the home page in place of anything else."""
    return text if _LOCAL.fullmatch(text) else "/"
