"""People, mandates and legal persons that rest for a while, and passwords that operators give."""

from identity.errors import NotRegistered
from identity.noting import note
from identity.operating.registry import find_account, find_legal_person
from identity.people.mandates import Mandate
from identity.people.subjects import Person
from identity.realm import Work
from identity.standing.account import sign_out_person
from identity.trail.events import (
    MANDATE_RESUMED,
    MANDATE_SUSPENDED,
    OPERATOR,
    PASSWORD_CHANGED,
    PERSON_RESUMED,
    PERSON_SUSPENDED,
)


def suspend_person(work: Work, account: str) -> Person:
    """Keep a person from signing in; their sign-ins and what apps hold end at once.

    Raises:
        NotRegistered: there is no such person, or they are suspended.
    """
    person = find_account(work, account)
    if not work.store.people.suspend(person.person_id, work.now):
        raise NotRegistered(f"{account} is suspended already")
    sign_out_person(work, person.person_id)
    note(work, PERSON_SUSPENDED, OPERATOR, detail=person.person_id)
    return person


def resume_person(work: Work, account: str) -> Person:
    """Let a person sign in again.

    Raises:
        NotRegistered: there is no such person, or they are not suspended.
    """
    person = find_account(work, account)
    if not work.store.people.suspend(person.person_id, None):
        raise NotRegistered(f"{account} is not suspended")
    note(work, PERSON_RESUMED, OPERATOR, detail=person.person_id)
    return person


def set_password(work: Work, account: str, password_hash: str) -> Person:
    """Give a person a new password; their sign-ins and what apps hold end at once.

    Raises:
        NotRegistered: there is no such person.
    """
    person = find_account(work, account)
    work.store.people.set_password(person.person_id, password_hash)
    sign_out_person(work, person.person_id)
    note(work, PASSWORD_CHANGED, OPERATOR, detail=person.person_id)
    return person


def suspend_mandate(work: Work, mandate_id: str) -> Mandate:
    """Hold a mandate back; it allows nothing until the city lets it go.

    Its legal person has no say in that, and whether it rests by their own word is another matter.

    Raises:
        NotRegistered: there is no such mandate in force, or it is held back already.
    """
    note(work, MANDATE_SUSPENDED, OPERATOR, detail=mandate_id)
    return work.store.mandates.hold_back(mandate_id, work.now)


def resume_mandate(work: Work, mandate_id: str) -> Mandate:
    """Let a mandate go that the city holds back; else one that rests by its legal person's word.

    Raises:
        NotRegistered: there is no such mandate that rests.
    """
    note(work, MANDATE_RESUMED, OPERATOR, detail=mandate_id)
    mandates = work.store.mandates
    if not mandates.let_go(mandate_id):
        return mandates.resume(mandate_id)
    mandate = mandates.find(mandate_id)
    if mandate is None:
        raise NotRegistered("no such mandate")
    return mandate


def suspend_legal_person(work: Work, code: str) -> int:
    """Hold all mandates of a legal person back; return how many.

    Raises:
        NotRegistered: there is no such legal person.
    """
    held = work.store.mandates.standing(find_legal_person(work, code).legal_person_id, work.now)
    return len(
        [suspend_mandate(work, each.mandate_id) for each in held if each.held_back_at is None]
    )


def resume_legal_person(work: Work, code: str) -> int:
    """Let all mandates of a legal person go that the city holds back; return how many.

    What the legal person suspended itself goes on resting.

    Raises:
        NotRegistered: there is no such legal person.
    """
    held = work.store.mandates.standing(find_legal_person(work, code).legal_person_id, work.now)
    return len(
        [resume_mandate(work, each.mandate_id) for each in held if each.held_back_at is not None]
    )
