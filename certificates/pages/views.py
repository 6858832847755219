"""What templates show of a licence, worked out beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass

from certificates.catalogue import CATALOGUE, Field, LicenceType
from certificates.identifiers import mask
from certificates.licences import Licence
from certificates.lifecycle import State, state_at

TYPES_BY_CODE = {each.code: each for each in CATALOGUE.values()}


@dataclass(frozen=True)
class Line:
    """One field and the text shown for it."""

    field: Field
    text: str


@dataclass(frozen=True)
class Card:
    """A licence as a page shows it; `lines` hold masked or full values."""

    identifier: str
    type: LicenceType
    state: State
    number: str
    holder_name: str
    issuer_name: str
    issued_at: int
    valid_from: int
    valid_to: int | None
    record: str
    sd_jwt: str
    lines: tuple[Line, ...]


def card_of(licence: Licence, now: int, *, revealed: bool = False) -> Card:
    """Prepare a licence for a page.

    Args:
        licence: as stored.
        now: Unix seconds, decides whether it has expired.
        revealed: whether personal values and numbers are shown in full.
    """
    kind = TYPES_BY_CODE[licence.type_code]
    number = licence.fields.get("number", licence.fields.get("uscc", ""))
    return Card(
        identifier=licence.identifier,
        type=kind,
        state=state_at(licence.state, licence.valid_to, now),
        number=number if revealed else mask(number),
        holder_name=licence.holder_name,
        issuer_name=licence.issuer_name,
        issued_at=licence.issued_at,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        record=licence.issue_record,
        sd_jwt=licence.sd_jwt if revealed else mask(licence.sd_jwt[:40]),
        lines=tuple(_lines(kind, licence, revealed=revealed)),
    )


def _lines(kind: LicenceType, licence: Licence, *, revealed: bool) -> Iterable[Line]:
    for field in kind.fields:
        value = licence.fields.get(field.name, "")
        if value:
            hidden = not revealed and (field.personal or field.name == "number")
            yield Line(field, mask(value) if hidden else value)
