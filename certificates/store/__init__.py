"""The one place where certificates speak SQL. The caller owns the transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, case, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError

from certificates.licences import (
    UNREADABLE,
    Authority,
    Exhibit,
    Found,
    Licence,
    Show,
    canonical,
    unreadable,
)
from certificates.lifecycle import State
from certificates.store.papers import PaperRows
from certificates.store.rows import (
    find_query,
    read_authority,
    read_exhibit,
    read_found,
    read_licence,
)
from certificates.store.tables import (
    counters,
    issuers,
    licences,
    metadata,
    requests,
    shows,
    tries,
)
from certificates.store.verdicts import VerdictRows

__all__ = ["CertificateStore", "metadata"]
_PAGE = 500
DIGITS_KEPT = 240  # seconds for which a dead code keeps its digits, to say how it died


class CertificateStore:
    """Licences, codes and authorities over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.papers = PaperRows(connection)
        self.verdicts = VerdictRows(connection)
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        self._upsert = dialect.insert

    # Licences

    def add_licence(self, licence: Licence) -> None:
        """Add a new licence."""
        row = asdict(licence) | {"fields": canonical(licence.fields)}
        self._connection.execute(insert(licences).values(row))

    def find_licence(self, identifier: str) -> Licence | None:
        """Find a licence."""
        query = select(licences).where(licences.c.identifier == identifier)
        row = self._connection.execute(query).mappings().one_or_none()
        return read_licence(row) if row else None

    def licences_of_holder(
        self, holder_id: str, limit: int, before: int | None = None
    ) -> Sequence[Licence]:
        """Licences of a holder, newest first.

        Args:
            holder_id: whose.
            limit: how many at most.
            before: only those with a status index below this one, to page on.
        """
        query = select(licences).where(licences.c.holder_id == holder_id)
        if before is not None:
            query = query.where(licences.c.status_index < before)
        newest = query.order_by(licences.c.status_index.desc()).limit(limit)
        return [read_licence(row) for row in self._connection.execute(newest).mappings()]

    def licences_of_issuer(self, issuer_id: str, limit: int) -> Sequence[Licence]:
        """The latest licences a department issued, newest first."""
        query = select(licences).where(licences.c.issuer_id == issuer_id)
        newest = query.order_by(licences.c.issued_at.desc(), licences.c.status_index.desc())
        rows = self._connection.execute(newest.limit(limit)).mappings()
        return [read_licence(row) for row in rows]

    def change_state(self, identifier: str, old: State, new: State, now: int) -> bool:
        """Change the state if it is still `old`; tells whether it was."""
        change = update(licences).where(
            licences.c.identifier == identifier, licences.c.state == old
        )
        return self._connection.execute(change.values(state=new, state_changed_at=now)).rowcount > 0

    def states_between(self, first: int, end: int) -> Mapping[int, State]:
        """States other than valid, by status index from `first` up to `end` (excluded)."""
        query = select(licences.c.status_index, licences.c.state).where(
            licences.c.status_index >= first,
            licences.c.status_index < end,
            licences.c.state != "valid",
        )
        return {row.status_index: row.state for row in self._connection.execute(query)}

    def exhibits(self) -> Iterator[Exhibit]:
        """Every licence, its digest recomputed; a row that cannot be read is shown as such."""
        places = select(licences.c.status_index).order_by(licences.c.status_index).limit(_PAGE)
        page = self._connection.scalars(places).all()
        while page:
            yield from self._exhibits(page[0], page[-1], page)
            page = self._connection.scalars(places.where(licences.c.status_index > page[-1])).all()

    def _exhibits(self, first: int, last: int, page: Sequence[int]) -> Sequence[Exhibit]:
        here = licences.c.status_index.between(first, last)
        try:
            rows = self._connection.execute(select(licences).where(here)).mappings().all()
        except DatabaseError:  # SQLite refuses text that is not UTF-8: look at each row alone
            if first == last:
                return [unreadable(self._name(first))]
            return [one for place in page for one in self._exhibits(place, place, [place])]
        return [read_exhibit(row) for row in rows]

    def _name(self, place: int) -> str:
        try:
            query = select(licences.c.identifier).where(licences.c.status_index == place)
            return str(self._connection.scalars(query).one())
        except DatabaseError:
            return UNREADABLE

    # Verification

    def find_by_code(self, code_hash: bytes) -> Found | None:
        """Find what a code shows, dead or alive."""
        return self._found(shows.c.code_hash == code_hash, shown=True)

    def find_by_digits(self, digits_hash: bytes, now: int) -> Found | None:
        """Find what six digits show: a live code, or one that died a little while ago."""
        recent = shows.c.expires_at > now - DIGITS_KEPT
        return self._found(shows.c.digits_hash == digits_hash, recent, shown=True)

    def find_by_identifier(self, identifier: str) -> Found | None:
        """Find a licence with its issuer's authority."""
        return self._found(licences.c.identifier == identifier, shown=False)

    def _found(self, *conditions: Any, shown: bool) -> Found | None:
        query = find_query(*conditions, shown=shown)
        row = self._connection.execute(query).mappings().one_or_none()
        return read_found(row) if row else None

    def redeem(self, code_hash: bytes, now: int) -> bool:
        """Use a code up: of any number of calls at most one gets True."""
        live = update(shows).where(
            shows.c.code_hash == code_hash,
            shows.c.used_at.is_(None),
            shows.c.replaced_at.is_(None),
            shows.c.expires_at > now,
        )
        taken = live.values(used_at=now).returning(shows.c.code_hash)
        return self._connection.execute(taken).one_or_none() is not None

    def count_try(self, who: str, minute: int) -> int:
        """Count one more try, before it is made, and tell how many there were in that minute.

        One statement: tries at the same moment wait for each other and never share a count.
        """
        first = self._upsert(tries).values(who=who, minute=minute, count=1)
        more = case((tries.c.minute == minute, tries.c.count + literal_column("1")), else_=1)
        counted = first.on_conflict_do_update(
            index_elements=["who"], set_={"minute": minute, "count": more}
        )
        return int(self._connection.scalars(counted.returning(tries.c.count)).one())

    def take_back_try(self, who: str) -> None:
        """Take back a try that was right."""
        self._connection.execute(
            update(tries).where(tries.c.who == who).values(count=tries.c.count - 1)
        )

    # Codes

    def retire_shows(self, identifier: str, now: int) -> None:
        """Replace the live codes of a licence, and take back the digits of all long dead ones."""
        own = update(shows).where(
            shows.c.identifier == identifier,
            shows.c.used_at.is_(None),
            shows.c.replaced_at.is_(None),
            shows.c.expires_at > now,
        )
        self._connection.execute(own.values(replaced_at=now))
        long_dead = shows.c.expires_at <= now - DIGITS_KEPT
        expired = update(shows).where(shows.c.digits_hash.is_not(None), long_dead)
        self._connection.execute(expired.values(digits_hash=None))

    def used_at(self, identifier: str, made_at: int) -> int | None:
        """When a code of a licence, by the time it was made, was used; None if it was not."""
        made = (shows.c.identifier == identifier) & (shows.c.made_at == made_at)
        query = select(shows.c.used_at).where(made, shows.c.used_at.is_not(None))
        return self._connection.scalars(query.limit(1)).one_or_none()

    def add_show(self, code_hash: bytes, digits_hash: bytes, show: Show) -> bool:
        """Add a code; False if a code that is alive, or died just now, has the same digits."""
        row = asdict(show) | {"code_hash": code_hash, "digits_hash": digits_hash}
        added = self._upsert(shows).values(row).on_conflict_do_nothing()
        return self._connection.execute(added.returning(shows.c.made_at)).one_or_none() is not None

    # Departments

    def grant_authority(self, type_code: str, party_id: str, authority: Authority) -> None:
        """Let a department issue a type, or change from when and until when."""
        times = {"authority_from": authority.since, "authority_to": authority.until}
        row = self._upsert(issuers).values(type_code=type_code, party_id=party_id, **times)
        self._connection.execute(
            row.on_conflict_do_update(index_elements=["type_code", "party_id"], set_=times)
        )

    def authorities_of(self, party_id: str) -> Mapping[str, Authority]:
        """The authorities of a department, by type code."""
        query = select(issuers).where(issuers.c.party_id == party_id)
        rows = self._connection.execute(query).mappings()
        return {row["type_code"]: read_authority(row) for row in rows}

    # Requests and counters

    def find_request(self, party_id: str, key: str) -> tuple[bytes, str] | None:
        """Find the hash of a request made before under a key, and the licence it issued."""
        query = select(requests.c.body_hash, requests.c.identifier).where(
            requests.c.party_id == party_id, requests.c.key == key
        )
        row = self._connection.execute(query).one_or_none()
        return (row.body_hash, row.identifier) if row else None

    def add_request(
        self, party_id: str, key: str, body_hash: bytes, identifier: str, now: int
    ) -> bool:
        """Remember a request; False if at the same time another took the key."""
        row = {"party_id": party_id, "key": key, "body_hash": body_hash, "made_at": now}
        added = self._upsert(requests).values(row | {"identifier": identifier})
        kept = added.on_conflict_do_nothing().returning(requests.c.made_at)
        return self._connection.execute(kept).one_or_none() is not None

    def count_up(self, name: str) -> int:
        """Take the next number, from 1; who takes one holds back the others until the end."""
        first = self._upsert(counters).values(name=name, value=1)
        up = first.on_conflict_do_update(
            index_elements=["name"], set_={"value": counters.c.value + literal_column("1")}
        )
        return int(self._connection.scalars(up.returning(counters.c.value)).one())

    def counted(self, name: str) -> int:
        """The number last taken; 0 if none was."""
        query = select(func.coalesce(func.max(counters.c.value), 0))
        return int(self._connection.scalars(query.where(counters.c.name == name)).one())
