"""Identity's pages: sign in, choose for whom to act, allow an app, look back, sign out."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from identity.errors import BadAuthorizeRequest, FlowExpired, StepUpNeeded
from identity.pages.account import AccountPage
from identity.pages.act_for import ActForPage
from identity.pages.approvals import ApprovalsPage
from identity.pages.apps import PAGES as APP_PAGES
from identity.pages.consent import ConsentPage
from identity.pages.device import DevicePage
from identity.pages.enrolment import EnrolmentPage
from identity.pages.frame import Form, Frame, Page, cannot_continue, see_other
from identity.pages.linking import AccountsPage, LinkPage
from identity.pages.mandates import MandatesPage
from identity.pages.passkeys import PasskeysPage
from identity.pages.password import PasswordPage
from identity.pages.scan_desk import ScanDeskPage, ScanStatePage
from identity.pages.scan_phone import ScanPhonePage
from identity.pages.second_factor import SecondFactorPage
from identity.pages.sign_in import SignInPage
from identity.pages.sign_out import SignOutPage
from identity.pages.upstream import ArrivalPage, DeparturePage
from identity.realm import Realm

TEMPLATES = Path(__file__).with_name("templates")
TEXTS = Path(__file__).with_name("texts")
PAGES = (
    SignInPage,
    ActForPage,
    ConsentPage,
    ApprovalsPage,
    SignOutPage,
    AccountPage,
    SecondFactorPage,
    EnrolmentPage,
    PasswordPage,
    *APP_PAGES,
    DevicePage,
    PasskeysPage,
    ScanDeskPage,
    ScanStatePage,
    ScanPhonePage,
    MandatesPage,
    DeparturePage,
    ArrivalPage,
    LinkPage,
    AccountsPage,
)


def router(realm: Realm, frame: Frame) -> APIRouter:
    """Make the routes of the pages."""
    routes = APIRouter(include_in_schema=False)
    for make in PAGES:
        _add(routes, make(realm, frame), frame)
    return routes


def _add(routes: APIRouter, page: Page, frame: Frame) -> None:
    @routes.get(page.path)
    def show(request: Request) -> Response:
        try:
            return page.show(request)
        except StepUpNeeded as error:
            return see_other(f"/{error.step}?{urlencode({'return_to': _here(request)})}")
        except (BadAuthorizeRequest, FlowExpired) as error:
            return cannot_continue(frame, request, error)

    @routes.post(page.path)
    def receive(request: Request, form: Annotated[Form, Depends(frame.form)]) -> Response:
        try:
            return page.receive(request, form)
        except StepUpNeeded as error:
            return see_other(f"/{error.step}?{urlencode({'return_to': request.url.path})}")
        except (BadAuthorizeRequest, FlowExpired) as error:
            return cannot_continue(frame, request, error)


def _here(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
