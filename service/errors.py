"""From a refusal of a domain to an answer: one table, two forms.

Programs get a problem document (RFC 9457), people a page that says the same. An error that stands
in no line is a bare 500: nothing of it leaves the service but the fact.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from certificates import errors as certificates
from identity import errors as identity
from identity.proofs.challenges import challenge_of
from ledger import errors as ledger
from service.problems import PROBLEMS as OWN
from service.web import errors as web
from service.web.frame import PageFrame
from service.web.problems import PROBLEMS as FRAME
from service.web.problems import Problem

ANSWERS: Mapping[type[Exception], str] = {
    identity.BadAccessToken: "sign-in-needed",
    identity.TokenMissing: "sign-in-needed",
    identity.TokenUnproven: "sign-in-needed",
    identity.StrongerSignInNeeded: "sign-in-needed",
    identity.FlowExpired: "flow-expired",
    identity.BadAuthorizeRequest: "app-unknown",
    identity.BadLogout: "logout-unknown",
    identity.SignInBusy: "busy",
    identity.MandateMissing: "power-missing",
    certificates.PowerMissing: "power-missing",
    certificates.AuthorityMissing: "authority-missing",
    certificates.NotTheHolder: "not-the-holder",
    certificates.NotTheIssuer: "not-the-issuer",
    certificates.UnknownType: "unknown-type",
    certificates.UnknownMatter: "unknown-matter",
    certificates.UnknownLicence: "unknown-licence",
    certificates.UnknownStatusList: "not-found",
    certificates.IdentifierMalformed: "identifier-malformed",
    certificates.FieldsRefused: "fields-refused",
    certificates.HolderUnknown: "holder-unknown",
    certificates.PurposeRefused: "purpose-refused",
    certificates.ReasonRefused: "reason-refused",
    certificates.RequestAmbiguous: "request-unreadable",
    certificates.NoGround: "no-ground",
    certificates.GlyphMissing: "glyph-missing",
    certificates.PaperUnavailable: "paper-unavailable",
    certificates.StampUnavailable: "stamp-unavailable",
    certificates.TransitionRefused: "transition-refused",
    certificates.KeyReused: "conflict",
    certificates.TooManyTries: "too-many-tries",
    ledger.PowerMissing: "power-missing",
    ledger.RecordUnknown: "record-unknown",
    ledger.CheckpointUnknown: "not-found",
    ledger.AnchorUnknown: "not-found",
    ledger.TileUnknown: "not-found",
    ledger.NotYetAnchored: "not-yet-anchored",
    ledger.EvidenceRejected: "evidence-rejected",
    ledger.FieldUnknown: "field-unknown",
    ledger.ChainUnreachable: "busy",
    web.FormUnreadable: "form-unreadable",
    web.FormTooLarge: "form-too-large",
    web.FieldRepeated: "field-repeated",
    web.FormForged: "form-forged",
    PoolExhausted: "busy",
    OperationalError: "busy",
}
PROBLEMS: Mapping[str, Problem] = {**FRAME, **OWN}
RETRY = {"busy": "1", "stamp-unavailable": "10", "not-yet-anchored": "2", "too-many-tries": "60"}

log = logging.getLogger("haihe.errors")


def answer_errors(app: FastAPI, frame: PageFrame) -> None:
    """Let every refusal of `ANSWERS`, and everything else, be answered in its reader's form."""

    def refuse(request: Request, error: Exception) -> Response:
        return _answer(frame, request, ANSWERS[_listed(type(error))], error)

    def unreadable(request: Request, error: Exception) -> Response:
        return _answer(frame, request, "request-unreadable", error)

    def http(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 500)
        slug = {404: "not-found", 405: "method-not-allowed"}.get(status, "request-unreadable")
        response = _answer(frame, request, slug, error, status)
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    def unlisted(request: Request, error: Exception) -> Response:
        log.error("unlisted error at %s %s", request.method, request.url.path, exc_info=error)
        return _answer(frame, request, "internal", Exception())

    for kind in ANSWERS:
        app.add_exception_handler(kind, refuse)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unlisted)


def _listed(kind: type[Exception]) -> type[Exception]:
    return next(each for each in kind.__mro__ if each in ANSWERS)


def _answer(
    frame: PageFrame, request: Request, slug: str, error: Exception, status: int = 0
) -> Response:
    problem = PROBLEMS[slug]
    problem = problem._replace(status=status or problem.status)
    if slug == "busy":  # the page says so without asking who is signed in
        request.state.acting, request.state.signed_in = None, False
    if wants_page(request):
        return _page(frame, request, slug, problem, error)
    response = JSONResponse(
        problem_document(slug, problem, error),
        problem.status,
        media_type="application/problem+json",
    )
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, identity.BadAccessToken):
        response.headers.update(challenge_of(error))
    return _with_retry(response, slug)


def _page(
    frame: PageFrame, request: Request, slug: str, problem: Problem, error: Exception
) -> Response:
    power = getattr(error, "power", None)
    missing = problem.title["zh"] if power is None else POWERS.get(power, power)
    if slug == "power-missing":
        return frame.refusal(request, missing)
    return _with_retry(frame.error(request, problem, str(error) if slug in SAID else None), slug)


def _with_retry(response: Response, slug: str) -> Response:
    """Say when to come again, where that may help (RFC 9110 §10.2.3)."""
    if slug in RETRY:
        response.headers["Retry-After"] = RETRY[slug]
    return response


def wants_page(request: Request) -> bool:
    """Whether a person reads the answer: not an API address, and a browser asks."""
    html = "text/html" in request.headers.get("accept", "")
    return html and not request.url.path.startswith("/api/")


def problem_document(slug: str, problem: Problem, error: Exception) -> dict[str, Any]:
    """Write a problem document (RFC 9457 §3) with its texts in both languages."""
    document: dict[str, Any] = {
        "type": f"/problems/{slug}",
        "title": problem.title["en"],
        "title_zh": problem.title["zh"],
        "status": problem.status,
        "detail": _detail(error),
        "next": problem.next,
    }
    if isinstance(error, certificates.FieldsRefused):
        document["fields"] = {
            name: {"zh": each.zh, "en": each.en} for name, each in error.reasons.items()
        }
    return document


def _detail(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        # Where and why, never the value: it may be a personal number.
        return "; ".join(f"{_where(each['loc'])}: {each['msg']}" for each in error.errors())
    if isinstance(error, OperationalError | PoolExhausted):
        return "the database did not answer in time"
    return str(error)


def _where(location: Iterable[Any]) -> str:
    return ".".join(str(part) for part in location)


def _(text: str) -> str:
    return text


POWERS: Mapping[str, str] = {
    "issue": _("这一页需要“签发证照”的权限，您现在的身份没有。"),
    "verify": _("这一页需要“核验证照”的权限，您现在的身份没有。"),
    "apps": _("这一页需要“管理应用”的权限，您现在的身份没有。"),
    "audit": _("这一页需要“审计账本”的权限，您现在的身份没有。"),
    "show": _("这一页需要“使用证照”的权限，您现在的身份没有。"),
    "uses": _("这一页需要“使用证照”的权限，您现在的身份没有。"),
    "licences": _("这一页需要“使用证照”的权限，您现在的身份没有。"),
}
SAID = {"app-unknown", "logout-unknown", "flow-expired"}
