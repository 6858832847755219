"""Audit of licences: each is as its records of issue and of status say."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.findings import Bad, Counts
from ledger.records import Entry, Openings, Record

ISSUE, STATUS = "issue", "status"


@dataclass(frozen=True)
class Exhibit:
    """A licence as it is stored now, recomputed from its row by whoever keeps it.

    Attributes:
        digest: over all that never changes.
        since: when it came into its state, as text; "" if that is not kept.
        record: id of the record of its issue that the row names; "" if it names none.
    """

    identifier: str
    digest: str
    state: str
    since: str = ""
    record: str = ""


@dataclass
class Licences:
    """What the records say of licences."""

    issued: dict[str, Exhibit] = field(default_factory=dict)

    def watch(self, record: Record, entry: Entry, openings: Openings) -> None:
        """Take note of a record that issues a licence or changes its state.

        Raises:
            Bad: a licence is issued twice, or changed before it is issued.
        """
        if entry.kind not in (ISSUE, STATUS):
            return
        said = {name: opening.value for name, opening in openings.items()}
        identifier = said.get("licence", "")
        known = self.issued.get(identifier)
        if (entry.kind == ISSUE) == (known is not None):
            twice = "issues a licence a second time" if known else "changes a licence never issued"
            raise Bad("records", record.record_id, twice)
        self.issued[identifier] = Exhibit(
            identifier,
            digest=known.digest if known else said.get("digest", ""),
            state=said.get("state", ""),
            since=said.get("since", ""),
            record=known.record if known else record.record_id,
        )

    def compare(self, exhibits: Iterable[Exhibit], counts: Counts) -> None:
        """Compare the licences with their records.

        Raises:
            Bad: the first licence that differs, is missing, or was never issued.
        """
        unseen = dict(self.issued)
        for exhibit in exhibits:
            _compare(exhibit, unseen.pop(exhibit.identifier, None))
            counts.licences += 1
        for identifier, said in unseen.items():
            raise Bad("licences", identifier, f"is missing, record {said.record} issued it")


def _compare(exhibit: Exhibit, said: Exhibit | None) -> None:
    if said is None:
        raise Bad("licences", exhibit.identifier, "no record issues it")
    if exhibit.digest != said.digest:
        raise Bad("licences", exhibit.identifier, "is not what was issued")
    if exhibit.state != said.state:
        reason = f"its state is {exhibit.state!r}, the records say {said.state!r}"
        raise Bad("licences", exhibit.identifier, reason)
    if exhibit.since != said.since:
        raise Bad("licences", exhibit.identifier, "its state is not from when the records say")
    if exhibit.record not in ("", said.record):
        raise Bad("licences", exhibit.identifier, "names another record than that of its issue")
