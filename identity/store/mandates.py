"""Mandates from legal persons to people, as rows. Where two signers race, one statement decides."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from identity.errors import NotRegistered
from identity.people.mandates import Mandate, Signature
from identity.people.subjects import LegalPerson
from identity.store.dialects import insert_once, lasting
from identity.store.people import LEGAL_PERSON
from identity.store.tables import legal_persons, mandate_signatures, mandates

_OF_PERSON = lasting(select(mandates).where(mandates.c.person_id == bindparam("person")))
_OF_BOTH = lasting(_OF_PERSON.where(mandates.c.legal_person_id == bindparam("party")))
_WITH_PARTY = lasting(_OF_BOTH.join(legal_persons).add_columns(*LEGAL_PERSON[1:]))
_STANDS = mandates.c.revoked_at.is_(None)


class MandateStore:
    """Reads and writes mandates."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, mandate: Mandate) -> None:
        """Add a mandate.

        Raises:
            NotRegistered: the person or the legal person does not exist.
        """
        lists = {name: " ".join(sorted(getattr(mandate, name))) for name in ("powers", "matters")}
        try:
            self._connection.execute(insert(mandates).values({**vars(mandate), **lists}))
        except IntegrityError:
            raise NotRegistered("the person or the legal person does not exist") from None

    def find(self, mandate_id: str) -> Mandate | None:
        """Find a mandate by id, live or not."""
        statement = select(mandates).where(mandates.c.mandate_id == mandate_id)
        row = self._connection.execute(statement).first()
        return _mandate(row) if row else None

    def of_person(self, person_id: str, party_id: str | None = None) -> Sequence[Mandate]:
        """List a person's mandates, live or not; from one legal person, or from all."""
        values = {"person": person_id}
        if party_id is None:
            rows = self._connection.execute(_OF_PERSON, values)
        else:
            rows = self._connection.execute(_OF_BOTH, values | {"party": party_id})
        return [_mandate(row) for row in rows]

    def with_party(self, person_id: str, party_id: str) -> tuple[LegalPerson, list[Mandate]]:
        """Find a legal person and its mandates to a person, live or not.

        Raises:
            NotRegistered: there is none.
        """
        values = {"person": person_id, "party": party_id}
        rows = self._connection.execute(_WITH_PARTY, values).all()
        if not rows:
            raise NotRegistered("no mandate from this legal person")
        return LegalPerson(party_id, *rows[0][-2:]), [_mandate(row) for row in rows]

    def standing(self, legal_person_id: str, now: int) -> Sequence[Mandate]:
        """List what a legal person has granted and not taken back, the latest first.

        Those that are suspended, wait for a signature or begin later are among them.
        """
        statement = (
            select(mandates)
            .where(mandates.c.legal_person_id == legal_person_id, _STANDS, _ends_after(now))
            .order_by(mandates.c.valid_from.desc(), mandates.c.mandate_id)
        )
        return [_mandate(row) for row in self._connection.execute(statement)]

    def live_at(self, now: int) -> Sequence[Mandate]:
        """List all mandates that hold at `now`."""
        rows = self._connection.execute(select(mandates).where(_STANDS, _ends_after(now)))
        return [mandate for mandate in map(_mandate, rows) if mandate.is_live(now)]

    def revoke(self, mandate_id: str, now: int) -> Mandate:
        """Take a mandate back; from this moment it allows nothing.

        Raises:
            NotRegistered: there is no such mandate, or it was revoked before.
        """
        return self._change(mandate_id, update(mandates).values(revoked_at=now), "revoked")

    def suspend(self, mandate_id: str, now: int) -> Mandate:
        """Let a mandate rest; from this moment it allows nothing until it is resumed.

        Raises:
            NotRegistered: there is no such mandate that is in force.
        """
        held = update(mandates).where(mandates.c.suspended_at.is_(None)).values(suspended_at=now)
        return self._change(mandate_id, held, "suspended")

    def resume(self, mandate_id: str) -> Mandate:
        """Let a suspended mandate hold again.

        Raises:
            NotRegistered: there is no such mandate that is suspended.
        """
        rests = update(mandates).where(mandates.c.suspended_at.is_not(None))
        return self._change(mandate_id, rests.values(suspended_at=None), "resumed")

    def resume_in_part(self, mandate_id: str, signature: Signature, now: int) -> Mandate:
        """Let a suspended mandate hold again as soon as a second person signs it.

        Raises:
            NotRegistered: there is no such mandate that is suspended.
        """
        rests = update(mandates).where(mandates.c.suspended_at.is_not(None))
        waits = rests.values(suspended_at=None, signatures_missing=1)
        mandate = self._change(mandate_id, waits, "resumed")
        of_it = mandate_signatures.c.mandate_id == mandate_id
        self._connection.execute(delete(mandate_signatures).where(of_it))
        self.add_signature(mandate_id, signature, now)
        return mandate

    def hold_back(self, mandate_id: str, now: int) -> Mandate:
        """Let a mandate rest at the city's word, whatever its legal person says.

        Raises:
            NotRegistered: there is no such mandate in force that is not held back.
        """
        free = update(mandates).where(mandates.c.held_back_at.is_(None))
        return self._change(mandate_id, free.values(held_back_at=now), "held back")

    def let_go(self, mandate_id: str) -> bool:
        """Take the city's word back, also from a mandate that is over; false if there was none."""
        held = update(mandates).where(
            mandates.c.mandate_id == mandate_id, mandates.c.held_back_at.is_not(None)
        )
        return self._connection.execute(held.values(held_back_at=None)).rowcount == 1

    def add_signature(self, mandate_id: str, signature: Signature, now: int) -> bool:
        """Add one person's signature; false if they signed before."""
        values = {**vars(signature), "mandate_id": mandate_id, "signed_at": now}
        return insert_once(self._connection, mandate_signatures, **values)

    def signatures(self, mandate_id: str) -> Sequence[Signature]:
        """List who signed a mandate."""
        columns = mandate_signatures.c
        statement = select(columns.person_id, columns.under).where(columns.mandate_id == mandate_id)
        return [Signature(*row) for row in self._connection.execute(statement)]

    def sign(self, mandate_id: str, signature: Signature, now: int) -> bool:
        """Count one person's signature; false if they signed before.

        Raises:
            NotRegistered: there is no such mandate that waits for a signature.
        """
        if not self.add_signature(mandate_id, signature, now):
            return False
        waits = update(mandates).where(mandates.c.signatures_missing > 0)
        fewer = waits.values(signatures_missing=mandates.c.signatures_missing - 1)
        self._change(mandate_id, fewer, "signed")
        return True

    def has_signed(self, person_id: str) -> frozenset[str]:
        """Return the mandates that a person signed."""
        statement = select(mandate_signatures.c.mandate_id).where(
            mandate_signatures.c.person_id == person_id
        )
        return frozenset(self._connection.execute(statement).scalars())

    def suspend_derived(self, mandate_id: str, now: int) -> int:
        """Let everything rest that was granted under a mandate, or under what was; count it."""
        frozen, parents = 0, [mandate_id]
        while parents:
            below = mandates.c.parent_id.in_(parents)
            rest = update(mandates).where(below, _STANDS, mandates.c.suspended_at.is_(None))
            frozen += self._connection.execute(rest.values(suspended_at=now)).rowcount
            children = select(mandates.c.mandate_id).where(below)
            parents = list(self._connection.execute(children).scalars())
        return frozen

    def _change(self, mandate_id: str, statement: Update, verb: str) -> Mandate:
        mine = statement.where(mandates.c.mandate_id == mandate_id, _STANDS).returning(mandates)
        row = self._connection.execute(mine).first()
        if row is None:
            raise NotRegistered(f"no mandate {mandate_id} that could be {verb}")
        return _mandate(row)


def _ends_after(now: int) -> ColumnElement[bool]:
    return or_(mandates.c.valid_to.is_(None), mandates.c.valid_to > now)


_COLUMNS = tuple(column.name for column in mandates.c)


def _mandate(row: Row[Any]) -> Mandate:
    """Make a mandate of the first columns of a row."""
    values = dict(zip(_COLUMNS, row, strict=False))
    lists = {name: frozenset(values[name].split()) for name in ("powers", "matters")}
    return Mandate(**{**values, **lists})
