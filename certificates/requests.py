"""What a department asks to issue, and whether it can be issued: all reasons at once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

from certificates.catalogue import LicenceType, check_fields
from certificates.errors import FieldsRefused, HolderUnknown, IdentifierMalformed, Sentence
from certificates.identifiers import check_citizen_number, check_uscc

_DAY = 86_400
_LATEST = 253_402_300_799  # the end of the year 9999, in Unix seconds


@dataclass(frozen=True)
class Holder:
    """Someone who can hold licences.

    Attributes:
        code: unified social credit code, or citizen number.
    """

    party_id: str
    name: str
    code: str


FindHolder = Callable[[str, str], Holder | None]
"""Find a holder by number and name; None unless both are right."""


@dataclass(frozen=True)
class IssueRequest:
    """What a department wants to issue.

    Attributes:
        type: slug of the licence type.
        valid_from: Unix seconds; None: now.
        valid_to: the first second at which it is over; None: as the type says.
        matter: for which it is issued, if for any.
    """

    type: str
    holder_code: str
    holder_name: str
    fields: Mapping[str, str]
    valid_from: int | None = None
    valid_to: int | None = None
    matter: str | None = None


@dataclass(frozen=True)
class Content:
    """What a licence will say, checked."""

    type_code: str
    holder: Holder
    fields: Mapping[str, str]
    valid_from: int
    valid_to: int | None


def body_hash(request: IssueRequest) -> bytes:
    """Tell requests apart, for idempotency."""
    return sha256(json.dumps(asdict(request), sort_keys=True).encode()).digest()


def check_request(
    kind: LicenceType, request: IssueRequest, find_holder: FindHolder, now: int
) -> Content:
    """Check all that was asked.

    Raises:
        FieldsRefused: with every reason, by field name (`holder.code`, `valid_to`, ...).
        HolderUnknown: nobody has that number and name.
    """
    period = _period(kind, request, now)
    fields = _check_values(kind, request, period)
    holder = find_holder(request.holder_code, request.holder_name.strip())
    if holder is None:
        raise HolderUnknown("nobody is registered with that number and name")
    _check_named(kind, holder, fields)
    return Content(kind.code, holder, fields, *period)


def _period(kind: LicenceType, request: IssueRequest, now: int) -> tuple[int, int | None]:
    valid_from = now if request.valid_from is None else request.valid_from
    valid_to = request.valid_to
    if valid_to is None and kind.days_valid is not None:
        valid_to = valid_from + kind.days_valid * _DAY
    return valid_from, valid_to


def _check_values(
    kind: LicenceType, request: IssueRequest, period: tuple[int, int | None]
) -> dict[str, str]:
    """Check all that was asked at once: fields, holder's number, period."""
    refused: dict[str, Sentence] = {}
    fields: dict[str, str] = {}
    try:
        fields = check_fields(kind, request.fields)
    except FieldsRefused as found:
        refused.update(found.reasons)
    refused.update(_refuse_holder(kind, request))
    refused.update(_refuse_period(*period))
    if refused:
        raise FieldsRefused(refused)
    return fields


def _refuse_holder(kind: LicenceType, request: IssueRequest) -> Mapping[str, Sentence]:
    check = check_uscc if kind.holder == "legal-person" else check_citizen_number
    try:
        check(request.holder_code)
    except IdentifierMalformed as wrong:
        return {"holder.code": Sentence("持证主体的号码不对，请核对每一位", str(wrong))}
    if not request.holder_name.strip():
        return {"holder.name": Sentence("请填写持证主体的名称", "is required")}
    return {}


def _refuse_period(valid_from: int, valid_to: int | None) -> Mapping[str, Sentence]:
    if not 0 <= valid_from <= _LATEST:
        return {"valid_from": Sentence("起始时间不对", "is not a time of this calendar")}
    if valid_to is not None and not valid_from < valid_to <= _LATEST:
        return {"valid_to": Sentence("截止时间应晚于起始时间", "is not later than valid_from")}
    return {}


def _check_named(kind: LicenceType, holder: Holder, fields: Mapping[str, str]) -> None:
    """A licence that names another company than its holder would pass every later check."""
    if kind.holder != "legal-person":
        return
    own = {"uscc": holder.code, "name": holder.name}
    wrong = [name for name in own.keys() & fields.keys() if fields[name] != own[name]]
    if wrong:
        reason = Sentence("与持证主体不一致", "is not that of the holder")
        raise FieldsRefused(dict.fromkeys(wrong, reason))
