"""The second factor: taken up, asked for, given up. A code works once, of parallel tries one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from identity.acting import SignedIn
from identity.assurance import MFA_LEVEL, MFA_METHODS, acr_of
from identity.errors import (
    FlowExpired,
    NotRegistered,
    SealBroken,
    SecondFactorRefused,
    SignInPaused,
)
from identity.realm import Realm, Work
from identity.sessions import COOKIE_BYTES, hash_cookie
from identity.sign_in import totp
from identity.sign_in.methods import Proof
from identity.subjects import Person

HALF_WAY_SECONDS = 5 * 60
TRIES = 5
WINDOW_SECONDS = 5 * 60


@dataclass(frozen=True)
class HalfWay:
    """Somebody whose password was right and whose code is still missing."""

    person_id: str
    until: int


def is_enrolled(work: Work, person_id: str) -> bool:
    """Tell whether somebody has a second factor."""
    return work.store.factors.find(person_id) is not None


def seal_half_way(work: Work, person: Person) -> str:
    """Let the page carry that the password was right; it opens no session."""
    content = json.dumps([person.person_id, work.now + HALF_WAY_SECONDS]).encode()
    return work.realm.seals.seal_text(content, "half way")


def open_half_way(realm: Realm, sealed: str) -> HalfWay:
    """Read who is half way in.

    Raises:
        FlowExpired: too long ago, or none of ours.
    """
    try:
        half = HalfWay(*json.loads(realm.seals.open_text(sealed, "half way")))
    except SealBroken:
        raise FlowExpired("this sign-in was not begun here") from None
    if realm.clock() >= half.until:
        raise FlowExpired("this sign-in was begun too long ago")
    return half


def prove_second(realm: Realm, person_id: str, code: str) -> str:
    """Use a code up; return the method it belongs to.

    Raises:
        SecondFactorRefused: it is wrong, or was used.
        SignInPaused: too many tries.
    """
    key = realm.seals.seal(person_id.encode(), "sign-in tries", "second factor")
    with realm.writing() as store:
        tries, until = store.attempts.count(key, realm.clock(), WINDOW_SECONDS)
    if tries > TRIES:
        raise SignInPaused(until)
    with realm.writing() as store:
        method = _use_up(realm.work(store), person_id, code)
        if method:
            store.attempts.forget(key)
    if not method:
        raise SecondFactorRefused(TRIES - tries)
    return method


def _use_up(work: Work, person_id: str, code: str) -> str:
    factors = work.store.factors
    sealed = factors.find(person_id)
    if sealed is None:
        return ""
    step = totp.step_of(work.realm.seals.open(sealed, "totp", person_id), code, work.now)
    if step is not None and factors.use_step(person_id, step):
        return totp.NAME
    used = factors.use_recovery_code(person_id, totp.hash_recovery_code(code))
    return totp.RECOVERY if used else ""


def both(person: Person) -> Proof:
    """Return the proof of somebody who gave password and code."""
    return Proof(person, MFA_LEVEL, MFA_METHODS)


def step_up(work: Work, signed_in: SignedIn) -> str:
    """Raise a sign-in to two factors under a new cookie; return its value."""
    cookie = work.realm.random(COOKIE_BYTES).hex()
    acr, amr = acr_of(MFA_LEVEL), " ".join(MFA_METHODS)
    work.store.sessions.raise_level(signed_in.session.session_id, hash_cookie(cookie), acr, amr)
    return cookie


def enrol(work: Work, person_id: str, key: bytes, code: str) -> Sequence[str]:
    """Take up a second factor once a first code shows that the app has the key.

    Returns:
        The recovery codes, to be shown this once.

    Raises:
        SecondFactorRefused: the code is not of this key.
        NotRegistered: there is one already.
    """
    step = totp.step_of(key, code, work.now)
    if step is None:
        raise SecondFactorRefused(TRIES)
    if is_enrolled(work, person_id):
        raise NotRegistered("there is a second factor already")
    codes = totp.make_recovery_codes(work.realm.random)
    sealed = work.realm.seals.seal(key, "totp", person_id)
    hashes = [totp.hash_recovery_code(code) for code in codes]
    work.store.factors.add(person_id, sealed, step, hashes, work.now)
    return codes
