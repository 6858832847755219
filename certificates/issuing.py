"""Issuing a licence, and changing its state: what a department does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from certificates.catalogue import LicenceType, find_type
from certificates.contents import credential_of, name_licence
from certificates.errors import (
    AuthorityMissing,
    FieldsRefused,
    GlyphMissing,
    KeyReused,
    NotTheIssuer,
    ReasonRefused,
    Sentence,
    TransitionRefused,
    UnknownLicence,
)
from certificates.formats import sd_jwt
from certificates.formats.credential import Random, Signing
from certificates.identifiers import make_identifier
from certificates.licences import Licence, digest_of
from certificates.lifecycle import State, check_transition, state_at
from certificates.matters import find_matter
from certificates.recording import Actor, AppendRecord, Use, name_matter, require_power
from certificates.requests import Content, FindHolder, IssueRequest, body_hash, check_request
from certificates.status import STATUS_VERSION
from certificates.store import CertificateStore

_LONGEST_KEY = 255
_LONGEST_REASON = 200
LICENCES = "licences"


FindSigner = Callable[[str, str], Signing]
"""The signer of a department, by credit code and name."""


CheckGlyphs = Callable[[str], None]
"""Check that a text can be drawn; raises GlyphMissing."""


def every_glyph(_text: str) -> None:
    """Take every text, where nothing is drawn."""


@dataclass(frozen=True)
class IssueTools:
    """What issuing needs from outside.

    Attributes:
        address: of this service, without a slash at the end.
        check_glyphs: whether paper can show a text.
    """

    find_holder: FindHolder
    find_signer: FindSigner
    append: AppendRecord
    random: Random
    address: str
    check_glyphs: CheckGlyphs = every_glyph


@dataclass(frozen=True)
class Issued:
    """A licence just issued, or issued before under the same idempotency key."""

    licence: Licence
    record: str


@dataclass(frozen=True)
class Changed:
    """A state just changed."""

    identifier: str
    state: State
    record: str


def issue(
    store: CertificateStore,
    request: IssueRequest,
    actor: Actor,
    tools: IssueTools,
    now: int,
    key: str | None = None,
) -> Issued:
    """Issue a licence, together with its record, in the caller's one transaction.

    Args:
        key: idempotency key; the same request under the same key gets the same answer.

    Raises:
        PowerMissing: the actor may not issue.
        UnknownType, UnknownMatter: there is no such type or matter.
        AuthorityMissing: the department may not issue this type now.
        FieldsRefused: with every reason, by field name.
        HolderUnknown: nobody has that number and name.
        KeyReused: the key was used with another request.
    """
    require_power(actor, "issue")
    kind = find_type(request.type)
    _check_authority(store, kind, actor, now)
    if key is not None and (before := _answered(store, request, actor, key)):
        return before
    if request.matter is not None:
        find_matter(request.matter)
    content = check_request(kind, request, tools.find_holder, now)
    _check_drawable(content, tools.check_glyphs)
    unsigned = _draft(content, store.count_up(LICENCES), actor, now)
    licence = _sign(unsigned, kind, tools)
    record = tools.append(_issue_use(licence, request, actor))
    kept = replace(licence, issue_record=record)
    store.add_licence(kept)
    if key is not None:
        _remember(store, request, kept, key)
    return Issued(kept, record)  # the commit point is the end of the caller's transaction


def change_state(
    store: CertificateStore,
    identifier: str,
    new: State,
    reason: str,
    actor: Actor,
    append: AppendRecord,
    now: int,
) -> Changed:
    """Suspend, restore or revoke a licence, together with its record.

    Raises:
        PowerMissing, NotTheIssuer: the actor is not of the department that issued it.
        UnknownLicence: there is no such licence.
        ReasonRefused: the reason is missing or too long.
        TransitionRefused: the law knows no such change.
    """
    require_power(actor, "issue")
    licence = store.find_licence(identifier)
    if licence is None:
        raise UnknownLicence("there is no such licence")
    if licence.issuer_id != actor.party_id:
        raise NotTheIssuer("only the department that issued a licence can change its state")
    reason = _check_reason(reason)
    old = licence.state
    check_transition(state_at(old, licence.valid_to, now), new)
    if not store.change_state(identifier, old, new, now):
        raise TransitionRefused("the state was changed by someone else at this moment")
    store.count_up(STATUS_VERSION)
    record = append(_status_use(licence, new, now, reason, actor))
    return Changed(identifier, new, record)


def _check_drawable(content: Content, check: CheckGlyphs) -> None:
    """Refuse what paper could not show, before there is a licence that has to be on paper."""
    refused: dict[str, Sentence] = {}
    for name, text in {"holder.name": content.holder.name, **content.fields}.items():
        try:
            check(text)
        except GlyphMissing as missing:
            refused[name] = Sentence(
                f"字库里没有“{missing.characters}”这个字，请平台管理员安装含有它的字库",
                f"no font here has the character {missing.characters!r}; the operator can add one",
            )
    if refused:
        raise FieldsRefused(refused)


def _check_authority(store: CertificateStore, kind: LicenceType, actor: Actor, now: int) -> None:
    authority = store.authorities_of(actor.party_id).get(kind.code)
    if authority is None or not authority.covers(now):
        raise AuthorityMissing(f"this department may not issue a {kind.slug} at this time")


def _answered(
    store: CertificateStore, request: IssueRequest, actor: Actor, key: str
) -> Issued | None:
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise KeyReused(f"an idempotency key has 1 to {_LONGEST_KEY} characters")
    before = store.find_request(actor.party_id, key)
    if before is None:
        return None
    hashed, identifier = before
    licence = store.find_licence(identifier)
    if hashed != body_hash(request) or licence is None:
        raise KeyReused("this idempotency key was used before, with another request")
    return Issued(licence, licence.issue_record)


def _remember(store: CertificateStore, request: IssueRequest, licence: Licence, key: str) -> None:
    hashed, issuer = body_hash(request), licence.issuer_id
    if not store.add_request(issuer, key, hashed, licence.identifier, licence.issued_at):
        raise KeyReused(
            "a request with this idempotency key was answered at this moment; ask again"
        )


def _draft(content: Content, number: int, actor: Actor, now: int) -> Licence:
    serial = f"{datetime.fromtimestamp(now, UTC).year:04}{number:010}"
    return Licence(
        identifier=make_identifier(content.type_code, actor.party_code, serial),
        type_code=content.type_code,
        issuer_id=actor.party_id,
        issuer_code=actor.party_code,
        issuer_name=actor.party_name,
        holder_id=content.holder.party_id,
        holder_code=content.holder.code,
        holder_name=content.holder.name,
        fields=content.fields,
        sd_jwt="",
        issued_at=now,
        valid_from=content.valid_from,
        valid_to=content.valid_to,
        status_index=number - 1,
        issue_record="",
        state="valid",
        state_changed_at=now,
    )


def _sign(draft: Licence, kind: LicenceType, tools: IssueTools) -> Licence:
    signer = tools.find_signer(draft.issuer_code, draft.issuer_name)
    credential = credential_of(draft, kind, tools.address)
    return replace(draft, sd_jwt=sd_jwt.write(credential, signer, tools.random))


def _issue_use(licence: Licence, request: IssueRequest, actor: Actor) -> Use:
    fields = {
        **name_licence(licence),
        "digest": digest_of(licence),
        "state": licence.state,
        "since": str(licence.state_changed_at),
        "for_name": actor.party_name,
        "by_name": actor.person_name,
    }
    if request.matter is not None:
        fields |= name_matter(find_matter(request.matter))
    return Use("issue", licence.holder_id, actor, fields)


def _status_use(licence: Licence, new: State, now: int, reason: str, actor: Actor) -> Use:
    fields = {
        **name_licence(licence),
        "state": new,
        "since": str(now),
        "reason": reason,
        "for_name": actor.party_name,
        "by_name": actor.person_name,
    }
    return Use("status", licence.holder_id, actor, fields)


def _check_reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise ReasonRefused(
            f"a change of state needs a reason of 1 to {_LONGEST_REASON} characters"
        )
    return reason
