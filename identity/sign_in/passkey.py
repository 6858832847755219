"""Sign-in with a passkey, alone or beside a password.

The challenge is sealed and carries its own end, so a page that nobody answers costs nothing; the
name in it is used up with the first answer that holds.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence

from webauthn.helpers.structs import AuthenticationCredential

from identity.errors import FlowExpired, NotRegistered, PasskeyRefused, SealBroken
from identity.people.assurance import HARDWARE_KEY, KEY, PRESENT, SEVERAL, SOFTWARE_KEY, level_of
from identity.people.passkeys import (
    Passkey,
    Place,
    assertion_options,
    check_assertion,
    check_registration,
    name_passkey,
    place_of,
    read_assertion,
    read_registration,
    registration_options,
)
from identity.people.subjects import Person
from identity.realm import Realm, Work
from identity.sign_in.methods import Asking, Part, Proof, may_enter
from identity.sign_in.tries import by_address, count_try

NAME = "passkey"
CHALLENGE_SECONDS = 10 * 60  # a page may wait that long with its offer in the account field
CHALLENGE, REGISTER, ASSERT = "passkey challenge", "register", "assert"
MOST_PASSKEYS = 20


class PasskeyMethod:
    """A key on the person's device, unlocked by the person."""

    name = NAME
    adds = (KEY, HARDWARE_KEY, PRESENT, SEVERAL)

    def offer(self, realm: Realm) -> Part | None:
        """Return what the browser is asked for: any key for this address."""
        place = place_of(realm.issuer)
        if place is None:
            return None
        return {"options": assertion_options(place, make_challenge(realm, ASSERT, ""))}

    def offer_to(self, realm: Realm, asking: Asking) -> Part | None:
        """Return what the browser is asked for: one of this person's keys."""
        place = place_of(realm.issuer)
        with realm.reading() as store:
            known = [k for k in store.passkeys.of_person(asking.person_id) if not k.refused_at]
        if place is None or not known:
            return None
        challenge = make_challenge(realm, ASSERT, asking.session_id)
        return {"options": assertion_options(place, challenge, known)}

    def prove(self, realm: Realm, form: Mapping[str, str], asking: Asking) -> Proof:
        """Check a signature and use its challenge up.

        Raises:
            PasskeyRefused: the signature is not of a key that may sign this person in.
            SignInPaused: too many tries from this address.
            FlowExpired: the page is too old, or this answer was given before.
        """
        here = by_address(asking.address)
        count_try(realm, here)
        person, passkey = _check(realm, form.get("credential", ""), asking)
        with realm.writing() as store:
            store.attempts.take_back(here.key(realm))
        key = SOFTWARE_KEY if passkey.backup_eligible else HARDWARE_KEY
        methods = (KEY, key, PRESENT, SEVERAL)
        return Proof(person, level_of(methods, person.vouched), methods)


def make_challenge(realm: Realm, purpose: str, owner: str) -> bytes:
    """Make a challenge (§13.4.3): 16 random bytes and an end, sealed for one use by one owner."""
    until = (realm.clock() + CHALLENGE_SECONDS).to_bytes(8, "big")
    return realm.seals.seal(realm.random(16) + until, CHALLENGE, purpose, owner)


def use_challenge(work: Work, challenge: bytes, purpose: str, owner: str) -> None:
    """Use a challenge up.

    Raises:
        FlowExpired: it is not ours, too old, or was used.
    """
    try:
        content = work.realm.seals.open(challenge, CHALLENGE, purpose, owner)
    except SealBroken:
        raise FlowExpired("this page was not made here") from None
    until = int.from_bytes(content[16:], "big")
    if work.now >= until or not work.store.replays.use(CHALLENGE, purpose, challenge.hex(), until):
        raise FlowExpired("this page is too old, or was answered before")


