"""A legal person gets another legal representative: the register says so, mandates follow."""

from identity.errors import BadRegistration, NotRegistered
from identity.noting import note
from identity.people.mandates import APPS, LICENCES, MANDATES, Mandate
from identity.people.subjects import spell_account
from identity.realm import Work
from identity.standing.granting import REPRESENTATIVE
from identity.trail.events import OPERATOR, REPRESENTATIVE_CHANGED

USUAL_POWERS = frozenset({LICENCES, MANDATES, APPS})  # of a first representative


def change_representative(work: Work, code: str, account: str) -> tuple[Mandate, int]:
    """Follow the register to a new legal representative.

    The mandates of the old one end, and all that was granted under them rests until somebody in
    office resumes it.

    Returns:
        The new representative's mandate, and how many mandates rest.

    Raises:
        NotRegistered: the legal person or the person does not exist.
        BadRegistration: this person is in office already.
    """
    store = work.store
    body = store.people.find_legal_person(code=code)
    found = store.people.find_account(spell_account(account))
    if body is None or found is None:
        raise NotRegistered("no such legal person or no such account")
    old = [
        mandate
        for mandate in store.mandates.standing(body.legal_person_id, work.now)
        if mandate.role == REPRESENTATIVE
    ]
    if found[0].person_id in {mandate.person_id for mandate in old}:
        raise BadRegistration("this person is the legal representative already")
    powers = USUAL_POWERS.union(*(mandate.powers for mandate in old))
    resting = 0
    for mandate in old:
        store.mandates.revoke(mandate.mandate_id, work.now)
        resting += store.mandates.suspend_derived(mandate.mandate_id, work.now)
    new = Mandate(
        mandate_id=work.realm.fresh_id(),
        person_id=found[0].person_id,
        legal_person_id=body.legal_person_id,
        role=REPRESENTATIVE,
        powers=powers,
        valid_from=work.now,
    )
    store.mandates.add(new)
    note(work, REPRESENTATIVE_CHANGED, OPERATOR, detail=new.mandate_id)
    return new, resting
