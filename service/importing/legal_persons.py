"""Companies, departments and other legal persons from a file."""

from collections.abc import Sequence

from identity.errors import AlreadyRegistered
from identity.noting import note
from identity.people.subjects import LegalPerson, check_credit_code, check_name
from identity.realm import Realm
from identity.trail.events import LEGAL_PERSONS_IMPORTED, OPERATOR
from service.importing.people import Track
from service.importing.reading import (
    Checking,
    Column,
    NothingImported,
    Outcome,
    Refused,
    Row,
    in_parts,
)

COLUMNS = (
    Column("code", ("统一社会信用代码", "信用代码", "社会信用代码")),
    Column("name", ("名称", "单位名称", "企业名称")),
)


def import_legal_persons(realm: Realm, rows: Sequence[Row], track: Track) -> Outcome:
    """Register the legal persons of a file.

    Raises:
        NothingImported: one row at least was refused.
    """
    checking = Checking()
    wanted: dict[str, tuple[Row, LegalPerson]] = {}
    for row in track(rows, "checking", len(rows)):
        if not checking.is_whole(row):
            continue
        code = checking.checked(row, "code", check_credit_code)
        name = checking.checked(row, "name", check_name)
        if code and code in wanted:
            checking.refuse(row, "code", f"the same as on line {wanted[code][0].line}")
        wanted.setdefault(code, (row, LegalPerson(realm.fresh_id(), code, name)))
    new = _compare(realm, list(wanted.values()), checking)
    checking.finish()
    with realm.writing() as store:
        try:
            for part in in_parts(new):
                store.people.add_legal_persons(part, realm.clock())
        except AlreadyRegistered:
            why = "one was registered meanwhile; run the import again"
            raise NothingImported([Refused(0, "", why)]) from None
        if new:
            note(realm.work(store), LEGAL_PERSONS_IMPORTED, OPERATOR, detail=str(len(new)))
    return Outcome(len(new), len(rows) - len(new))


def _compare(
    realm: Realm, wanted: Sequence[tuple[Row, LegalPerson]], checking: Checking
) -> list[LegalPerson]:
    new: list[LegalPerson] = []
    with realm.reading() as store:
        for part in in_parts(wanted):
            known = store.people.find_codes([body.code for _, body in part])
            for row, body in part:
                there = known.get(body.code)
                if there is None:
                    new.append(body)
                elif there.name != body.name:
                    why = f"this code is registered under the name {there.name!r}"
                    checking.refuse(row, "name", why)
    return new
