"""Records: what of an act becomes public, and what stays beside it.

The leaf in the tree holds no plain fact about anybody: who is behind keyed pseudonyms, and each
field is a salted commitment. The openings (salt and value of each field) are stored beside the
leaf. Without the salt a commitment tells nothing, so erasing an opening erases the field and
leaves every proof valid.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from ledger.canonical import (
    Json,
    canonical,
    decode_bytes,
    encode_bytes,
    parse_object,
)
from ledger.errors import NotCanonical, ProofRejected

VERSION = 1
SALT_BYTES = 16
ID_TIME_DIGITS = 12
ID_RANDOM_BYTES = 10
SUBJECT, PERSON, PARTY, LICENCE = "subject", "person", "party", "licence"
ROLES = (SUBJECT, PERSON, PARTY, LICENCE)

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Act:
    """Something that was done with a certificate.

    Attributes:
        kind: `issue`, `show`, `download`, `verify` or `status`.
        subject_id: the party whose licence it is; empty if none was found.
        person_id: who acted; empty for an app that acts by itself.
        party_id: for whom they acted.
        fields: what happened, all values text; `licence` holds the licence's identifier.
    """

    kind: str
    subject_id: str
    person_id: str
    party_id: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class PseudonymKey:
    """Secret key that turns identifiers into pseudonyms."""

    secret: bytes

    def pseudonym(self, role: str, identifier: str) -> str:
        """Return the same pseudonym for the same one in the same role, and tell nothing else.

        HMAC-SHA256 (RFC 2104) over the role and the identifier; nobody has the empty pseudonym.
        """
        if not identifier:
            return ""
        message = f"haihe pseudonym 1\0{role}\0{identifier}".encode()
        return encode_bytes(hmac.digest(self.secret, message, "sha256"))


@dataclass(frozen=True)
class Opening:
    """What opens a commitment."""

    salt: str
    value: str

    def commitment(self, name: str) -> str:
        """Hash salt, name and value of a field into its commitment."""
        return encode_bytes(sha256(canonical([self.salt, name, self.value])).digest())


Openings = Mapping[str, Opening]


@dataclass(frozen=True)
class Entry:
    """A leaf of the tree, before hashing."""

    record_id: str
    kind: str
    at_ms: int
    pseudonyms: Mapping[str, str]
    commitments: Mapping[str, str]

    def to_json(self) -> Mapping[str, Json]:
        """Write it as the object whose canonical form is the leaf."""
        return {
            "version": VERSION,
            "record": self.record_id,
            "kind": self.kind,
            "at_ms": self.at_ms,
            "commitments": self.commitments,
            **self.pseudonyms,
        }

    def encode(self) -> bytes:
        """Write the leaf."""
        return canonical(self.to_json())


@dataclass(frozen=True)
class Record:
    """A record as stored: the leaf, what opens it, and its place once it has one."""

    record_id: str
    pseudonyms: Mapping[str, str]
    leaf: bytes
    openings: bytes
    leaf_index: int | None = None


def make_record(act: Act, key: PseudonymKey, at_ms: int, random: Random) -> Record:
    """Turn an act into a record.

    Args:
        act: what was done.
        key: makes the pseudonyms.
        at_ms: when, Unix milliseconds.
        random: source of salts and of the id's random part.
    """
    openings = _open(act.fields, random)
    licence = act.fields.get(LICENCE, "")
    identifiers = zip(ROLES, (act.subject_id, act.person_id, act.party_id, licence), strict=True)
    entry = Entry(
        # Ids sort by time, so new rows land at the end of the index.
        record_id=f"{at_ms:0{ID_TIME_DIGITS}x}{random(ID_RANDOM_BYTES).hex()}",
        kind=act.kind,
        at_ms=at_ms,
        pseudonyms={role: key.pseudonym(role, identifier) for role, identifier in identifiers},
        commitments={name: opening.commitment(name) for name, opening in openings.items()},
    )
    return Record(entry.record_id, entry.pseudonyms, entry.encode(), encode_openings(openings))


def _open(fields: Mapping[str, str], random: Random) -> Openings:
    salts = random(SALT_BYTES * len(fields))
    return {
        name: Opening(encode_bytes(salts[i * SALT_BYTES : (i + 1) * SALT_BYTES]), value)
        for i, (name, value) in enumerate(fields.items())
    }


def encode_openings(openings: Openings) -> bytes:
    """Write openings as canonical JSON."""
    return canonical({name: [one.salt, one.value] for name, one in openings.items()})


def parse_openings(data: bytes) -> Openings:
    """Read openings.

    Raises:
        NotCanonical: they are not in their exact form.
    """
    return {name: parse_opening(pair) for name, pair in parse_object(data).items()}


def parse_opening(pair: Json) -> Opening:
    """Read one opening, a pair of salt and value.

    Raises:
        NotCanonical: it is not that.
    """
    if (
        not isinstance(pair, list)
        or len(pair) != 2
        or not all(isinstance(one, str) for one in pair)
    ):
        raise NotCanonical("an opening is a salt and a value, both text")
    if len(decode_bytes(pair[0])) != SALT_BYTES:
        raise NotCanonical(f"a salt has {SALT_BYTES} bytes")
    return Opening(pair[0], pair[1])


def parse_entry(leaf: bytes) -> Entry:
    """Read a leaf.

    Raises:
        NotCanonical: it is not in its exact form.
    """
    return entry_of(parse_object(leaf))


def entry_of(value: Mapping[str, Json]) -> Entry:
    """Read the object of a leaf.

    Raises:
        NotCanonical: a part is missing, too much, or of another kind.
    """
    if set(value) != {"version", "record", "kind", "at_ms", "commitments", *ROLES}:
        raise NotCanonical("a leaf has exactly the parts of its version")
    if value["version"] != VERSION or not isinstance(value["at_ms"], int):
        raise NotCanonical(f"not a leaf of version {VERSION}")
    at_ms, commitments = value["at_ms"], value["commitments"]
    texts = {name: value[name] for name in ("record", "kind", *ROLES)}
    if not isinstance(commitments, dict):
        raise NotCanonical("commitments are an object")
    if not all(isinstance(one, str) for one in (*texts.values(), *commitments.values())):
        raise NotCanonical("pseudonyms and commitments are texts")
    record_id = str(texts["record"])
    if record_id[:ID_TIME_DIGITS] != f"{at_ms:0{ID_TIME_DIGITS}x}":
        raise NotCanonical("the record's id does not begin with its time")
    pseudonyms = {role: str(texts[role]) for role in ROLES}
    return Entry(record_id, str(texts["kind"]), at_ms, pseudonyms, commitments)


def check_openings(entry: Entry, openings: Openings) -> None:
    """Check that every opening given opens its commitment.

    Raises:
        ProofRejected: one does not; its message names the field.
    """
    for name, opening in openings.items():
        if entry.commitments.get(name) != opening.commitment(name):
            raise ProofRejected(f"the field '{name}' is not what the leaf commits to")
