"""The holder's record of uses: who, for whom, when, why, with what result; never a value."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ledger.access import USES, Actor, require
from ledger.pages.desk import Desk
from ledger.records import SUBJECT
from ledger.views import PAGE, Line, list_lines

EXPORTED = 1000


def router(desk: Desk) -> APIRouter:
    """Make the pages `/uses` and `/uses/export`."""
    routes = APIRouter(include_in_schema=False)

    def lines_of(actor: Actor, limit: int, before: str | None) -> list[Line]:
        require(actor, USES)
        with desk.reading() as store:
            mine = desk.key.pseudonym(SUBJECT, actor.party_id)
            found = store.records_of(SUBJECT, mine, limit, before)
            return list_lines(store, desk.trust().chain_id, found)

    @routes.get("/uses")
    def uses(request: Request, before: str | None = None) -> Response:
        lines = lines_of(desk.signed_in(request), PAGE, before)
        following = lines[-1].record_id if len(lines) == PAGE else None
        context = {"lines": lines, "following": following}
        return desk.frame.render(request, "ledger/uses.html", context)

    @routes.get("/uses/export")
    def export(request: Request, before: str | None = None) -> Response:
        lines = lines_of(desk.signed_in(request), EXPORTED, before)
        following = lines[-1].record_id if len(lines) == EXPORTED else None
        return JSONResponse(
            {"uses": [line.to_json() for line in lines], "next": following},
            headers={"Content-Disposition": 'attachment; filename="uses.json"'},
        )

    return routes
