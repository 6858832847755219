"""People from a file."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from identity.errors import AlreadyRegistered
from identity.noting import note
from identity.people.subjects import Person, check_account, check_citizen_number, check_name
from identity.realm import Realm
from identity.sign_in.choosing import check_choice
from identity.sign_in.hashing import AT_ONCE, hash_password
from identity.store.people import NewPerson
from identity.trail.events import OPERATOR, PEOPLE_IMPORTED
from service.importing.reading import (
    Checking,
    Column,
    NothingImported,
    Outcome,
    Refused,
    Row,
    in_parts,
)

Track = Callable[[Iterable[Any], str, int], Iterable[Any]]
COLUMNS = (
    Column("account", ("账号", "登录名", "用户名")),
    Column("name", ("姓名", "名字")),
    Column("number", ("身份证号", "公民身份号码", "身份证号码", "证件号码")),
    Column("password", ("密码", "初始密码"), needed=False),
)


@dataclass(frozen=True)
class _Wanted:
    """A row that is in order by itself."""

    row: Row
    new: NewPerson


def import_people(realm: Realm, rows: Sequence[Row], track: Track) -> Outcome:
    """Register the people of a file.

    Args:
        realm: the provider.
        rows: what `read_rows` read.
        track: shows how far it got; gives back what it is given.

    Raises:
        NothingImported: one row at least was refused.
    """
    checking = Checking()
    wanted = _check(realm, track(rows, "checking", len(rows)), checking)
    new = _compare(realm, wanted, checking, track)
    checking.finish()
    hashed = _hash(new, track)
    with realm.writing() as store:
        try:
            for part in in_parts(hashed):
                store.people.add_people(part, realm.clock())
        except AlreadyRegistered:
            why = "somebody was registered meanwhile; run the import again"
            raise NothingImported([Refused(0, "", why)]) from None
        if hashed:
            note(realm.work(store), PEOPLE_IMPORTED, OPERATOR, detail=str(len(hashed)))
    return Outcome(len(hashed), len(rows) - len(hashed))


def _check(realm: Realm, rows: Iterable[Row], checking: Checking) -> list[_Wanted]:
    wanted: list[_Wanted] = []
    lines: dict[tuple[str, object], int] = {}
    for row in rows:
        if not checking.is_whole(row):
            continue
        account = checking.checked(row, "account", check_account)
        number = checking.checked(row, "number", check_citizen_number)
        person = Person(
            realm.fresh_id(), account, checking.checked(row, "name", check_name), demo=False
        )
        if row["password"]:
            checking.checked(row, "password", partial(_good_password, realm, account))
        sealed = realm.seals.citizen_number(number) if number else b""
        for column, value in (("account", account), ("number", sealed)):
            before = lines.setdefault((column, value), row.line)
            if value and before != row.line:
                checking.refuse(row, column, f"the same as on line {before}")
        wanted.append(_Wanted(row, NewPerson(person, sealed, row["password"])))
    return wanted


def _good_password(realm: Realm, account: str, password: str) -> str:
    check_choice(password, account, realm.is_leaked)
    return password


def _compare(
    realm: Realm, wanted: Sequence[_Wanted], checking: Checking, track: Track
) -> list[NewPerson]:
    """Tell new people from those that are there; refuse what contradicts the register."""
    new: list[NewPerson] = []
    with realm.reading() as store:
        for part in track(list(in_parts(wanted)), "comparing", -(-len(wanted) // 500)):
            accounts = [each.new.person.account for each in part]
            found = store.people.find_known(accounts, [each.new.sealed_number for each in part])
            by_account = {each.account: (each, sealed) for each, sealed in found}
            by_number = {sealed: each for each, sealed in found}
            for each in part:
                same = by_account.get(each.new.person.account)
                if same is None and each.new.sealed_number not in by_number:
                    new.append(each.new)
                elif same is None:
                    why = "this number is registered under another account"
                    checking.refuse(each.row, "number", why)
                elif same[1] != each.new.sealed_number:
                    why = "this account is registered with another number"
                    checking.refuse(each.row, "account", why)
                elif same[0].name != each.new.person.name:
                    why = "account and number are registered under another name"
                    checking.refuse(each.row, "name", why)
    return new


def _hash(new: Sequence[NewPerson], track: Track) -> list[NewPerson]:
    """Hash passwords on all cores. Who has none signs in in another way, or gets one later."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = pool.map(_hashed, new)
        return list(track(done, "hashing passwords", len(new)))


def _hashed(new: NewPerson) -> NewPerson:
    return (
        replace(new, password_hash=hash_password(new.password_hash)) if new.password_hash else new
    )
