"""The department's pages: issue, and change the state of what it issued."""

from collections.abc import Mapping
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from certificates.catalogue import LicenceType, find_type
from certificates.desk import Desk
from certificates.errors import (
    FieldsRefused,
    HolderUnknown,
    PurposeRefused,
    ReasonRefused,
    Sentence,
    TransitionRefused,
)
from certificates.lifecycle import ALLOWED, State
from certificates.pages.files import REFUSED, file_answer, refusal_of
from certificates.pages.frame import Form, Frame, SignedIn
from certificates.pages.views import card_of
from certificates.recording import Actor, require_power
from certificates.requests import IssueRequest

SEE_OTHER = 303
UNKNOWN_HOLDER = Sentence(
    "查不到号码和名称都相符的人或单位，请核对",
    "nobody is registered with this number and name; please compare them",
)
NO_REASON = Sentence(
    "请写明理由和依据，一行，最多 200 字",
    "State the reason and its legal basis: one line, at most 200 characters",
)
NO_CHANGE = Sentence(
    "证照现在的状态不能这样变更，请看上面现在的状态",
    "From its present state, shown above, it cannot become this",
)


def add(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    """Add the department's pages."""
    _add_issuing(routes, frame, desk, signed_in)
    _add_issued(routes, frame, desk, signed_in)


def _add_issuing(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    Asking = Annotated[Actor, Depends(signed_in)]  # noqa: N806 - a type
    Sent = Annotated[Form, Depends(frame.form)]  # noqa: N806 - a type

    @routes.get("/issue")
    def choose_type(request: Request, actor: Asking) -> Response:
        now = desk.clock()
        context = {
            "types": desk.types_of(actor),
            "cards": [card_of(each, now) for each in desk.issued_by(actor)],
        }
        return frame.render(request, "certificates/issue.html", context)

    @routes.get("/issue/new/{slug}")
    def fill_in(request: Request, slug: str, actor: Asking) -> Response:
        require_power(actor, "issue")
        return _form(frame, request, find_type(slug), {"once": desk.random(16).hex()}, {})

    @routes.post("/issue/new/{slug}")
    def issue(request: Request, slug: str, actor: Asking, form: Sent) -> Response:
        kind = find_type(slug)
        try:
            issued = desk.issue(_request(kind, form), actor, form.get("once") or None)
        except FieldsRefused as refused:
            return _form(frame, request, kind, form, refused.reasons)
        except HolderUnknown:
            return _form(frame, request, kind, form, {"holder.code": UNKNOWN_HOLDER})
        return RedirectResponse(f"/issue/{issued.licence.identifier}?done=1", SEE_OTHER)


def _add_issued(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    Asking = Annotated[Actor, Depends(signed_in)]  # noqa: N806 - a type
    Sent = Annotated[Form, Depends(frame.form)]  # noqa: N806 - a type

    @routes.get("/issue/{identifier}")
    def read_issued(request: Request, identifier: str, actor: Asking, done: str = "") -> Response:
        return _issued(request, identifier, actor, "", None, done=bool(done))

    @routes.post("/issue/{identifier}")
    def change(request: Request, identifier: str, actor: Asking, form: Sent) -> Response:
        reason, new = form.get("reason", ""), _state(form.get("state", ""))
        try:
            if new is None:
                raise TransitionRefused("no such state")
            desk.change_state(identifier, new, reason, actor)
        except ReasonRefused:
            return _issued(request, identifier, actor, reason, NO_REASON)
        except TransitionRefused:
            return _issued(request, identifier, actor, reason, NO_CHANGE)
        return RedirectResponse(f"/issue/{identifier}?done=1", SEE_OTHER)

    @routes.post("/issue/{identifier}/download")
    def download(request: Request, identifier: str, actor: Asking, form: Sent) -> Response:
        require_power(actor, "issue")
        purpose = form.get("purpose", "")
        try:
            return file_answer(identifier, desk.download(identifier, purpose, actor))
        except PurposeRefused:
            return _issued(request, identifier, actor, "", None, purpose=purpose)

    def _issued(
        request: Request,
        identifier: str,
        actor: Actor,
        reason: str,
        problem: Sentence | None,
        *,
        done: bool = False,
        purpose: str | None = None,
    ) -> Response:
        require_power(actor, "issue")
        card = card_of(desk.find(identifier, actor), desk.clock())
        context = {
            "card": card,
            "changes": ALLOWED[card.state],
            "reason": reason,
            "problem": problem,
            "done": done,
            **refusal_of(purpose),
        }
        status = 200 if problem is None and purpose is None else REFUSED
        return frame.render(request, "certificates/issued.html", context, status)


def _request(kind: LicenceType, form: Form) -> IssueRequest:
    names = {field.name for field in kind.fields}
    return IssueRequest(
        type=kind.slug,
        holder_code=form.get("holder.code", "").strip().upper(),
        holder_name=form.get("holder.name", "").strip(),
        fields={name: value for name, value in form.items() if name in names},
    )


def _form(
    frame: Frame,
    request: Request,
    kind: LicenceType,
    typed: Form,
    problems: Mapping[str, Sentence],
) -> Response:
    names = ["holder.code", "holder.name", *(field.name for field in kind.fields)]
    labels = {field.name: {"zh-CN": field.zh, "en": field.en} for field in kind.fields}
    labels["holder.code"] = {"zh-CN": "持证人号码", "en": "Holder's number"}
    labels["holder.name"] = {"zh-CN": "持证人姓名或名称", "en": "Holder's name"}
    context = {
        "type": kind,
        "typed": {name: typed.get(name, "") for name in names},
        "once": typed.get("once", ""),
        "problems": {name: problems[name] for name in names if name in problems},
        "labels": labels,
    }
    return frame.render(
        request, "certificates/issue_form.html", context, REFUSED if problems else 200
    )


def _state(text: str) -> State | None:
    return next((state for state in get_args(State) if state == text), None)
