"""A small application around the page frame, with one page that holds every component."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from service.web.frame import PageFrame
from service.web.pages import router
from service.web.problems import PROBLEMS
from service.web.reference import router as reference_router

FOLDER = Path(__file__).with_name("gallery")


@dataclass(frozen=True)
class Everybody:
    """One who may do everything, so that every part of the header shows."""

    person_name: str = "演示·王秀兰"
    party_name: str = "演示·海河餐饮管理有限公司"
    is_legal_person: bool = True
    powers: frozenset[str] = frozenset({"licences", "show", "verify", "issue", "audit"})


def make_gallery() -> FastAPI:
    """Assemble the gallery. `/who` signs in."""
    frame = PageFrame(
        {"gallery": FOLDER},
        [FOLDER],
        b"k" * 32,
        lambda request: Everybody() if "who" in request.cookies else None,
        demo=True,
        secure_cookies=False,
        version="0.1.0",
    )
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(router(frame, {}))
    app.include_router(reference_router(frame, app.openapi))
    _add_pages(app, frame)
    _add_answers(app, frame)
    return app


def _add_pages(app: FastAPI, frame: PageFrame) -> None:
    @app.get("/who")
    def sign_in() -> Response:
        response = RedirectResponse("/", 303)
        response.set_cookie("who", "1")
        return response

    @app.get("/refusal")
    def refuse(request: Request) -> Response:
        return frame.refusal(request, "您还没有核验证照的权限。")

    @app.get("/error")
    def fail(request: Request) -> Response:
        return frame.error(request, PROBLEMS["internal"], "KeyError in a page")

    @app.get("/gallery")
    def gallery(request: Request) -> Response:
        return frame.render(request, "gallery/all.html", {"now": int(time.time())})

    @app.get("/show")
    def show(request: Request) -> Response:
        return _show(frame, request, 1)


def _show(frame: PageFrame, request: Request, turn: int) -> Response:
    now = time.time()
    return frame.render(request, "gallery/show.html", {"now": now, "end": now + 2, "turn": turn})


def _add_answers(app: FastAPI, frame: PageFrame) -> None:
    Form = Annotated[dict[str, str], Depends(frame.form)]  # noqa: N806

    @app.post("/show")
    def renew(request: Request, form: Form) -> Response:
        turn = int(form["turn"]) + 1
        return _show(frame, request, turn) if turn < 4 else RedirectResponse("/help", 303)

    @app.post("/gallery")
    def receive(form: Form) -> Response:
        app.state.received = [*getattr(app.state, "received", []), form]
        time.sleep(0.3)
        return JSONResponse(form)

    @app.post("/frame")
    async def look(request: Request) -> Response:
        _, files = await frame.upload(request)
        app.state.frames = getattr(app.state, "frames", 0) + 1
        assert files["frame"].startswith(b"\xff\xd8\xff"), "not a JPEG"
        if app.state.frames < 3:
            return Response(status_code=204)
        return JSONResponse({"code": "123456"})

    @app.get("/news")
    def news() -> Response:
        app.state.asked = getattr(app.state, "asked", 0) + 1
        if app.state.asked < 2:
            return Response(status_code=204)
        return Response('<p lang="zh-CN">窗口已核验</p>', media_type="text/html")
