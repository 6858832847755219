"""From a proof of who somebody is to a session in their browser."""

from dataclasses import replace

from identity.errors import FlowExpired
from identity.people.assurance import acr_of
from identity.people.sessions import ABSOLUTE_SECONDS, COOKIE_BYTES, Session, hash_cookie
from identity.people.visits import SignIn, Visit
from identity.realm import Work
from identity.sign_in.methods import Proof
from identity.standing.acting import SignedIn, cards_of, end_session

NOWHERE = Visit()


def open_session(
    work: Work, proof: Proof, old: SignedIn | None, visit: Visit = NOWHERE
) -> tuple[str, Session]:
    """Begin a session under a new cookie; the one this browser had ends (OWASP ASVS 5 §7.2.4).

    Who signs in again keeps the session's name: apps know it as `sid`, and must be told of the
    end of what they know. Who has no mandate acts for themself; all others choose.

    Returns:
        The value for the cookie, and the session.

    Raises:
        FlowExpired: the account was suspended meanwhile.
    """
    if proof.person.suspended:
        raise FlowExpired("this account cannot sign in at present")
    cookie = work.realm.random(COOKIE_BYTES).hex()
    alone = len(cards_of(work, proof.person)) == 1
    session = Session(
        session_id=work.realm.fresh_id(),
        person_id=proof.person.person_id,
        party_id=proof.person.person_id if alone else None,
        auth_time=work.now if proof.at is None else proof.at,
        acr=acr_of(proof.level),
        seen_at=work.now,
        expires_at=work.now + ABSOLUTE_SECONDS,
        device=visit.device,
        amr=" ".join(proof.methods),
        network=visit.network,
    )
    return cookie, _keep(work, hash_cookie(cookie), session, old)


def _keep(work: Work, cookie_hash: bytes, session: Session, old: SignedIn | None) -> Session:
    """Let the sign-in that this browser had go on if it is the same person's, else end it."""
    if old is not None and old.person.person_id == session.person_id:
        again = replace(session, session_id=old.session.session_id)
        if work.store.sessions.renew(cookie_hash, again):
            return again
    elif old is not None:
        end_session(work, old.session.session_id)
    work.store.sessions.add(cookie_hash, session)
    return session


def note_sign_in(
    work: Work, person_id: str | None, method: str, visit: Visit, *, succeeded: bool
) -> None:
    """Write a try into the history that its person can read."""
    sign_in = SignIn(work.now, succeeded, method, visit)
    work.store.sign_ins.add(work.realm.fresh_id(), person_id, sign_in)
    work.realm.observer.signed_in(method, succeeded=succeeded)
