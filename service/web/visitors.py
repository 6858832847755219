"""Who is at a page: found once per request, or sent to sign in."""

from collections.abc import Callable
from urllib.parse import urlencode

from fastapi import Request

from identity.pages.frame import read_cookie
from identity.realm import Realm
from identity.standing.acting import current_session
from service.acting import Acting, acting_by_session

SIGN_IN, ACT_FOR = "/sign-in", "/act-for"


class SignInFirst(Exception):
    """The page is for people who have signed in and chosen for whom they act.

    Attributes:
        address: where to go first; it leads back here.
    """

    def __init__(self, page: str, here: str) -> None:
        super().__init__("sign in first")
        self.address = f"{page}?{urlencode({'return_to': here})}"


def visitor(realm: Realm) -> Callable[[Request], Acting | None]:
    """Make the function that finds who is at a page, once per request."""

    def find(request: Request) -> Acting | None:
        if not hasattr(request.state, "acting"):
            signed_in = current_session(realm, read_cookie(request, realm))
            request.state.signed_in = signed_in is not None
            request.state.acting = acting_by_session(signed_in) if signed_in else None
        acting: Acting | None = request.state.acting
        return acting

    return find


def signed_in(find: Callable[[Request], Acting | None]) -> Callable[[Request], Acting]:
    """Make the dependency of pages that need somebody.

    Raises:
        SignInFirst: nobody is signed in, or they have not chosen for whom they act.
    """

    def require(request: Request) -> Acting:
        acting = find(request)
        if acting is None:
            here = request.url.path if request.method == "GET" else "/"
            raise SignInFirst(ACT_FOR if request.state.signed_in else SIGN_IN, here)
        return acting

    return require
