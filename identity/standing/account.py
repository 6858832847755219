"""What a person sees and ends of their own: sign-ins, apps, the history of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from identity.asking.details import Detail, Details, kept_details
from identity.errors import NotRegistered
from identity.noting import note
from identity.people.consents import Consent
from identity.people.sessions import COOKIE_BYTES, Session, hash_cookie
from identity.people.subjects import Party
from identity.people.visits import SignIn
from identity.realm import Work
from identity.standing.acting import SignedIn, end_session
from identity.telling.logout_tokens import tell_app, tell_apps
from identity.trail.events import (
    CONSENT_WITHDRAWN,
    OPERATOR,
    PASSWORD_CHANGED,
    SESSION_ENDED,
    SIGNED_OUT_EVERYWHERE,
    Who,
)

SHOWN = 50


@dataclass(frozen=True)
class Account:
    """A person's own view of their account.

    Attributes:
        sessions: where they are signed in.
        consents: which apps they let in.
        parties: whom the others name.
        history: who tried to sign in as them.
        details: what they allowed in particular, by app and by the one acted for.
    """

    sessions: Sequence[Session]
    consents: Sequence[Consent]
    parties: dict[str, Party]
    history: Sequence[SignIn]
    details: Mapping[tuple[str, str], Details]


def read_account(work: Work, person_id: str) -> Account:
    """Collect what a person may see of their account."""
    sessions = work.store.sessions.of_person(person_id, work.now)
    consents = work.store.clients.consents_of(person_id)
    named = {consent.party_id for consent in consents}
    named |= {session.party_id for session in sessions if session.party_id}
    return Account(
        [session for session in sessions if session.is_live(work.now)],
        consents,
        work.store.people.find_parties(named),
        work.store.sign_ins.of_person(person_id, SHOWN),
        _details_allowed(work, person_id),
    )


def _details_allowed(work: Work, person_id: str) -> Mapping[tuple[str, str], Details]:
    """Collect what stands in particular; what was allowed several times counts once."""
    found: dict[tuple[str, str], list[Detail]] = {}
    for each in work.store.authorizations.detailed(person_id, work.now, SHOWN):
        known = found.setdefault((each.client_id, each.party_id), [])
        known += [one for one in kept_details(each.details) if one not in known]
    return {place: tuple(details) for place, details in found.items()}


def end_own_session(work: Work, signed_in: SignedIn, session_id: str) -> None:
    """End one of a person's own sign-ins.

    Raises:
        NotRegistered: it is somebody else's, or has ended.
    """
    own = work.store.sessions.of_person(signed_in.person.person_id, work.now)
    if session_id not in {session.session_id for session in own}:
        raise NotRegistered("no such sign-in")
    end_session(work, session_id)
    note(work, SESSION_ENDED, signed_in.who)


def sign_out_elsewhere(work: Work, signed_in: SignedIn) -> None:
    """End all of a person's sign-ins but this one, at their own wish."""
    end_other_sessions(work, signed_in)
    note(work, SESSION_ENDED, signed_in.who, detail="all others")


def end_other_sessions(work: Work, signed_in: SignedIn) -> None:
    """End all of a person's sign-ins but this one, and what was allowed from them.

    A desktop that this one let in and that has not come yet is one of the others.
    """
    for session in work.store.sessions.of_person(signed_in.person.person_id, work.now):
        if session.session_id != signed_in.session.session_id:
            end_session(work, session.session_id)
    work.store.scans.take_back(signed_in.person.person_id)


def sign_out_everywhere(work: Work, signed_in: SignedIn) -> None:
    """End all of a person's sign-ins and everything that apps still hold."""
    sign_out_person(work, signed_in.person.person_id, signed_in.who)


def sign_out_person(work: Work, person_id: str, who: Who = OPERATOR) -> int:
    """End all of a person's sign-ins, and say who wants it; return how many there were."""
    sessions = work.store.sessions.of_person(person_id, work.now)
    for session in sessions:
        end_session(work, session.session_id)
    work.store.scans.take_back(person_id)
    work.store.authorizations.revoke_of_person(person_id, work.now)
    detail = "" if who.person_id == person_id else person_id
    note(work, SIGNED_OUT_EVERYWHERE, who, detail=detail)
    return len(sessions)


def withdraw_consent(work: Work, signed_in: SignedIn, party_id: str, client_id: str) -> None:
    """Take back what was allowed to an app, and let it know: its tokens have ended."""
    person_id = signed_in.person.person_id
    work.store.clients.delete_consent(person_id, party_id, client_id)
    known = work.store.authorizations.revoke_of_app(person_id, party_id, client_id, work.now)
    tell_app(work, known, party_id, client_id)
    note(work, CONSENT_WITHDRAWN, replace(signed_in.who, party_id=party_id), client_id=client_id)


def change_password(work: Work, signed_in: SignedIn, password_hash: str) -> str:
    """Take a new password, under a new cookie; all other sign-ins and all tokens end.

    Returns:
        The value of the new cookie.
    """
    person_id, session = signed_in.person.person_id, signed_in.session
    work.store.people.set_password(person_id, password_hash)
    note(work, PASSWORD_CHANGED, signed_in.who)
    end_other_sessions(work, signed_in)
    work.store.authorizations.revoke_of_person(person_id, work.now)
    tell_apps(work, [session.session_id])  # their tokens have ended too
    cookie = work.realm.random(COOKIE_BYTES).hex()
    work.store.sessions.raise_level(
        session.session_id, hash_cookie(cookie), session.acr, session.amr
    )
    return cookie
