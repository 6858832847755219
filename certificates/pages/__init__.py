"""Pages of certificates: the holder's, the clerk's and the department's."""

from pathlib import Path

from fastapi import APIRouter

from certificates.desk import Desk
from certificates.pages import department, holder, window
from certificates.pages.frame import Frame, SignedIn

TEMPLATES = Path(__file__).with_name("templates")
TEXTS = Path(__file__).with_name("texts")


def router(frame: Frame, desk: Desk, signed_in: SignedIn) -> APIRouter:
    """Make the routes of the pages.

    Args:
        frame: renders pages and receives forms.
        desk: the use cases.
        signed_in: dependency that gives who is at the page, or sends them to sign in.
    """
    routes = APIRouter(include_in_schema=False)
    for pages in (holder, window, department):
        pages.add(routes, frame, desk, signed_in)
    return routes
