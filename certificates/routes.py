"""The API of certificates: catalogue, issue, show, verify, state, status lists."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from certificates.catalogue import CATALOGUE, LicenceType, find_type
from certificates.checks import Check
from certificates.desk import LATEST, Desk
from certificates.formats.sd_jwt import MEDIA_TYPE as SD_JWT
from certificates.identifiers import mask
from certificates.licences import Licence, faces_digest
from certificates.lifecycle import state_at
from certificates.matters import MATTERS
from certificates.pages.files import file_answer
from certificates.recording import Actor
from certificates.requests import IssueRequest
from certificates.stamps.authority import REPLY as STAMP
from certificates.status import MEDIA_TYPE as STATUS_LIST
from certificates.status import TTL
from certificates.verifying import LicenceView, Verdict, VerifyRequest

Place = Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before")]
Identifier = Annotated[str, Path(max_length=128, description="identifier by GB/T 36904")]
Actors = Callable[..., Actor]


class Body(BaseModel):
    """A request's body: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class HolderBody(Body):
    """To whom a licence is issued."""

    code: str = Field(max_length=18, description="citizen number or social credit code")
    name: str = Field(max_length=100)


class IssueBody(Body):
    """A licence to issue."""

    type: str = Field(max_length=64, description="slug of the type, see /api/catalogue")
    holder: HolderBody
    fields: dict[str, str] = Field(description="values of the type's fields, all text")
    valid_from: int | None = Field(None, description="Unix seconds; now if left out")
    valid_to: int | None = Field(None, description="first second at which it is over")
    matter: str | None = Field(None, max_length=64)


class StatusBody(Body):
    """A change of state."""

    state: Literal["valid", "suspended", "revoked"]
    reason: str = Field(max_length=1000, description="reason and legal basis")


class ShowBody(Body):
    """A code to make."""

    matter: str | None = Field(None, max_length=64, description="for which alone it shall work")


class DownloadBody(Body):
    """A paper to hand out."""

    purpose: str = Field(max_length=1000, description="what for, in words the holder will read")


class VerifyBody(Body):
    """A verification: a code, or digits, or faces that have to agree; matter and purpose."""

    matter: str = Field(max_length=64, description="code of the matter, see /api/matters")
    purpose: str = Field(max_length=1000, description="why, in words the holder will read")
    code: str | None = Field(None, max_length=200)
    digits: str | None = Field(None, max_length=20)
    sd_jwt: str | None = Field(None, max_length=65536)
    pdf: Base64Bytes | None = Field(None, max_length=3_000_000, description="the file, base64")
    qr: str | None = Field(None, max_length=800, description="text of an offline QR code")
    identifier: str | None = Field(None, max_length=128, description="tells the state alone")


def router(desk: Desk, actor: Actors) -> APIRouter:
    """Make the routes.

    Args:
        desk: the use cases.
        actor: dependency that gives who calls.
    """
    routes = APIRouter(tags=["certificates"])
    _add_public(routes, desk)
    _add_holding(routes, desk, actor)
    _add_department(routes, desk, actor)
    _add_verifying(routes, desk, actor)
    return routes


