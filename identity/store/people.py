"""People and legal persons, as rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from identity.errors import AlreadyRegistered
from identity.people.subjects import LegalPerson, Party, Person, party_of
from identity.store.dialects import upsert
from identity.store.tables import legal_persons, people

PERSON = (
    people.c.person_id,
    people.c.account,
    people.c.name,
    people.c.demo,
    people.c.suspended_at.is_not(None),
    people.c.vouched,
    people.c.about,
)
LEGAL_PERSON = (legal_persons.c.legal_person_id, legal_persons.c.code, legal_persons.c.name)


@dataclass(frozen=True)
class NewPerson:
    """A person to be added.

    Attributes:
        person: who.
        sealed_number: their citizen number.
        password_hash: empty for somebody who has no password yet.
    """

    person: Person
    sealed_number: bytes
    password_hash: str


def _person_row(
    person: Person, sealed_number: bytes, password_hash: str, now: int
) -> dict[str, object]:
    return {
        "person_id": person.person_id,
        "account": person.account,
        "name": person.name,
        "sealed_number": sealed_number,
        "password_hash": password_hash,
        "demo": person.demo,
        "created_at": now,
    }


class PeopleStore:
    """Reads and writes people and legal persons."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_person(
        self, person: Person, sealed_number: bytes, password_hash: str, now: int
    ) -> None:
        """Add a person.

        Raises:
            AlreadyRegistered: the account name or the citizen number is taken.
        """
        row = _person_row(person, sealed_number, password_hash, now)
        try:
            self._connection.execute(insert(people).values(row))
        except IntegrityError:
            raise AlreadyRegistered("this account name or citizen number is taken") from None

    def add_people(self, many: Sequence[NewPerson], now: int) -> None:
        """Add many people.

        Raises:
            AlreadyRegistered: an account name or a citizen number is taken.
        """
        rows = [
            _person_row(each.person, each.sealed_number, each.password_hash, now) for each in many
        ]
        try:
            self._connection.execute(insert(people), rows)
        except IntegrityError:
            raise AlreadyRegistered("an account name or citizen number is taken") from None

    def find_known(
        self, accounts: Sequence[str], sealed_numbers: Sequence[bytes]
    ) -> list[tuple[Person, bytes]]:
        """Find people by account names or sealed numbers, with their sealed numbers."""
        either = people.c.account.in_(accounts) | people.c.sealed_number.in_(sealed_numbers)
        rows = self._connection.execute(select(*PERSON, people.c.sealed_number).where(either))
        return [(Person(*row[:-1]), row[-1]) for row in rows]

    def find_codes(self, codes: Sequence[str]) -> dict[str, LegalPerson]:
        """Find legal persons by their codes."""
        statement = select(*LEGAL_PERSON).where(legal_persons.c.code.in_(codes))
        found = [LegalPerson(*row) for row in self._connection.execute(statement)]
        return {each.code: each for each in found}

    def add_legal_persons(self, many: Sequence[LegalPerson], now: int) -> None:
        """Add many legal persons.

        Raises:
            AlreadyRegistered: a code is taken.
        """
        rows = [{**vars(each), "created_at": now} for each in many]
        try:
            self._connection.execute(insert(legal_persons), rows)
        except IntegrityError:
            raise AlreadyRegistered("a code is taken") from None

    def set_password(self, person_id: str, password_hash: str) -> None:
        """Replace a person's password."""
        self._connection.execute(
            update(people)
            .where(people.c.person_id == person_id)
            .values(password_hash=password_hash)
        )

    def suspend(self, person_id: str, since: int | None) -> bool:
        """Keep a person from signing in, or let them again; false if that is so already."""
        column = people.c.suspended_at
        other = column.is_not(None) if since is None else column.is_(None)
        statement = update(people).where(people.c.person_id == person_id, other)
        return self._connection.execute(statement.values(suspended_at=since)).rowcount == 1

    def set_about(self, person_id: str, about: str) -> None:
        """Replace what is held about a person."""
        self._connection.execute(
            update(people).where(people.c.person_id == person_id).values(about=about)
        )

    def vouch(self, person_id: str, level: int) -> None:
        """Note how surely a person is known."""
        self._connection.execute(
            update(people).where(people.c.person_id == person_id).values(vouched=level)
        )

    def add_legal_person(self, subject: LegalPerson, now: int) -> None:
        """Add a legal person.

        Raises:
            AlreadyRegistered: its code is taken.
        """
        row = {
            "legal_person_id": subject.legal_person_id,
            "code": subject.code,
            "name": subject.name,
            "created_at": now,
        }
        try:
            self._connection.execute(insert(legal_persons).values(row))
        except IntegrityError:
            raise AlreadyRegistered(f"the code {subject.code} is taken") from None

    def ensure_legal_person(self, subject: LegalPerson, now: int) -> None:
        """Add a legal person that may be there already."""
        row = {**vars(subject), "created_at": now}
        statement = upsert(self._connection)(legal_persons).values(row)
        self._connection.execute(statement.on_conflict_do_nothing())

    def find_person(self, person_id: str) -> Person | None:
        """Find a person by id."""
        row = self._connection.execute(
            select(*PERSON).where(people.c.person_id == person_id)
        ).first()
        return Person(*row) if row else None

    def find_account(self, account: str) -> tuple[Person, str] | None:
        """Find a person and the hash of their password by account name."""
        return self._with_password(people.c.account == account)

    def find_number(self, sealed_number: bytes) -> tuple[Person, str] | None:
        """Find a person and the hash of their password by sealed citizen number."""
        return self._with_password(people.c.sealed_number == sealed_number)

    def _with_password(self, condition: object) -> tuple[Person, str] | None:
        statement = select(*PERSON, people.c.password_hash).where(condition)  # type: ignore[arg-type]
        row = self._connection.execute(statement).first()
        return (Person(*row[:-1]), row[-1]) if row else None

    def find_legal_person(self, *, code: str) -> LegalPerson | None:
        """Find a legal person by its code."""
        statement = select(*LEGAL_PERSON).where(legal_persons.c.code == code)
        row = self._connection.execute(statement).first()
        return LegalPerson(*row) if row else None

    def find_parties(self, party_ids: Iterable[str]) -> dict[str, Party]:
        """Find people and legal persons by id."""
        wanted = list(party_ids)
        found = self._connection.execute(select(*PERSON).where(people.c.person_id.in_(wanted)))
        bodies = self._connection.execute(
            select(*LEGAL_PERSON).where(legal_persons.c.legal_person_id.in_(wanted))
        )
        parties = [
            *(party_of(Person(*row)) for row in found),
            *(party_of(LegalPerson(*row)) for row in bodies),
        ]
        return {party.party_id: party for party in parties}

    def all_people(self) -> Sequence[Person]:
        """List everybody, by account."""
        rows = self._connection.execute(select(*PERSON).order_by(people.c.account))
        return [Person(*row) for row in rows]

    def all_legal_persons(self) -> Sequence[LegalPerson]:
        """List all legal persons, by code."""
        rows = self._connection.execute(select(*LEGAL_PERSON).order_by(legal_persons.c.code))
        return [LegalPerson(*row) for row in rows]
