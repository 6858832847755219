"""Where a person goes after a page: on with an app's request, or to an address of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request

from identity.apps.clients import Client
from identity.asking.flow import Flow, open_flow, seal_flow
from identity.authorization.asked import Asked, find_asked
from identity.grants.messages import Answer
from identity.pages.frame import Frame, local_address
from identity.realm import Realm, Work

AS, PERSON, COMPANY = "as", "person", "company"


@dataclass(frozen=True)
class Onward:
    """What the pages of one sign-in carry along, in their addresses and forms.

    Attributes:
        realm: the provider.
        flow: an app's request, None when the person came by themself.
        return_to: address of ours, when there is no flow.
        for_company: the person came to act for a legal person and will choose which.
    """

    realm: Realm
    flow: Flow | None
    return_to: str
    for_company: bool = False

    def after(self, step: str, session_id: str) -> "Onward":
        """Note that a step was done."""
        if self.flow is None:
            return self
        return replace(self, flow=self.flow.after(step, session_id))

    def hidden(self) -> Mapping[str, str]:
        """Return the fields that carry it on."""
        return {**self._aim(), **({AS: COMPANY} if self.for_company else {})}

    def to(self, page: str, **more: str) -> str:
        """Return the address of another page of the same sign-in."""
        return f"{page}?{urlencode({**self._aim(), **self._language(), **more})}"

    def _aim(self) -> Mapping[str, str]:
        if self.flow is None:
            return {"return_to": self.return_to}
        return {"flow": seal_flow(self.realm.seals, self.flow)}

    def _language(self) -> Mapping[str, str]:
        """Return the language the app asks for; the frame reads it from the address."""
        wished = self.flow.parameters.get("ui_locales") if self.flow else ""
        return {"ui_locales": wished} if wished else {}

    def address(self) -> str:
        """Return where to go when the pages are done."""
        return self.return_to if self.flow is None else self.to("/authorize")


def read_onward(realm: Realm, values: Mapping[str, str]) -> Onward:
    """Read where to go from an address or a form.

    Raises:
        FlowExpired: the app's request was begun too long ago.
    """
    sealed = values.get("flow", "")
    flow = open_flow(realm.seals, sealed, realm.clock()) if sealed else None
    for_company = values.get(AS) == COMPANY
    return Onward(realm, flow, local_address(values.get("return_to", "/")), for_company)


def find_pending(work: Work, flow: Flow | None) -> Asked | None:
    """Find the app's request in a flow, if it is in order.

    Raises:
        BadAuthorizeRequest: the app is not registered any more.
    """
    if flow is None:
        return None
    pending = find_asked(work, flow)
    return None if isinstance(pending, Answer) else pending


def welcome_app(frame: Frame, request: Request, pending: Asked | None) -> Client | None:
    """Let this page's form end at the app, and return the app to name it.

    Browsers apply `form-action` to every redirect that follows a form.
    """
    if pending is None:
        return None
    if pending.occasion is None:
        frame.allow_form_action(request, pending.parameters.get("redirect_uri"))
    return pending.client
