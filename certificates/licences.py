"""Licences, codes and authorities as the store keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

import rfc8785

from certificates.lifecycle import State

UNREADABLE = "unreadable"
_OUTSIDE_DIGEST = frozenset({"issue_record", "state", "state_changed_at"})


@dataclass(frozen=True)
class Licence:
    """A licence. All but its state never changes.

    Attributes:
        fields: the values of the type's fields.
        sd_jwt: the signed text, everything disclosed.
        valid_to: the first Unix second at which it is over; None: no end.
        issue_record: id of the record of its issue.
        state: as stored; it does not know of expiry, see `lifecycle.state_at`.
    """

    identifier: str
    type_code: str
    issuer_id: str
    issuer_code: str
    issuer_name: str
    holder_id: str
    holder_code: str
    holder_name: str
    fields: Mapping[str, str]
    sd_jwt: str
    issued_at: int
    valid_from: int
    valid_to: int | None
    status_index: int
    issue_record: str
    state: State
    state_changed_at: int


@dataclass(frozen=True)
class KeptPaper:
    """A licence on paper, as it was made once and is handed out ever after."""

    identifier: str
    pdf: bytes
    made_at: int


@dataclass(frozen=True)
class Authority:
    """From when and until when (excluded) a department may issue a type."""

    since: int
    until: int | None

    def covers(self, at: int) -> bool:
        """Tell whether it holds at that second."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Show:
    """A code that its holder showed."""

    identifier: str
    holder_id: str
    matter: str | None
    made_at: int
    expires_at: int
    used_at: int | None
    replaced_at: int | None


@dataclass(frozen=True)
class Found:
    """All that a verification needs to know, read in one statement."""

    licence: Licence
    authority: Authority | None
    show: Show | None
    code_hash: bytes | None


@dataclass(frozen=True)
class Exhibit:
    """A licence as the audit compares it with the records.

    Attributes:
        digest: recomputed from the row, `UNREADABLE` if the row cannot be read.
        state: as stored.
        since: when it came into that state, Unix seconds as text.
        record: id of the issue record that the row claims.
    """

    identifier: str
    digest: str
    state: str
    since: str
    record: str


def unreadable(identifier: str) -> Exhibit:
    """An exhibit of a row whose columns cannot be read any more."""
    return Exhibit(identifier, UNREADABLE, UNREADABLE, UNREADABLE, UNREADABLE)


_DIGESTED = tuple(each.name for each in fields(Licence) if each.name not in _OUTSIDE_DIGEST)


def canonical(values: Mapping[str, str]) -> str:
    """Write the fields of a licence in the one way in which they are kept (RFC 8785)."""
    return rfc8785.dumps(dict(values)).decode()


def digest_of(licence: Licence) -> str:
    """Hex SHA-256 over every immutable value, written canonically (RFC 8785)."""
    values = {name: getattr(licence, name) for name in _DIGESTED}
    return digest_columns(values | {"fields": canonical(licence.fields)})


def faces_digest(sd_jwt: str) -> bytes:
    """SHA-256 by which all faces of a licence name the same one.

    Over the signed part of the SD-JWT, which is the same whatever is disclosed beside it, and
    which holds salted digests of everything else: so it tells nothing, and binds all.
    """
    return sha256(sd_jwt.partition("~")[0].encode()).digest()


def digest_columns(values: Mapping[str, Any]) -> str:
    """Digest of a row as it stands; `UNREADABLE` if it holds what no licence can hold."""
    try:
        return sha256(rfc8785.dumps({name: values[name] for name in _DIGESTED})).hexdigest()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return UNREADABLE
