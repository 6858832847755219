"""The service's own pages: home, help, language and view, problems, static files."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from service.web.assets import MEDIA_TYPES
from service.web.frame import VIEW_COOKIE, VIEWS, PageFrame
from service.web.languages import COOKIE as LANGUAGE_COOKIE
from service.web.languages import LANGUAGES
from service.web.problems import PROBLEMS, Problem

STATIC_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


def router(frame: PageFrame, problems: Mapping[str, Problem]) -> APIRouter:
    """Serve the service's own pages.

    Args:
        frame: the page frame.
        problems: what each problem `type` means, by slug.
    """
    routes = APIRouter(include_in_schema=False)
    _add_pages(routes, frame, {**PROBLEMS, **problems})
    _add_choices(routes, frame)
    _add_static(routes, frame)
    return routes


def _add_pages(routes: APIRouter, frame: PageFrame, problems: Mapping[str, Problem]) -> None:
    @routes.get("/")
    def home(request: Request) -> Response:
        return frame.render(request, "web/home.html", {})

    @routes.get("/help")
    def give_help(request: Request) -> Response:
        return frame.render(request, "web/help.html", {})

    @routes.get("/problems/{slug}")
    def explain(request: Request, slug: str) -> Response:
        if slug not in problems:
            return frame.error(request, problems["not-found"])
        context = {"slug": slug, "problem": problems[slug]}
        return frame.render(request, "web/problem.html", context)


def _add_choices(routes: APIRouter, frame: PageFrame) -> None:
    Form = Annotated[Mapping[str, str], Depends(frame.form)]  # noqa: N806 - a type

    @routes.post("/language")
    def choose_language(form: Form) -> Response:
        return _remember(frame, LANGUAGE_COOKIE, form.get("lang", ""), LANGUAGES, form)

    @routes.post("/view")
    def choose_view(form: Form) -> Response:
        return _remember(frame, VIEW_COOKIE, form.get("view", ""), VIEWS, form)


def _remember(
    frame: PageFrame, name: str, value: str, known: tuple[str, ...], form: Mapping[str, str]
) -> Response:
    response = RedirectResponse(local_address(form.get("return_to", "/")), 303)
    if value in known:
        frame.remember(response, name, value)
    return response


def local_address(address: str) -> str:
    """Return `address` if it surely stays on this site, else the home page.

    Browsers read `//host` and `/\\host` as another site and drop control characters.
    """
    stays = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if stays and address.isprintable() and "\\" not in address else "/"


def _add_static(routes: APIRouter, frame: PageFrame) -> None:
    @routes.get("/static/{digest}/{name}")
    def static(digest: str, name: str) -> Response:
        content = frame.assets.files.get(name)
        if digest != frame.assets.digest or content is None:
            return Response(status_code=404)
        media_type = MEDIA_TYPES[PurePosixPath(name).suffix]
        return Response(content, headers=STATIC_HEADERS, media_type=media_type)
