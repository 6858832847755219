"""The clerk's window: matter and purpose once, then person after person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypedDict

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from certificates.desk import Desk
from certificates.errors import (
    CertificateError,
    PurposeRefused,
    RequestAmbiguous,
    Sentence,
    TooManyTries,
    UnknownMatter,
)
from certificates.identifiers import OID
from certificates.matters import MATTERS, find_matter
from certificates.pages.frame import Form, Frame, SignedIn, Upload
from certificates.pages.looks import TITLES, look_of
from certificates.pages.pictures import read_qr
from certificates.papers.offline import PREFIX as OFFLINE
from certificates.presenting import are_digits, is_code
from certificates.purposes import check_purpose
from certificates.recording import Actor, require_power
from certificates.verifying import Verdict, VerifyRequest

SEE_OTHER, REFUSED = 303, 422


@dataclass(frozen=True)
class Problem:
    """What keeps a form from being verified, and the field to mend."""

    field: str
    sentence: Sentence


NO_MATTER = Problem("matter", Sentence("请选择办理事项", "Choose the matter"))
NO_PURPOSE = Problem(
    "purpose",
    Sentence("请写明用途，一行，最多 200 字", "State the purpose: one line, up to 200 characters"),
)
NO_CODE = Problem(
    "code",
    Sentence("请扫码、输入六位数字或选择图片", "Scan, type the six digits or choose a picture"),
)
NO_QR = Problem(
    "picture",
    Sentence(
        "图片里没有找到二维码。请靠近一点、摆正再拍，或者输入六位数字",
        "No QR code was found in the picture. Take it closer and straight, or type the digits",
    ),
)
PAUSE = Problem(
    "code",
    Sentence(
        "六位数字试错太多次。请等一分钟，或者改用扫码",
        "Too many wrong digits. Wait a minute, or scan the code",
    ),
)


def add(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    """Add the clerk's pages."""
    Asking = Annotated[Actor, Depends(signed_in)]  # noqa: N806 - a type
    Sent = Annotated[Form, Depends(frame.form)]  # noqa: N806 - a type
    Uploaded = Annotated[Upload, Depends(frame.upload)]  # noqa: N806 - a type

    @routes.get("/verify")
    def open_window(request: Request, actor: Asking) -> Response:
        require_power(actor, "verify")
        return _window(frame, request, {})

    @routes.post("/verify")
    def verify(request: Request, actor: Asking, upload: Uploaded) -> Response:
        form, files = upload
        require_power(actor, "verify")
        try:
            verdict = desk.verify(_request(form, files), actor)
        except _Unready as unready:
            return _window(frame, request, form, problems=unready.problems)
        except TooManyTries:
            return _window(frame, request, form, problems=[PAUSE])
        except RequestAmbiguous:
            return _window(frame, request, form, problems=[NO_CODE])
        if verdict.record is None:  # nothing was used up: to send it again does no harm
            return _window(frame, request, {**form, "code": ""}, verdict=verdict)
        desk.keep_verdict(actor, verdict, form)
        return RedirectResponse(f"/verify/verdicts/{verdict.record}", SEE_OTHER)

    @routes.get("/verify/verdicts/{record}")
    def see_verdict(request: Request, record: str, actor: Asking) -> Response:
        require_power(actor, "verify")
        kept = desk.find_verdict(actor, record)
        if kept is None:
            return RedirectResponse(f"/ledger/records/{record}", SEE_OTHER)
        return _window(frame, request, {**kept.form, "code": ""}, verdict=kept.verdict)

    @routes.post("/verify/next")
    def next_person(request: Request, actor: Asking, form: Sent) -> Response:
        require_power(actor, "verify")
        return _window(frame, request, form)

    @routes.post("/verify/frame")
    def read_frame(actor: Asking, upload: Uploaded) -> Response:
        require_power(actor, "verify")
        code = read_qr(upload[1].get("frame", b""))
        return Response(status_code=204) if code is None else JSONResponse({"code": code})


class _Unready(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def _request(form: Form, files: Mapping[str, bytes]) -> VerifyRequest:
    """Make a request of what was typed, scanned or uploaded; all problems at once."""
    given = _given(form, files)
    problems = []
    if not given:
        problems.append(NO_QR if "picture" in files else NO_CODE)
    if not _holds(find_matter, form.get("matter", ""), UnknownMatter):
        problems.append(NO_MATTER)
    if not _holds(check_purpose, form.get("purpose", ""), PurposeRefused):
        problems.append(NO_PURPOSE)
    if problems:
        raise _Unready(problems)
    return VerifyRequest(form["matter"], form["purpose"], **given)


class _Given(TypedDict, total=False):
    """What was typed, scanned or uploaded, by its name in a request."""

    code: str
    digits: str
    sd_jwt: str
    pdf: bytes
    qr: str
    identifier: str


def _given(form: Form, files: Mapping[str, bytes]) -> _Given:
    code, file = form.get("code", "").strip(), files.get("picture", b"")
    if not code and file.startswith(b"%PDF-"):
        return {"pdf": file}
    code = code or read_qr(file) or ""
    return _kind_of(code) if code else {}


def _kind_of(code: str) -> _Given:
    """Tell six digits, a credential, an offline code, an identifier and a code apart."""
    digits = code.replace(" ", "")
    if are_digits(digits):
        return {"digits": digits}
    if code.upper().startswith(OFFLINE):
        return {"qr": code.upper()}  # upper case alone is in it, whatever the scanner says
    if code.startswith(OID):
        return {"identifier": code}
    return {"sd_jwt": code} if "~" in code else {"code": _spelled(code)}


def _spelled(code: str) -> str:
    """A hand scanner in the wrong case, or with a full-width colon, still means the same code."""
    upper = code.upper().replace("：", ":")
    return upper if is_code(upper) else code


def _holds(check: object, value: str, refusal: type[CertificateError]) -> bool:
    try:
        check(value)  # type: ignore[operator]
    except refusal:
        return False
    return True


def _window(
    frame: Frame,
    request: Request,
    typed: Form,
    *,
    verdict: Verdict | None = None,
    problems: list[Problem] | None = None,
) -> Response:
    context = {
        "matters": MATTERS.values(),
        "typed": {name: typed.get(name, "") for name in ("matter", "purpose", "code")},
        "problems": problems or [],
        "verdict": verdict,
        "look": look_of(verdict) if verdict else None,
        "titles": TITLES,
    }
    status = REFUSED if problems else 200
    return frame.render(request, "certificates/verify.html", context, status)
