"""For whom an app's request is answered.

An app that knows nothing of acting for others gets the plain person. All others get whom the
person acts for in this sign-in, unless the app hints at somebody: then that one, if a mandate
allows it, for this request alone. So two apps may act for two companies in one sign-in.
"""

from dataclasses import replace

from identity.apps.clients import Client
from identity.asking.parameters import Parameters
from identity.asking.scopes import is_for_others, matters_of
from identity.asking.wanted import read_wanted
from identity.errors import BadAccessToken, MandateMissing, SealBroken
from identity.people.mandates import OWN_POWERS
from identity.people.subjects import Person, party_of
from identity.realm import Work
from identity.signing.tokens import ID, verify_signature
from identity.standing.acting import SignedIn, covering, mandates_for, powers_for

Scopes = frozenset[str]


def as_asked(
    work: Work, signed_in: SignedIn, client: Client, scopes: Scopes, parameters: Parameters
) -> SignedIn:
    """Return who is signed in, acting for the one this request is about.

    Costs no statement unless the app hints at somebody other than the one acted for now.
    """
    if not is_for_others(scopes):
        return replace(signed_in, party=party_of(signed_in.person), powers=OWN_POWERS)
    hint = hinted_party(work, client, parameters)
    if hint is None or (signed_in.party is not None and signed_in.party.party_id == hint):
        return signed_in
    try:
        powers = powers_for(work, signed_in.person.person_id, hint, scopes)
    except MandateMissing:
        return signed_in
    party = work.store.people.find_parties({hint}).get(hint)
    return signed_in if party is None else replace(signed_in, party=party, powers=powers)


def hinted_party(work: Work, client: Client, parameters: Parameters) -> str | None:
    """Find whom the app hints at: by an ID token, by the claim `sub`, or by `login_hint`.

    All three name a subject as this app knows it (OpenID Connect Core §3.1.2.1, §5.5).
    """
    named = read_wanted(parameters.get("claims")).subjects or frozenset()
    subject = (
        hinted_subject(work, parameters)
        or (next(iter(named)) if len(named) == 1 else "")
        or parameters.get("login_hint")
    )
    if not subject:
        return None
    try:
        return work.realm.seals.open_subject(subject, client.sector)
    except SealBroken:
        return None


def hinted_subject(work: Work, parameters: Parameters) -> str:
    """Return the subject of `id_token_hint`, empty if there is none that we signed."""
    hint = parameters.get("id_token_hint")
    if not hint:
        return ""
    try:
        subject = verify_signature(work.realm.keys, ID, hint).get("sub")
    except BadAccessToken:
        return ""
    return subject if isinstance(subject, str) else ""


def fits(work: Work, signed_in: SignedIn, scopes: Scopes) -> bool:
    """Tell whether the one acted for is one that these scopes are about."""
    if signed_in.party is None:
        return False
    if not matters_of(scopes):
        return True
    try:
        mandates_for(work, signed_in.person.person_id, signed_in.party.party_id, scopes)
    except MandateMissing:
        return False
    return True


def cards_that_fit(work: Work, person: Person, scopes: Scopes) -> frozenset[str]:
    """Return the parties a person may choose for a request that needs a mandate."""
    live = [
        mandate
        for mandate in work.store.mandates.of_person(person.person_id)
        if mandate.is_live(work.now)
    ]
    try:
        return frozenset(mandate.legal_person_id for mandate in covering(live, scopes))
    except MandateMissing:
        return frozenset()
