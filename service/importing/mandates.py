"""Mandates from a file: who may act for whom, in Chinese or English words."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from identity.noting import note
from identity.pages.words import POWER_WORDS, ROLE_WORDS
from identity.people.mandates import POWERS, ROLES, Mandate
from identity.people.subjects import check_account, check_credit_code
from identity.realm import Realm
from identity.store import IdentityStore
from identity.trail.events import MANDATES_IMPORTED, OPERATOR
from service.importing.people import Track
from service.importing.reading import Checking, Column, Outcome, Row, in_parts

COLUMNS = (
    Column("account", ("账号", "登录名", "用户名")),
    Column("code", ("统一社会信用代码", "信用代码", "社会信用代码")),
    Column("role", ("角色", "身份")),
    Column("powers", ("权限",)),
    Column("until", ("有效期至", "截止日期"), needed=False),
)
ROLE_NAMES = {word: name for name, word in ROLE_WORDS.items()} | {name: name for name in ROLES}
POWER_NAMES = {word: name for name, word in POWER_WORDS.items()} | {name: name for name in POWERS}
_BETWEEN = re.compile(r"[\s,，、;；]+")


def import_mandates(realm: Realm, rows: Sequence[Row], track: Track) -> Outcome:
    """Add the mandates of a file; one that is there in every respect is not added again.

    Raises:
        NothingImported: one row at least was refused.
    """
    checking, new = Checking(), []
    with realm.writing() as store:
        for part in track(list(in_parts(rows)), "checking", -(-len(rows) // 500)):
            new += _check(realm, store, part, checking)
        checking.finish()
        distinct = {_meaning(each): each for each in new}.values()
        added = [each for each in distinct if not _is_there(store, each)]
        for mandate in added:
            store.mandates.add(mandate)
        if added:
            note(realm.work(store), MANDATES_IMPORTED, OPERATOR, detail=str(len(added)))
    return Outcome(len(added), len(rows) - len(added))


def _check(
    realm: Realm, store: IdentityStore, part: Sequence[Row], checking: Checking
) -> list[Mandate]:
    accounts = {row.line: checking.checked(row, "account", check_account) for row in part}
    codes = {row.line: checking.checked(row, "code", check_credit_code) for row in part}
    people = {
        each.account: each.person_id
        for each, _ in store.people.find_known(list(accounts.values()), [])
    }
    bodies = store.people.find_codes(list(codes.values()))
    found = []
    for row in part:
        account, code = accounts[row.line], codes[row.line]
        if not checking.is_whole(row) or not account or not code:
            continue
        if account not in people:
            checking.refuse(row, "account", "nobody has this account")
        if code not in bodies:
            checking.refuse(row, "code", "no legal person has this code")
        if account in people and code in bodies:
            whose = (people[account], bodies[code].legal_person_id)
            found += _mandate(realm, row, whose, checking)
    return found


def _mandate(realm: Realm, row: Row, whose: tuple[str, str], checking: Checking) -> list[Mandate]:
    role = _word(row, "role", row["role"], ROLE_NAMES, checking)
    words = [word for word in _BETWEEN.split(row["powers"]) if word]
    powers = frozenset(_word(row, "powers", word, POWER_NAMES, checking) for word in words)
    if not words:
        checking.refuse(row, "powers", f"powers are {', '.join(sorted(POWERS))}")
    until = checking.checked(row, "until", _end)
    end = int(until) if until else None
    if end is not None and end <= realm.clock():
        checking.refuse(row, "until", "this day is over")
    if not role or "" in powers or not powers:
        return []
    return [Mandate(realm.fresh_id(), *whose, role, powers, realm.clock(), end)]


def _word(row: Row, column: str, word: str, names: Mapping[str, str], checking: Checking) -> str:
    if word not in names:
        known = ", ".join(sorted(set(names.values())))
        checking.refuse(row, column, f"{word[:40]!r} is none of {known}")
    return names.get(word, "")


def _end(text: str) -> str:
    """Return the end of a day in Beijing as Unix seconds; nothing for a mandate without end."""
    if not text:
        return ""
    try:
        day = date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise ValueError("a day is written 2027-12-31") from None
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, hours=-8)
    return str(int(midnight.timestamp()))


def _is_there(store: IdentityStore, wanted: Mandate) -> bool:
    held = store.mandates.of_person(wanted.person_id, wanted.legal_person_id)
    return any(_meaning(each) == _meaning(wanted) and each.revoked_at is None for each in held)


def _meaning(mandate: Mandate) -> tuple[object, ...]:
    whose = mandate.person_id, mandate.legal_person_id
    return (*whose, mandate.role, mandate.powers, mandate.valid_to)
