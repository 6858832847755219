"""Verifying a licence: ten numbered checks, one record, and no field more than the matter needs.

 1 form        it is a code, six digits, a credential, a PDF, an offline code or an identifier
 2 signature   the department's key signed it, and the register says the same
 3 chain       the key's certificate comes from the city's root and is valid now
 4 authority   that department could issue this type when it did
 5 period      now is between begin and end
 6 status      neither suspended nor revoked
 7 agreement   all that was presented carries the digest of the licence registered
 8 shown       the code is alive and unused (not for a file)
 9 purpose     the matter has ground to ask, and is that for which it was shown
10 recorded    the ledger's record of its issue has the same digest

A check that cannot be judged, because what it looks at is not there, is not applicable. The code
is used up only if all the others passed: a wrong matter costs the holder nothing.

Statements on the way of a code: find, the record of issue, redeem, append: 4. Digits: 6. One
ECDSA verification while the department's chain is remembered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certificates.catalogue import LicenceType
from certificates.checks import NOT_APPLICABLE, PASSED, Check, CheckCode, judge
from certificates.contents import find_kind, name_licence
from certificates.errors import RequestAmbiguous, TooManyTries
from certificates.faces import (
    Face,
    Faces,
    open_identifier,
    open_pdf,
    open_qr,
    open_sd_jwt,
    read_credential,
)
from certificates.judging import Case, check_alive, check_all, find_known
from certificates.licences import Found
from certificates.lifecycle import State, state_at
from certificates.matters import Matter, fields_for, find_matter
from certificates.presenting import PREFIX, are_digits, hash_code, is_code
from certificates.purposes import check_purpose
from certificates.recording import (
    Actor,
    AppendRecord,
    FindIssue,
    Use,
    name_matter,
    require_power,
)
from certificates.store import CertificateStore

MOST_TRIES = 5  # wrong six-digit numbers of one verifier in one minute


@dataclass(frozen=True)
class VerifyRequest:
    """What a clerk wants to verify.

    Exactly one of code and digits, or any faces of one licence: together they have to agree.

    Attributes:
        qr: text of an offline code.
        identifier: typed in; it names a licence and proves nothing about who has it.
    """

    matter: str
    purpose: str
    code: str | None = None
    digits: str | None = None
    sd_jwt: str | None = None
    pdf: bytes | None = None
    qr: str | None = None
    identifier: str | None = None


@dataclass(frozen=True)
class VerifyTools:
    """What verifying needs from outside.

    Attributes:
        find_issue: the fields of an issue record, from the ledger.
        root: DER certificate of the city's root.
        stamp_roots: those of other time-stamp authorities.
    """

    append: AppendRecord
    find_issue: FindIssue
    root: bytes
    stamp_roots: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class LicenceView:
    """What a verifier sees of a licence.

    Attributes:
        fields: those the matter may see and the holder disclosed; none unless all checks passed.
    """

    identifier: str
    kind: LicenceType
    state: State
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """The answer.

    Attributes:
        licence: None unless we know it, and what was presented is really it.
        record: id of the record of this verification; None if no licence of ours was involved.
    """

    passed: bool
    checks: Sequence[Check]
    licence: LicenceView | None
    record: str | None


def verify(
    store: CertificateStore, request: VerifyRequest, actor: Actor, tools: VerifyTools, now: int
) -> Verdict:
    """Verify what a holder shows, and record it, in the caller's one transaction.

    A failed verification is an answer, not an error: the caller commits in both cases.

    Raises:
        PowerMissing: the actor may not verify.
        RequestAmbiguous: not exactly one of code, digits and credential.
        UnknownMatter, PurposeRefused: matter or purpose are no such.
        TooManyTries: too many wrong six-digit numbers in this minute.
    """
    require_power(actor, "verify")
    purpose = check_purpose(request.purpose)
    matter = find_matter(request.matter)
    case = _open_case(store, request, actor, now)
    outcomes = check_all(case, matter, (tools.root, *tools.stamp_roots), tools.find_issue, now)
    if case.found and case.found.show and not _failed(outcomes):
        outcomes["shown"] = redeem(store, case.found, now)
    checks = [judge(code, outcome) for code, outcome in outcomes.items()]
    view = _view(case, outcomes, matter, now)
    failed = _failed(outcomes)
    use = {**name_matter(matter), "purpose": purpose}
    record = _record(case, failed, view, use, actor, tools.append)
    return Verdict(not failed, checks, view, record)


def _failed(outcomes: Mapping[CheckCode, str]) -> Sequence[CheckCode]:
    return [code for code, each in outcomes.items() if each not in {PASSED, NOT_APPLICABLE}]


def _open_case(store: CertificateStore, request: VerifyRequest, actor: Actor, now: int) -> Case:
    given = [name for name in (*_SHOWN, *_OPENERS) if getattr(request, name) is not None]
    if given and not set(given) & set(_SHOWN):
        faces = Faces(tuple(_OPENERS[name](getattr(request, name)) for name in given))
        return _presented(store, faces)
    match request:
        case VerifyRequest(code=str(code)) if given == ["code"]:
            return _open_code(store, code)
        case VerifyRequest(digits=str(digits)) if given == ["digits"]:
            return _open_digits(store, digits, actor, now)
    raise RequestAmbiguous("give code or digits, or else faces of one licence")


_SHOWN = ("code", "digits")
_OPENERS: Mapping[str, Callable[[Any], Face]] = {
    "sd_jwt": open_sd_jwt,
    "pdf": open_pdf,
    "qr": open_qr,
    "identifier": open_identifier,
}


def _open_code(store: CertificateStore, text: str) -> Case:
    code = text.strip().upper()
    code = code if code.startswith(PREFIX) else PREFIX + code
    if not is_code(code):
        return Case("code", None, None)
    return _registered(store.find_by_code(hash_code(code)))


def _open_digits(store: CertificateStore, text: str, actor: Actor, now: int) -> Case:
    digits = "".join(text.split())
    if not are_digits(digits):
        return Case("digits", None, None)
    who, minute = actor.person_id or actor.client_id or actor.party_id, now // 60
    if store.count_try(who, minute) > MOST_TRIES:
        raise TooManyTries("too many wrong numbers in this minute; scan the code, or wait")
    found = store.find_by_digits(hash_code(digits), now)
    if found is not None:
        store.take_back_try(who)
    return _registered(found)


def _registered(found: Found | None) -> Case:
    reading = read_credential(found.licence.sd_jwt) if found else None
    return Case(PASSED, found, reading)


def _presented(store: CertificateStore, faces: Faces) -> Case:
    found = store.find_by_identifier(faces.identifier) if faces.identifier else None
    reading = faces.reading
    if reading is None and found and faces.flaw == PASSED:
        reading = read_credential(found.licence.sd_jwt)  # a code or an identifier has none
    return Case(faces.form, found, reading, faces)


def redeem(store: CertificateStore, found: Found, now: int) -> str:
    """Use the code up: `PASSED`, or how it died since it was found."""
    if found.code_hash is None or store.redeem(found.code_hash, now):
        return PASSED
    # Someone else was faster between our reading and our writing: tell what happened.
    again = store.find_by_code(found.code_hash)
    return (again and again.show and check_alive(again.show, now)) or "used"


def _view(
    case: Case, outcomes: Mapping[CheckCode, str], matter: Matter, now: int
) -> LicenceView | None:
    known = find_known(case, outcomes["signature"])
    if known and known.show and outcomes["shown"] != PASSED:
        return None  # a dead code shows nothing, however it was guessed
    kind = find_kind(known.licence.type_code) if known else None
    if known is None or kind is None:
        return None
    licence = known.licence
    fields: Mapping[str, str] = {}
    if not _failed(outcomes):
        disclosed = case.disclosed
        asked = fields_for(matter, kind.slug)
        fields = {name: disclosed[name] for name in asked if name in disclosed}
    state = state_at(licence.state, licence.valid_to, now)
    return LicenceView(licence.identifier, kind, state, fields)


def _record(
    case: Case,
    failed: Sequence[CheckCode],
    view: LicenceView | None,
    use: Mapping[str, str],
    actor: Actor,
    append: AppendRecord,
) -> str | None:
    """Record it for the holder, also what failed, also a forgery that names the licence."""
    if case.found is None:
        return None
    licence = case.found.licence
    seen = [view.kind.field(name) for name in view.fields] if view else []
    fields = {
        **use,
        **name_licence(licence),
        "result": "failed" if failed else "passed",
        "fields": ",".join(field.name for field in seen),
        "field_names": "、".join(field.zh for field in seen),
        "for_name": actor.party_name,
        "by_name": actor.person_name,
    }
    if failed:
        fields["failed_check"] = failed[0]
    return append(Use("verify", licence.holder_id, actor, fields))