def _add_public(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/api/catalogue")
    def list_types() -> dict[str, Any]:
        """All licence types with their fields."""
        return {"types": [type_json(kind) for kind in CATALOGUE.values()]}

    @routes.get("/licence-types/{slug}")
    def read_type(slug: str) -> dict[str, Any]:
        """Type metadata, at the address that `vct` names (SD-JWT VC, type metadata)."""
        kind = find_type(slug)
        return {"vct": f"{desk.address}/licence-types/{slug}", "name": kind.en} | type_json(kind)

    @routes.get("/api/matters")
    def list_matters() -> dict[str, Any]:
        """All matters with the fields each may ask for, by licence type."""
        return {"matters": [vars(matter) for matter in MATTERS.values()]}

    @routes.post("/tsa", response_class=Response)
    async def time_stamp(request: Request) -> Response:
        """A time-stamp (RFC 3161 §3.4); a request that is none is refused in the same form."""
        return Response(desk.time_stamp(await request.body()), media_type=STAMP)

    @routes.get("/status-lists/{number}", response_class=Response)
    def read_status_list(number: Annotated[int, Path(ge=0, le=10**6)]) -> Response:
        """A signed Token Status List (IETF draft)."""
        headers = {"Cache-Control": f"public, max-age={TTL}"}
        return Response(desk.status_list(number), media_type=STATUS_LIST, headers=headers)


def _add_holding(routes: APIRouter, desk: Desk, actor: Actors) -> None:
    Asking = Annotated[Actor, Depends(actor)]  # noqa: N806 - a type

    @routes.get("/api/licences")
    def list_licences(
        actor: Asking,
        before: Place | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = LATEST,
    ) -> dict[str, Any]:
        """The caller's own licences, newest first, numbers masked; `next` pages on."""
        now, mine = desk.clock(), desk.licences_of(actor, before, limit)
        following = mine[-1].status_index if len(mine) == limit else None
        return {"licences": [summary_json(each, now) for each in mine], "next": following}

    @routes.get("/api/licences/{identifier}")
    def read_licence(identifier: Identifier, actor: Asking) -> dict[str, Any]:
        """One licence in full, for its holder or its issuer."""
        licence = desk.find(identifier, actor)
        full = {
            "fields": dict(licence.fields),
            "sd_jwt": licence.sd_jwt,
            "format": SD_JWT,
            "digest": faces_digest(licence.sd_jwt).hex(),
            "qr": desk.offline_code(identifier, actor),
        }
        return summary_json(licence, desk.clock()) | full

    @routes.post("/api/licences/{identifier}/shows", status_code=201)
    def make_show(identifier: Identifier, body: ShowBody, actor: Asking) -> dict[str, Any]:
        """A code that lives 60 seconds and works once; the one before dies."""
        return vars(desk.show(identifier, actor, body.matter))

    @routes.post("/api/licences/{identifier}/downloads", response_class=Response)
    def download_paper(identifier: Identifier, body: DownloadBody, actor: Asking) -> Response:
        """A licence as signed PDF, for its holder or its issuer, and a record of this use."""
        return file_answer(identifier, desk.download(identifier, body.purpose, actor))


def _add_department(routes: APIRouter, desk: Desk, actor: Actors) -> None:
    Asking = Annotated[Actor, Depends(actor)]  # noqa: N806 - a type
    Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]  # noqa: N806

    @routes.post("/api/licences", status_code=201)
    def issue_licence(body: IssueBody, actor: Asking, key: Key = None) -> dict[str, Any]:
        """Issue a licence; with an idempotency key a repeated request issues no second one."""
        request = IssueRequest(
            type=body.type,
            holder_code=body.holder.code,
            holder_name=body.holder.name,
            fields=body.fields,
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            matter=body.matter,
        )
        issued = desk.issue(request, actor, key)
        summary = summary_json(issued.licence, desk.clock())
        return summary | {"sd_jwt": issued.licence.sd_jwt, "record": issued.record}

    @routes.post("/api/licences/{identifier}/status")
    def change_status(identifier: Identifier, body: StatusBody, actor: Asking) -> dict[str, Any]:
        """Suspend, restore or revoke a licence of the caller's department."""
        return vars(desk.change_state(identifier, body.state, body.reason, actor))


def _add_verifying(routes: APIRouter, desk: Desk, actor: Actors) -> None:
    Asking = Annotated[Actor, Depends(actor)]  # noqa: N806 - a type

    @routes.post("/api/verifications")
    def verify_licence(body: VerifyBody, actor: Asking) -> dict[str, Any]:
        """Verify what a holder shows, for a matter: ten checks, and a record of this use."""
        return verdict_json(desk.verify(VerifyRequest(**vars(body)), actor))


def type_json(kind: LicenceType) -> dict[str, Any]:
    """Write a licence type."""
    return vars(kind) | {"fields": [vars(field) for field in kind.fields]}


def summary_json(licence: Licence, now: int) -> dict[str, Any]:
    """Write what a list shows of a licence."""
    kind = next(each for each in CATALOGUE.values() if each.code == licence.type_code)
    return {
        "identifier": licence.identifier,
        "type": kind.slug,
        "title": {"zh": kind.zh, "en": kind.en},
        "state": state_at(licence.state, licence.valid_to, now),
        "issuer": {"code": licence.issuer_code, "name": licence.issuer_name},
        "holder": {"code": mask(licence.holder_code), "name": licence.holder_name},
        "issued_at": licence.issued_at,
        "valid_from": licence.valid_from,
        "valid_to": licence.valid_to,
        "record": licence.issue_record,
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Write a verdict."""
    shown = verdict.licence
    return {
        "verdict": "passed" if verdict.passed else "failed",
        "checks": [_check_json(check) for check in verdict.checks],
        "licence": None if shown is None else _view_json(shown),
        "record": verdict.record,
    }


def _view_json(view: LicenceView) -> dict[str, Any]:
    return {
        "identifier": view.identifier,
        "type": view.kind.slug,
        "title": {"zh": view.kind.zh, "en": view.kind.en},
        "state": view.state,
        "fields": dict(view.fields),
    }


def _check_json(check: Check) -> dict[str, Any]:
    said = {"zh": check.sentence.zh, "en": check.sentence.en}
    advice = vars(check.advice) if check.advice else None
    kept = {"number": check.number, "code": check.code, "result": check.result}
    return kept | {"reason": check.reason} | said | {"advice": advice}
