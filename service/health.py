"""Whether the service lives, and whether it can work: for load balancers, without any detail."""

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from service.database import Database
from service.migrate import is_newest

UNAVAILABLE = 503
NO_STORE = {"Cache-Control": "no-store"}


def router(database: Database) -> APIRouter:
    """Make the two addresses."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/health")
    def health() -> JSONResponse:
        """Say that the process answers."""
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    @routes.get("/ready")
    def ready() -> JSONResponse:
        """Say whether the database answers too, and is of the schema that this build knows."""
        try:
            with database.reading() as connection:
                able = is_newest(connection)
        except SQLAlchemyError:
            able = False
        if not able:
            headers = {**NO_STORE, "Retry-After": "1"}
            return JSONResponse({"status": "unavailable"}, UNAVAILABLE, headers)
        return JSONResponse({"status": "ready"}, headers=NO_STORE)

    return routes
