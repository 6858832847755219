"""An authorization request on its way through sign-in, act-for and consent.

Nothing is stored: the request travels sealed in a parameter, with the steps that were done. A
step counts only in the sign-in in which it was done, so nobody can hand somebody else a flow in
which consent seems to be given.
"""

import json
from dataclasses import dataclass, fields, replace
from functools import cached_property

from identity.asking.parameters import Parameters, read_parameters
from identity.errors import FlowExpired, SealBroken
from identity.seals import Seals

LIFETIME_SECONDS = 3600
SIGN_IN = "sign-in"
ACT_FOR = "act-for"
CONSENT = "consent"
SECOND_FACTOR = "second-factor"


@dataclass(frozen=True)
class Flow:
    """One authorization request and how far it got.

    Attributes:
        query: the request, as a query string.
        started_at: when the app sent the person here.
        session_id: sign-in in which the steps were done.
        party_id: for whom consent was given.
        done: steps that were done.
        pushed: name of the pushed request it came from, empty if it came from none.
        signed: the app signed the request.
        decoupled: request that waits on another device, in place of `query`; empty for none.
    """

    query: str
    started_at: int
    session_id: str = ""
    party_id: str = ""
    done: frozenset[str] = frozenset()
    pushed: str = ""
    signed: bool = False
    decoupled: str = ""

    @classmethod
    def begin(cls, request: Parameters, now: int) -> "Flow":
        """Begin with a request that was read just now, so that it is not read again."""
        flow = cls(request.encoded, now)
        vars(flow)["parameters"] = request
        return flow

    @cached_property
    def parameters(self) -> Parameters:
        """The request, read."""
        return read_parameters(self.query)

    def has(self, step: str, session_id: str) -> bool:
        """Tell whether a step was done in this sign-in."""
        return step in self.done and self.session_id == session_id

    def consented(self, session_id: str, party_id: str) -> bool:
        """Tell whether consent was given in this sign-in, for this party."""
        return self.has(CONSENT, session_id) and self.party_id == party_id

    def after(self, step: str, session_id: str, party_id: str = "") -> "Flow":
        """Note that a step was done; steps of another sign-in are forgotten."""
        kept = self.done if self.session_id == session_id else frozenset()
        return replace(self, session_id=session_id, party_id=party_id, done=kept | {step})


def seal_flow(seals: Seals, flow: Flow) -> str:
    """Write a flow into text that fits a URL and that only we can read."""
    written = {each.name: getattr(flow, each.name) for each in fields(flow)}
    written["done"] = sorted(flow.done)
    return seals.seal_text(json.dumps(written, separators=(",", ":")).encode(), "flow")


def open_flow(seals: Seals, text: str, now: int) -> Flow:
    """Read a flow.

    Raises:
        FlowExpired: it was begun too long ago, or is none of ours.
    """
    try:
        read = json.loads(seals.open_text(text, "flow"))
    except SealBroken:
        raise FlowExpired("this sign-in was not begun here") from None
    flow = Flow(**{**read, "done": frozenset(read["done"])})
    if now >= flow.started_at + LIFETIME_SECONDS:
        raise FlowExpired("this sign-in was begun too long ago")
    return flow
