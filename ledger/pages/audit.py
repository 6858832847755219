"""The auditor's page: a search box, where the log stands in one sentence, the latest of all."""

from fastapi import APIRouter, Request, Response

from ledger.access import AUDIT, require
from ledger.pages.desk import Desk
from ledger.views import PAGE, list_lines, search

RECENT = 10


def router(desk: Desk) -> APIRouter:
    """Make the page `/ledger`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/ledger")
    def overview(request: Request, q: str = "", before: str | None = None) -> Response:
        require(desk.signed_in(request), AUDIT)
        trust = desk.trust()
        with desk.reading() as store:
            lines = list_lines(store, trust.chain_id, store.latest_records(PAGE, before))
            context = {
                "query": q,
                "matches": search(store, trust.chain_id, desk.key, q) if q.strip() else None,
                "lines": lines,
                "following": lines[-1].record_id if len(lines) == PAGE else None,
                "total": store.count_records(),
                "checkpoints": store.latest_checkpoints(RECENT),
                "anchors": store.latest_anchors(trust.chain_id, RECENT),
                "anchored": store.anchored_size(trust.chain_id),
                "trust": trust,
            }
        return desk.frame.render(request, "ledger/audit.html", context)

    return routes
