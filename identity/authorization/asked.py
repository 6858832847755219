"""What a person is asked to allow: an app's request here, or one that waits elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from identity.apps.clients import Client
from identity.asking.decoupled import Decoupled
from identity.asking.flow import Flow
from identity.asking.parameters import Parameters
from identity.asking.scopes import permitted
from identity.asking.wanted import want_subject
from identity.elsewhere.deciding import accept, refuse
from identity.errors import BadAuthorizeRequest
from identity.grants.messages import Answer
from identity.grants.particulars import NOTHING, Particulars
from identity.provider import SEE_OTHER, check_authorization
from identity.realm import Work
from identity.standing.acting import SignedIn


class Asked(Protocol):
    """A request that is in order and waits for the person."""

    @property
    def client(self) -> Client:
        """Who asks."""

    @property
    def scopes(self) -> frozenset[str]:
        """What for, as far as the app is registered for it."""

    @property
    def parameters(self) -> Parameters:
        """How: what the app says about sign-in and choice."""

    @property
    def particulars(self) -> Particulars:
        """What for in particular, and for which interfaces."""

    @property
    def occasion(self) -> Decoupled | None:
        """The request that waits elsewhere; None when the app waits for this browser."""

    def allow(self, signed_in: SignedIn) -> Answer:
        """Keep the person's yes, and say where the browser goes."""

    def deny(self) -> Answer:
        """Keep the person's no, and say where the browser goes."""

    def fail(self, error: str) -> Answer:
        """Say where the browser goes when no page may be shown."""


@dataclass(frozen=True)
class Elsewhere:
    """A request of another device; its end here is a page that sends the person back there."""

    work: Work
    client: Client
    occasion: Decoupled
    particulars: Particulars = NOTHING

    @property
    def scopes(self) -> frozenset[str]:
        """What for, as far as the app is registered for it now."""
        return permitted(self.occasion.scopes, self.client.scopes)

    @property
    def parameters(self) -> Parameters:
        """How sure the app wants to be, and for whom the person has to act."""
        seals, occasion = self.work.realm.seals, self.occasion
        values = {"acr_values": occasion.acr_values} if occasion.acr_values else {}
        if occasion.party_id:
            values["claims"] = want_subject(seals.subject(occasion.party_id, self.client.sector))
        return Parameters(values)

    def allow(self, signed_in: SignedIn) -> Answer:
        """Write what the app may fetch, unless somebody answered before."""
        done = accept(self.work, self.occasion, self.client, signed_in)
        return end_at(self.occasion, "allowed" if done else "late")

    def deny(self) -> Answer:
        """Tell the app, at its next poll, that the person refused."""
        done = refuse(self.work, self.occasion, self.client)
        return end_at(self.occasion, "refused" if done else "late")

    def fail(self, error: str) -> Answer:
        """Say why it cannot be answered here; it waits on."""
        return end_at(self.occasion, error)


def find_asked(work: Work, flow: Flow) -> Asked | Answer:
    """Find what a flow asks for, or what ends it.

    Raises:
        BadAuthorizeRequest: the app or its address is not known.
    """
    if not flow.decoupled:
        return check_authorization(work, flow)
    occasion = work.store.decoupled.find(flow.decoupled)
    if occasion is None:
        raise BadAuthorizeRequest("no such request waits here")
    if not occasion.waits(work.now):
        return end_at(occasion, "late")
    client = work.store.clients.find(occasion.client_id)
    if client is None or (client.demo and not work.realm.demo_allowed):
        raise BadAuthorizeRequest("no app with this client_id is registered here")
    return Elsewhere(work, client, occasion)


def end_at(occasion: Decoupled, outcome: str) -> Answer:
    """Send the browser to the page that says how a request ended here."""
    query: Mapping[str, str] = {"done": outcome}
    return Answer(SEE_OTHER, "", [("Location", f"{occasion.page}?{urlencode(query)}")])
