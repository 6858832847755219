"""The second factor: taken up, asked for, joined with what was proved before."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from identity.asking.flow import SECOND_FACTOR, SIGN_IN
from identity.errors import (
    FlowExpired,
    NotRegistered,
    SealBroken,
    SecondFactorRefused,
    StepUpNeeded,
)
from identity.people.assurance import (
    CODE,
    HARDWARE_KEY,
    KEY,
    PASSWORD_METHODS,
    SEVERAL,
    SOFTWARE_KEY,
    acr_of,
    is_recent,
    joined,
    level_of,
    meets,
    rank,
)
from identity.people.sessions import COOKIE_BYTES, hash_cookie
from identity.people.subjects import Person
from identity.realm import Realm, Work
from identity.sign_in import totp
from identity.sign_in.code import TRIES
from identity.sign_in.methods import Proof
from identity.sign_in.upstream import linked_to
from identity.standing.acting import SignedIn

HALF_WAY_SECONDS = 5 * 60


@dataclass(frozen=True)
class HalfWay:
    """Somebody whose password was right and whose second step is still missing.

    Attributes:
        person_id: who.
        until: how long that counts.
        methods: what was proved.
    """

    person_id: str
    until: int
    methods: tuple[str, ...] = PASSWORD_METHODS


def is_enrolled(work: Work, person_id: str) -> bool:
    """Tell whether somebody has a second factor."""
    return work.store.factors.find(person_id) is not None


def seal_half_way(work: Work, person: Person, methods: Sequence[str] = PASSWORD_METHODS) -> str:
    """Let the page carry what was proved so far; it opens no session."""
    content = json.dumps([person.person_id, work.now + HALF_WAY_SECONDS, list(methods)]).encode()
    return work.realm.seals.seal_text(content, "half way")


def open_half_way(realm: Realm, sealed: str) -> HalfWay:
    """Read who is half way in.

    Raises:
        FlowExpired: too long ago, or none of ours.
    """
    try:
        person_id, until, methods = json.loads(realm.seals.open_text(sealed, "half way"))
    except SealBroken:
        raise FlowExpired("this sign-in was not begun here") from None
    if realm.clock() >= until:
        raise FlowExpired("this sign-in was begun too long ago")
    return HalfWay(person_id, until, tuple(methods))


def second_factors(work: Work, person_id: str) -> frozenset[str]:
    """Return what somebody could add to a password, as it would stand in `amr`."""
    code = {CODE} if is_enrolled(work, person_id) else set[str]()
    live = [each for each in work.store.passkeys.of_person(person_id) if not each.refused_at]
    keys = {KEY, *(SOFTWARE_KEY if each.backup_eligible else HARDWARE_KEY for each in live)}
    return frozenset(code | (keys if live else set()))


def could_meet(work: Work, signed_in: SignedIn, wanted: str) -> bool:
    """Tell whether somebody has what it takes to be what an app wants."""
    person_id = signed_in.person.person_id
    more = second_factors(work, person_id)
    if more and enough_with(signed_in, more, wanted):
        return True
    vouching = linked_to(work, person_id)
    return any(meets(acr_of(each.level), wanted) for each in vouching)


def enough_with(signed_in: SignedIn, more: Iterable[str], wanted: str) -> bool:
    """Tell whether a sign-in would be enough for an app if more were proved."""
    session = signed_in.session
    methods = joined(session.amr.split(), more)
    level = acr_of(level_of(methods, signed_in.person.vouched))
    return meets(max(session.acr, level, key=rank), wanted, " ".join(methods))


def completed(proof: Proof, before: Sequence[str] = PASSWORD_METHODS) -> Proof:
    """Join the proof of a second step with what was proved before it."""
    methods = joined(before, proof.methods)
    return replace(proof, level=level_of(methods, proof.person.vouched), methods=methods)


def step_up(work: Work, signed_in: SignedIn, proof: Proof) -> str:
    """Raise a sign-in by what was proved now, under a new cookie; return its value."""
    session, cookie = signed_in.session, work.realm.random(COOKIE_BYTES).hex()
    whole = completed(proof, session.amr.split())
    acr = max(session.acr, acr_of(whole.level), key=rank)
    amr = " ".join(whole.methods)
    work.store.sessions.raise_level(session.session_id, hash_cookie(cookie), acr, amr)
    return cookie


def missing_step(work: Work, signed_in: SignedIn) -> str:
    """Return what is missing before somebody may change how they sign in, empty if nothing is.

    They have just signed in, by two factors if they have two: else who found out a password, or
    a browser left open, could make themself at home.
    """
    session = signed_in.session
    if not is_recent(session.auth_time, work.now):
        return SIGN_IN
    if SEVERAL in session.amr.split() or not second_factors(work, session.person_id):
        return ""
    return SECOND_FACTOR


def check_may_change(work: Work, signed_in: SignedIn) -> None:
    """Check that nothing is missing.

    Raises:
        StepUpNeeded: something is.
    """
    step = missing_step(work, signed_in)
    if step:
        raise StepUpNeeded(step)


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
