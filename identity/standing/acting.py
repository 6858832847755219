"""Who is signed in, for whom they act, and what they may do at this moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from identity.asking.scopes import matters_of
from identity.errors import MandateMissing
from identity.issued.actors import Actor
from identity.issued.authority import Claims, authority_claims, tells_authority
from identity.issued.authorizations import Authorization
from identity.noting import note
from identity.people.mandates import Mandate, check_mandate, live_mandates
from identity.people.sessions import TOUCH_SECONDS, Session, hash_cookie
from identity.people.subjects import Party, Person, party_of
from identity.realm import Realm, Work
from identity.telling.logout_tokens import tell_apps
from identity.trail.events import ACTING, Who


@dataclass(frozen=True)
class Consents:
    """What a person allowed one app, for themself and for the one they act for now.

    Attributes:
        client_id: the app.
        parties: for whom that is known.
        scopes: by party, where there are any.
    """

    client_id: str
    parties: frozenset[str | None]
    scopes: Mapping[str, frozenset[str]]

    def given(self, client_id: str, party_id: str) -> frozenset[str] | None:
        """Return what an app was allowed for a party; None if that was not asked about."""
        if client_id != self.client_id or party_id not in self.parties:
            return None
        return self.scopes.get(party_id, frozenset())


@dataclass(frozen=True)
class SignedIn:
    """A person in a live session.

    Attributes:
        session: the sign-in.
        person: who.
        party: for whom; None while nobody was chosen, or when the mandate has ended.
        powers: what they may do there now.
        consents: what they allowed an app, if it was asked about with the session.
    """

    session: Session
    person: Person
    party: Party | None
    powers: frozenset[str]
    consents: "Consents | None" = None

    @property
    def who(self) -> Who:
        """The same, as the audit trail names it."""
        party_id = self.party.party_id if self.party else ""
        return Who(self.person.person_id, party_id, self.session.acr)


@dataclass(frozen=True)
class Card:
    """One choice of for whom to act."""

    party: Party
    mandates: Sequence[Mandate]


def powers_for(
    work: Work, person_id: str, party_id: str, scopes: Iterable[str] = ()
) -> frozenset[str]:
    """Return what a person may do for a party now; the mandates are read each time.

    Raises:
        MandateMissing: nothing at all, or nothing in the matter that `scopes` name.
    """
    held = mandates_for(work, person_id, party_id, scopes)
    return check_mandate(held, person_id, party_id, work.now)


def mandates_for(
    work: Work, person_id: str, party_id: str, scopes: Iterable[str] = ()
) -> Sequence[Mandate]:
    """Return the mandates that let a person act for a party now; nobody needs one for themself.

    Args:
        work: the request's share of the realm.
        person_id: who acts.
        party_id: for whom.
        scopes: what an app was allowed; it may need a mandate for one matter.

    Raises:
        MandateMissing: there is none.
    """
    if person_id == party_id:
        return covering((), scopes)
    held = work.store.mandates.of_person(person_id, party_id)
    return covering(live_mandates(held, person_id, party_id, work.now), scopes)


def covering(held: Sequence[Mandate], scopes: Iterable[str]) -> Sequence[Mandate]:
    """Return those of a person's mandates that count for what an app asks for.

    Raises:
        MandateMissing: the app needs one, for a matter or at all, and none counts.
    """
    needed = matters_of(scopes)
    found = [mandate for mandate in held if all(map(mandate.covers, needed))]
    if needed and not found:
        raise MandateMissing("no mandate from this legal person covers the matter")
    return found


def check_actors(work: Work, actors: Sequence[Actor]) -> None:
    """Check that everybody in a chain of actors may still act.

    Raises:
        MandateMissing: an app is gone, a mandate has ended, or somebody is of the demo data.
    """
    for actor in actors:
        client = work.store.clients.find(actor.client_id)
        demo = client is None or client.demo
        if actor.person_id:
            mandates_for(work, actor.person_id, actor.party_id)
            person = work.store.people.find_person(actor.person_id)
            demo = demo or person is None or person.demo
        if client is None or (demo and not work.realm.demo_allowed):
            raise MandateMissing("an actor of this token is gone")


def authority_behind(work: Work, authorization: Authorization) -> Claims:
    """Return what an ID token tells about the authority, if the app may see it."""
    person_id, party_id = authorization.person_id, authorization.party_id
    if person_id == party_id or not tells_authority(authorization.scopes):
        return {}
    party, held = work.store.mandates.with_party(person_id, party_id)
    live = live_mandates(held, person_id, party_id, work.now)
    return authority_claims(party_of(party), live, authorization.scopes, work.realm.issuer)


def find_subjects(work: Work, authorization: Authorization) -> tuple[Person, Party]:
    """Return who allowed something, and for whom.

    Raises:
        MandateMissing: one of them is not registered any more.
    """
    person = work.store.people.find_person(authorization.person_id)
    if person is not None and authorization.party_id == person.person_id:
        return person, party_of(person)
    party = work.store.people.find_parties({authorization.party_id}).get(authorization.party_id)
    if person is None or party is None:
        raise MandateMissing("nobody of that name is registered any more")
    return person, party


def find_session(work: Work, cookie: str | None, client_id: str = "") -> SignedIn | None:
    """Find who is signed in with a cookie; None when nobody is, or no longer.

    Args:
        work: the request's share of the realm.
        cookie: what the browser sent.
        client_id: an app whose consents are of interest too, in the same statement.
    """
    row = work.store.access.find_session(hash_cookie(cookie), client_id) if cookie else None
    if row is None or not row.session.is_live(work.now):
        return None
    if row.person.demo and not work.realm.demo_allowed:
        return None
    known = frozenset({row.person.person_id, row.session.party_id})
    consents = Consents(client_id, known, row.allowed)
    if row.party is None:
        return SignedIn(row.session, row.person, None, frozenset(), consents)
    try:
        powers = powers_for(work, row.person.person_id, row.party.party_id)
    except MandateMissing:
        return SignedIn(row.session, row.person, None, frozenset(), consents)
    return SignedIn(row.session, row.person, row.party, powers, consents)


def use_session(work: Work, cookie: str | None, client_id: str) -> SignedIn | None:
    """Find who is signed in, and note now and then that the session is in use."""
    found = find_session(work, cookie, client_id)
    if found is not None and work.now - found.session.seen_at >= TOUCH_SECONDS:
        work.store.sessions.touch(found.session.session_id, work.now)
    return found


def current_session(realm: Realm, cookie: str | None) -> SignedIn | None:
    """Find who is signed in, and note now and then that the session is in use."""
    if not cookie:
        return None
    with realm.reading() as store:
        work = realm.work(store)
        found = find_session(work, cookie)
    if found is not None and work.now - found.session.seen_at >= TOUCH_SECONDS:
        with realm.writing() as store:
            store.sessions.touch(found.session.session_id, work.now)
    return found


def cards_of(work: Work, person: Person) -> list[Card]:
    """List for whom a person may act now: first themself, then by name."""
    live = [
        mandate
        for mandate in work.store.mandates.of_person(person.person_id)
        if mandate.is_live(work.now)
    ]
    parties = work.store.people.find_parties({mandate.legal_person_id for mandate in live})
    cards = [
        Card(party, [mandate for mandate in live if mandate.legal_person_id == party.party_id])
        for party in sorted(parties.values(), key=lambda party: party.name)
    ]
    return [Card(party_of(person), ()), *cards]


def choose_party(work: Work, signed_in: SignedIn, party_id: str) -> None:
    """Act for a party from now on.

    Raises:
        MandateMissing: there is no live mandate from it.
    """
    if not party_id.isalnum():  # what a form says may be anything
        raise MandateMissing("no such party")
    powers_for(work, signed_in.person.person_id, party_id)
    work.store.sessions.choose_party(signed_in.session.session_id, party_id, work.now)
    note(work, ACTING, replace(signed_in.who, party_id=party_id))


def end_session(work: Work, session_id: str) -> None:
    """Sign out, withdraw what was allowed from this sign-in, and let its apps know.

    In this order: a code that is redeemed meanwhile is either refused or seen by the last step.
    """
    ended = work.store.sessions.end(session_id, work.now)
    work.store.authorizations.revoke_of_session(session_id, work.now)
    if ended:
        tell_apps(work, [session_id])
