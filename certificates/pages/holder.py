"""The holder's pages: my licences, one licence, show."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from certificates.desk import LATEST, Desk
from certificates.errors import PurposeRefused
from certificates.pages.files import REFUSED, file_answer, refusal_of
from certificates.pages.frame import Form, Frame, SignedIn
from certificates.pages.pictures import draw_qr
from certificates.pages.views import card_of
from certificates.papers.offline import draw as draw_code
from certificates.presenting import Shown
from certificates.recording import Actor

NOTHING_YET = 204
Second = Annotated[int, Path(ge=0, lt=2**63)]
Place = Annotated[int, Query(ge=0, lt=2**63)]


def add(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    """Add the holder's pages."""
    _add_reading(routes, frame, desk, signed_in)
    _add_showing(routes, frame, desk, signed_in)


def _add_reading(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    Asking = Annotated[Actor, Depends(signed_in)]  # noqa: N806 - a type
    Sent = Annotated[Form, Depends(frame.form)]  # noqa: N806 - a type

    @routes.get("/licences")
    def list_licences(request: Request, actor: Asking, before: Place | None = None) -> Response:
        now, mine = desk.clock(), desk.licences_of(actor, before)
        context = {
            "cards": [card_of(each, now) for each in mine],
            "following": mine[-1].status_index if len(mine) == LATEST else None,
        }
        return frame.render(request, "certificates/licences.html", context)

    @routes.get("/licences/{identifier}")
    def read_licence(request: Request, identifier: str, actor: Asking) -> Response:
        return _licence(request, identifier, actor)

    @routes.post("/licences/{identifier}")
    def reveal_licence(request: Request, identifier: str, actor: Asking, form: Sent) -> Response:
        return _licence(request, identifier, actor, revealed=form.get("reveal") == "yes")

    @routes.post("/licences/{identifier}/download")
    def download(request: Request, identifier: str, actor: Asking, form: Sent) -> Response:
        purpose = form.get("purpose", "")
        try:
            return file_answer(identifier, desk.download(identifier, purpose, actor))
        except PurposeRefused:
            return _licence(request, identifier, actor, refused=purpose)

    def _licence(
        request: Request,
        identifier: str,
        actor: Actor,
        *,
        revealed: bool = False,
        refused: str | None = None,
    ) -> Response:
        card = card_of(desk.find(identifier, actor), desk.clock(), revealed=revealed)
        context = {"card": card, "revealed": revealed, **refusal_of(refused)}
        status = 200 if refused is None else REFUSED
        return frame.render(request, "certificates/licence.html", context, status)


def _add_showing(routes: APIRouter, frame: Frame, desk: Desk, signed_in: SignedIn) -> None:
    Asking = Annotated[Actor, Depends(signed_in)]  # noqa: N806 - a type

    @routes.get("/licences/{identifier}/show")
    def prepare_show(request: Request, identifier: str, actor: Asking) -> Response:
        return _show(request, identifier, actor, None)

    @routes.get("/licences/{identifier}/code")
    def offline_code(request: Request, identifier: str, actor: Asking) -> Response:
        card = card_of(desk.find(identifier, actor), desk.clock())
        drawn = draw_code(desk.offline_code(identifier, actor))
        context = {"card": card, "qr": Markup(drawn)}  # noqa: S704 - drawn by us
        return frame.render(request, "certificates/code.html", context)

    @routes.post("/licences/{identifier}/show", dependencies=[Depends(frame.form)])
    def make_show(request: Request, identifier: str, actor: Asking) -> Response:
        return _show(request, identifier, actor, desk.show(identifier, actor, None))

    @routes.get("/licences/{identifier}/shows/{made_at}")
    def tell_use(
        request: Request,
        identifier: str,
        made_at: Second,
        actor: Asking,
    ) -> Response:
        used_at = desk.used_at(identifier, actor, made_at)
        if used_at is None:
            return Response(status_code=NOTHING_YET)
        return frame.render(request, "certificates/used.html", {"used_at": used_at})

    def _show(request: Request, identifier: str, actor: Actor, shown: Shown | None) -> Response:
        card = card_of(desk.find(identifier, actor), desk.clock())
        qr = Markup(draw_qr(shown.code)) if shown else None  # noqa: S704 - drawn by us
        context = {"card": card, "shown": shown, "qr": qr}
        return frame.render(request, "certificates/show.html", context)