def handle_of(realm: Realm, person_id: str) -> bytes:
    """Name a person towards authenticators (§14.6.1): it tells nothing to who finds the device."""
    return realm.seals.seal(bytes.fromhex(person_id), "passkey holder")


def _check(realm: Realm, text: str, asking: Asking) -> tuple[Person, Passkey]:
    """Check an answer in the order of WebAuthn §7.2.

    1. It is one, and for a challenge of ours.       5. The signature holds.
    2. The key is known, and not refused.            6. The challenge is used up.
    3. It is the key of the person who is asked.     7. The count goes up, or the key is dead.
    4. The handle is of its person.
    """
    place = _place(realm)
    credential, challenge = read_assertion(text)  # 1
    with realm.writing() as store:
        work = realm.work(store)
        passkey = store.passkeys.find(credential.raw_id)
        if passkey is None or passkey.refused_at:  # 2
            raise PasskeyRefused("this key signs nobody in here")
        if asking.person_id not in {"", passkey.person_id}:  # 3
            raise PasskeyRefused("this key is somebody else's")
        _check_handle(realm, credential, passkey, asking)  # 4
        use = check_assertion(place, credential, challenge, passkey)  # 5
        use_challenge(work, challenge, ASSERT, asking.session_id)  # 6
        counted = store.passkeys.use(passkey.credential_id, use, work.now)  # 7
        if not counted:
            store.passkeys.refuse(passkey.credential_id, work.now)
        person = store.people.find_person(passkey.person_id)
    if not counted:  # said after the commit, so that the key stays dead
        raise PasskeyRefused("this key may have been copied", passkey.person_id)
    if person is None or not may_enter(realm, person):
        raise PasskeyRefused("this account has ended")
    return person, passkey


def _check_handle(
    realm: Realm, credential: AuthenticationCredential, passkey: Passkey, asking: Asking
) -> None:
    """Check the user handle; it must be there when nobody was named (§7.2 step 6)."""
    handle = credential.response.user_handle
    if handle is None and asking.person_id:
        return
    if not hmac.compare_digest(handle or b"", handle_of(realm, passkey.person_id)):
        raise PasskeyRefused("this key is somebody else's")


def _place(realm: Realm) -> Place:
    place = place_of(realm.issuer)
    if place is None:
        raise PasskeyRefused("passkeys need a host name")
    return place


def offer_new(realm: Realm, person: Person, session_id: str, known: Sequence[Passkey]) -> str:
    """Return what the browser is asked for to make a key, empty where there can be none."""
    place = place_of(realm.issuer)
    if place is None:
        return ""
    challenge = make_challenge(realm, REGISTER, session_id)
    handle = handle_of(realm, person.person_id)
    return registration_options(place, challenge, handle, person.account, known)


def add_passkey(work: Work, person: Person, session_id: str, text: str, name: str) -> Passkey:
    """Take a new key up.

    Raises:
        PasskeyRefused: it was not made for this page, or is known.
        FlowExpired: the page is too old, or was answered before.
    """
    credential, challenge = read_registration(text)
    passkey = check_registration(
        _place(work.realm), credential, challenge, person.person_id, work.now
    )
    use_challenge(work, challenge, REGISTER, session_id)
    held = work.store.passkeys.of_person(person.person_id)
    if len(held) >= MOST_PASSKEYS or not work.store.passkeys.add(passkey, name_passkey(name)):
        raise PasskeyRefused("this key is registered, or there are too many")
    return passkey


def spell_id(passkey: Passkey) -> str:
    """Spell a key's id for a form."""
    return base64.urlsafe_b64encode(passkey.credential_id).rstrip(b"=").decode()


def read_id(text: str) -> bytes:
    """Read a key's id from a form.

    Raises:
        NotRegistered: it is none.
    """
    try:
        return base64.urlsafe_b64decode(text[:2048] + "=" * (-len(text) % 4))
    except ValueError:
        raise NotRegistered("no such passkey") from None


METHOD = PasskeyMethod()
