"""The second step with a code: of an authenticator app, or a recovery code. Each works once."""

from collections.abc import Mapping

from identity.errors import FlowExpired, SecondFactorRefused, SignInPaused
from identity.people.assurance import CODE, PASSWORD_LEVEL
from identity.realm import Realm, Work
from identity.sign_in import totp
from identity.sign_in.methods import Asking, Part, Proof, may_enter

NAME = "code"
TRIES = 5
WINDOW_SECONDS = 5 * 60


class CodeMethod:
    """A code, beside a password."""

    name = NAME
    adds = (CODE,)

    def offer(self, realm: Realm) -> None:
        """Sign nobody in: a code says nothing about who has it."""

    def offer_to(self, realm: Realm, asking: Asking) -> Part | None:
        """Ask those for a code who have an app that makes them."""
        with realm.reading() as store:
            enrolled = store.factors.find(asking.person_id) is not None
        return {} if enrolled else None

    def prove(self, realm: Realm, form: Mapping[str, str], asking: Asking) -> Proof:
        """Use a code up.

        Raises:
            SecondFactorRefused: it is wrong, or was used.
            SignInPaused: too many tries.
            FlowExpired: nobody is half-way in.
        """
        with realm.reading() as store:
            person = store.people.find_person(asking.person_id)
        if person is None or not may_enter(realm, person):
            raise FlowExpired("this account has ended")
        via = prove_second(realm, person.person_id, form.get("code", ""))
        return Proof(person, PASSWORD_LEVEL, (CODE,), via=via)


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


METHOD = CodeMethod()
