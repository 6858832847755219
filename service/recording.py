"""From a use of a certificate to a record of the ledger, in the same transaction."""

import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from certificates.recording import AppendRecord, Use
from certificates.requests import FindHolder, Holder
from identity.operating.registry import find_party
from identity.realm import Realm
from identity.store import IdentityStore
from ledger.log import append
from ledger.records import Act, parse_entry, parse_openings
from ledger.store import LedgerStore
from service.opened import Opened


def recorder(opened: Opened, connection: Connection) -> AppendRecord:
    """Make the function by which certificates record a use in this transaction."""
    store = LedgerStore(connection)

    def append_record(use: Use) -> str:
        act = Act(
            kind=use.kind,
            subject_id=use.holder_id,
            person_id=use.actor.person_id or "",
            party_id=use.actor.party_id,
            fields=_with_app(use),
        )
        return append(store, act, opened.pseudonyms, time.time_ns() // 1_000_000, opened.random)

    return append_record


def _with_app(use: Use) -> Mapping[str, str]:
    """Name the app through which it came, so that what a program did has a doer as well."""
    return use.fields if use.actor.client_id is None else {**use.fields, "app": use.actor.client_id}


def issue_finder(connection: Connection) -> Callable[[str], Mapping[str, str] | None]:
    """Make the function that finds what the ledger recorded at a licence's issue."""
    store = LedgerStore(connection)

    def find_issue(record_id: str) -> Mapping[str, str] | None:
        record = store.find_record(record_id)
        if record is None or parse_entry(record.leaf).kind != "issue":
            return None
        return {name: each.value for name, each in parse_openings(record.openings).items()}

    return find_issue


def holder_finder(realm: Realm, connection: Connection) -> FindHolder:
    """Make the function that finds a person or legal person by number and name."""
    work = realm.work(IdentityStore(connection))

    def find_holder(code: str, name: str) -> Holder | None:
        party = find_party(work, code, name)
        return None if party is None else Holder(party.party_id, party.name, code.strip())

    return find_holder
