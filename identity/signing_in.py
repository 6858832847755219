"""From a proof of who somebody is to a session in their browser."""

from identity.acting import SignedIn, cards_of, end_session
from identity.assurance import acr_of
from identity.realm import Work
from identity.sessions import ABSOLUTE_SECONDS, COOKIE_BYTES, Session, hash_cookie
from identity.sign_in.methods import Proof
from identity.visits import SignIn, Visit

NOWHERE = Visit()


def open_session(
    work: Work, proof: Proof, old: SignedIn | None, visit: Visit = NOWHERE
) -> tuple[str, Session]:
    """Begin a session under a new cookie; the one this browser had ends (OWASP ASVS 5 §7.2.4).

    Who has no mandate acts for themself; all others choose.

    Returns:
        The value for the cookie, and the session.
    """
    cookie = work.realm.random(COOKIE_BYTES).hex()
    alone = len(cards_of(work, proof.person)) == 1
    session = Session(
        session_id=work.realm.fresh_id(),
        person_id=proof.person.person_id,
        party_id=proof.person.person_id if alone else None,
        auth_time=work.now,
        acr=acr_of(proof.level),
        seen_at=work.now,
        expires_at=work.now + ABSOLUTE_SECONDS,
        device=visit.device,
        amr=" ".join(proof.methods),
    )
    work.store.sessions.add(hash_cookie(cookie), session)
    if old is not None:
        _replace(work, old, session)
    return cookie, session


def _replace(work: Work, old: SignedIn, session: Session) -> None:
    """End the sign-in that this browser had; apps of the same person stay, others' end with it."""
    if old.person.person_id == session.person_id:
        work.store.authorizations.move(old.session.session_id, session.session_id)
    end_session(work, old.session.session_id)


def note_sign_in(
    work: Work, person_id: str | None, method: str, visit: Visit, *, succeeded: bool
) -> None:
    """Write a try into the history that its person can read."""
    sign_in = SignIn(work.now, succeeded, method, visit)
    work.store.sign_ins.add(work.realm.fresh_id(), person_id, sign_in)
