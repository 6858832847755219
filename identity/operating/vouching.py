"""What is done for a person at a window: a note of how surely they are known, and a fresh start."""

from identity.errors import BadRegistration
from identity.noting import note
from identity.operating.registry import find_account
from identity.people.assurance import LEVELS
from identity.people.subjects import Person
from identity.realm import Work
from identity.standing.account import sign_out_person
from identity.trail.events import FACTORS_RESET, OPERATOR, PERSON_VOUCHED


def vouch_for(work: Work, account: str, level: int) -> Person:
    """Note how surely a person is known: 4 seen in person or by camera, 5 with a certificate.

    It counts from their next sign-in with two factors; a lower level ends their sign-ins.

    Raises:
        NotRegistered: there is no such person.
        BadRegistration: there is no such level.
    """
    if level not in LEVELS:
        raise BadRegistration(f"assurance levels are {', '.join(map(str, LEVELS))}")
    person = find_account(work, account)
    work.store.people.vouch(person.person_id, level)
    note(work, PERSON_VOUCHED, OPERATOR, detail=f"{person.person_id} level {level}")
    if level < person.vouched:
        sign_out_person(work, person.person_id)
    return person


def reset_factors(work: Work, account: str) -> Person:
    """Take away all second factors of a person who lost them; all their sign-ins end.

    Raises:
        NotRegistered: there is no such person.
    """
    person = find_account(work, account)
    work.store.factors.remove(person.person_id)
    work.store.passkeys.remove_all(person.person_id)
    sign_out_person(work, person.person_id)
    note(work, FACTORS_RESET, OPERATOR, detail=person.person_id)
    return person
