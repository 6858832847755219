"""The authorization endpoint: which step comes next for this request and this browser.

1. The client and its address are known      otherwise a page, never a redirect.
2. The request is one we honour              otherwise an error to the app.
3. Somebody is signed in, recently enough    otherwise sign-in.
4. They have chosen for whom they act        otherwise act-for.
5. They have allowed what the app asks for   otherwise consent.
6. A code goes to the app.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from identity.apps.profiles import policy_of
from identity.asking.flow import ACT_FOR, CONSENT, SECOND_FACTOR, SIGN_IN, Flow
from identity.asking.parameters import Parameters
from identity.asking.scopes import is_agreed, join
from identity.asking.wanted import read_wanted
from identity.authorization.asked import Asked, find_asked
from identity.grants.messages import Answer
from identity.noting import note
from identity.people.assurance import held, meets, named_for
from identity.realm import Work
from identity.sign_in.second_factor import could_meet
from identity.standing.acting import SignedIn
from identity.standing.acting_for import as_asked, fits, hinted_subject
from identity.trail.events import CONSENT_GIVEN, CONSENT_REFUSED


@dataclass(frozen=True)
class Ask:
    """A page the person has to see first."""

    step: str
    flow: Flow


@dataclass(frozen=True)
class _Arrival:
    """One arrival of a browser at the authorization endpoint."""

    work: Work
    pending: Asked
    flow: Flow
    signed_in: SignedIn

    @property
    def session_id(self) -> str:
        return self.signed_in.session.session_id

    def has(self, step: str) -> bool:
        """Tell whether a step was done within this flow, in this sign-in."""
        return self.flow.has(step, self.session_id)

    def prompts(self, prompt: str) -> bool:
        """Tell whether the app insists on a page."""
        return prompt in self.pending.parameters.get("prompt").split()


def authorize(work: Work, flow: Flow, signed_in: SignedIn | None) -> Answer | Ask:
    """Answer an authorization request, or name the page that has to come first.

    Args:
        work: the request's share of the realm.
        flow: the authorization request and the steps that were done.
        signed_in: who is signed in at this browser.

    Raises:
        BadAuthorizeRequest: the client or its address is not known.
    """
    pending = find_asked(work, flow)  # 1, 2
    if isinstance(pending, Answer):
        return pending
    if signed_in is not None:
        signed_in = acting_in(work, pending, flow, signed_in)
    missing = _missing_step(work, pending, flow, signed_in)
    if missing is not None:
        step, error = missing
        silent = "none" in pending.parameters.get("prompt").split()
        return pending.fail(error) if silent else Ask(step, flow)
    if signed_in is None or _is_somebody_else(work, pending, signed_in):
        return pending.fail("login_required")
    session, acrs = signed_in.session, _essential(pending)
    if acrs is not None and acrs.isdisjoint(held(session.acr, session.amr)):
        return pending.fail("unmet_authentication_requirements")
    acr = named_for(session.acr, session.amr, pending.parameters.get("acr_values"), acrs or ())
    return pending.allow(replace(signed_in, session=replace(session, acr=acr)))  # 6


def _essential(pending: Asked) -> frozenset[str] | None:
    return read_wanted(pending.parameters.get("claims")).essential_acrs


def wanted_acrs(pending: Asked | None) -> str:
    """Return the names of which an app wants one for the sign-in, by spaces; empty for any."""
    if pending is None:
        return ""
    needed = _essential(pending)
    return pending.parameters.get("acr_values") if needed is None else " ".join(needed)


def insists(pending: Asked | None) -> bool:
    """Tell whether an app wants a sign-in made for it, however short ago the last one was."""
    if pending is None:
        return False
    parameters = pending.parameters
    return bool(
        "login" in parameters.get("prompt").split()
        or parameters.get("max_age")
        or pending.client.default_max_age is not None
    )


def acting_in(work: Work, pending: Asked, flow: Flow, signed_in: SignedIn) -> SignedIn:
    """Return who is signed in, acting for the one this request is about.

    Whom the person chose on the way counts for more than what the app hints at.
    """
    if flow.has(ACT_FOR, signed_in.session.session_id):
        nobody = Parameters({})
        return as_asked(work, signed_in, pending.client, pending.scopes, nobody)
    return as_asked(work, signed_in, pending.client, pending.scopes, pending.parameters)


def _missing_step(
    work: Work, pending: Asked, flow: Flow, signed_in: SignedIn | None
) -> tuple[str, str] | None:
    """Return the first step not yet done, and what to tell an app that wants no pages."""
    if signed_in is None:
        return SIGN_IN, "login_required"
    arrival = _Arrival(work, pending, flow, signed_in)
    for step, error, is_needed in _STEPS:
        if is_needed(arrival):
            return step, error
    return None


def _needs_sign_in(arrival: _Arrival) -> bool:  # 3
    if not may_answer(arrival.pending, arrival.signed_in):
        return True
    if arrival.has(SIGN_IN):
        return False
    asked, usual = arrival.pending.parameters.get("max_age"), arrival.pending.client.default_max_age
    max_age = int(asked) if asked else usual
    age = arrival.work.now - arrival.signed_in.session.auth_time
    too_old = max_age is not None and (max_age == 0 or age > max_age)
    return arrival.prompts("login") or too_old


def _needs_second_factor(arrival: _Arrival) -> bool:  # 3
    """Ask for more only of those who have more: `acr_values` is a wish (Core §3.1.2.1)."""
    session, wanted = arrival.signed_in.session, wanted_acrs(arrival.pending)
    if meets(session.acr, wanted, session.amr) or arrival.has(SECOND_FACTOR):
        return False
    return could_meet(arrival.work, arrival.signed_in, wanted)


def _needs_choice(arrival: _Arrival) -> bool:  # 4
    if not fits(arrival.work, arrival.signed_in, arrival.pending.scopes):
        return True
    if arrival.has(ACT_FOR):
        return False
    return arrival.prompts("select_account") or _is_somebody_else(
        arrival.work, arrival.pending, arrival.signed_in
    )


def _needs_consent(arrival: _Arrival) -> bool:  # 5
    party = arrival.signed_in.party
    if party is None or arrival.flow.consented(arrival.session_id, party.party_id):
        return False
    if arrival.pending.occasion is not None:  # a yes to another device counts for it alone
        return True
    if arrival.pending.particulars.details:  # each of them is agreed to on its own
        return True
    if arrival.has(SIGN_IN) and policy_of(arrival.pending.client).shows_again:
        return True
    given = _given(arrival, party.party_id)
    return arrival.prompts("consent") or not is_agreed(arrival.pending.scopes, given)


def _given(arrival: _Arrival, party_id: str) -> frozenset[str]:
    """Return what the app was allowed before; it may have been read with the session."""
    client_id, known = arrival.pending.client.client_id, arrival.signed_in.consents
    given = known.given(client_id, party_id) if known else None
    if given is not None:
        return given
    person_id = arrival.signed_in.person.person_id
    return arrival.work.store.clients.find_consent(person_id, party_id, client_id)


_STEPS: tuple[tuple[str, str, Callable[[_Arrival], bool]], ...] = (
    (SIGN_IN, "login_required", _needs_sign_in),
    (SECOND_FACTOR, "interaction_required", _needs_second_factor),
    (ACT_FOR, "account_selection_required", _needs_choice),
    (CONSENT, "consent_required", _needs_consent),
)


def may_answer(pending: Asked, signed_in: SignedIn) -> bool:
    """Tell whether a request may be answered by whoever is signed in."""
    return pending.occasion is None or pending.occasion.may_answer(signed_in.person.person_id)


def _is_somebody_else(work: Work, pending: Asked, signed_in: SignedIn) -> bool:
    """Tell whether the request names another party than the one acted for now (§3.1.2.2)."""
    if signed_in.party is None:
        return False
    now = work.realm.seals.subject(signed_in.party.party_id, pending.client.sector)
    wanted = read_wanted(pending.parameters.get("claims")).subjects
    if wanted is not None and now not in wanted:
        return True
    hinted = pending.parameters.get("id_token_hint")
    return bool(hinted) and hinted_subject(work, pending.parameters) != now


def allow(work: Work, flow: Flow, signed_in: SignedIn, shown_for: str) -> Flow:
    """Keep a person's consent to what an app asks for; return the flow with it.

    Args:
        work: the request's share of the realm.
        flow: the authorization request.
        signed_in: who agrees.
        shown_for: party that the page named; who switched in another window meanwhile agreed to
            something else, and is asked again.

    Raises:
        BadAuthorizeRequest: the client or its address is not known any more.
    """
    pending = find_asked(work, flow)
    if isinstance(pending, Answer):
        return flow
    signed_in = acting_in(work, pending, flow, signed_in)
    if signed_in.party is None or signed_in.party.party_id != shown_for:
        return flow
    if not may_answer(pending, signed_in):
        return flow
    person_id, party_id = signed_in.person.person_id, signed_in.party.party_id
    clients = work.store.clients
    before = clients.find_consent(person_id, party_id, pending.client.client_id)
    clients.save_consent(
        person_id, party_id, pending.client.client_id, before | pending.scopes, work.now
    )
    client_id, scopes = pending.client.client_id, join(pending.scopes)
    note(work, CONSENT_GIVEN, signed_in.who, client_id=client_id, detail=scopes)
    return flow.after(CONSENT, signed_in.session.session_id, party_id)


def deny(work: Work, flow: Flow, signed_in: SignedIn | None) -> Answer:
    """Tell the app that the person refused (RFC 6749 §4.1.2.1), whoever they are; but what was
    asked of one person elsewhere nobody else refuses.

    Raises:
        BadAuthorizeRequest: the client or its address is not known any more.
    """
    pending = find_asked(work, flow)
    if isinstance(pending, Answer):
        return pending
    named = pending.occasion.person_id if pending.occasion else ""
    if named and (signed_in is None or signed_in.person.person_id != named):
        return pending.fail("login_required")
    if signed_in is not None:
        note(work, CONSENT_REFUSED, signed_in.who, client_id=pending.client.client_id)
    return pending.deny()
