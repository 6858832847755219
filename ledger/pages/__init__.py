"""Pages of the ledger: the holder's record of uses, the auditor's ledger, one proof per page."""

from fastapi import APIRouter

from ledger.pages import audit, proofs, uses
from ledger.pages.desk import Desk, Frame

__all__ = ["Desk", "Frame", "router"]


def router(desk: Desk) -> APIRouter:
    """Make all pages of the ledger."""
    routes = APIRouter()
    for part in (uses, audit, proofs):
        routes.include_router(part.router(desk))
    return routes
