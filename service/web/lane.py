"""Addresses that are asked for all the time, answered before routing looks at anything.

Matching routes one by one, FastAPI's dependencies and its middlewares cost more than a document
or a token does. A plain Starlette route whose address has no variable part needs none of them:
it is found by its address, and its errors go to the handlers that all others have.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web.answers import AnswerHeaders
from service.web.limits import BodyLimit

Handlers = Mapping[Any, Any]
BODILESS = {"GET", "HEAD"}  # nobody reads a body there


class Lane:
    """ASGI middleware that answers plain routes by their address alone."""

    def __init__(
        self, app: ASGIApp, *, routes: Iterable[BaseRoute], handlers: Handlers, https: bool
    ) -> None:
        """Stand before `app`, whose `routes` and exception `handlers` these are."""
        self._app = app
        self._handlers = handlers
        self._answers: dict[tuple[str, str], ASGIApp] = {}
        for route in routes:
            if type(route) is Route and not route.param_convertors:
                self._add(route, https=https)

    def _add(self, route: Route, *, https: bool) -> None:
        answer: ASGIApp = _Answer(route, self._handlers)
        for method in route.methods or ():
            bounded = answer if method in BODILESS else BodyLimit(answer)
            self._answers[method, route.path] = AnswerHeaders(bounded, https=https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        here = (scope.get("method", ""), scope.get("path", ""))
        await self._answers.get(here, self._app)(scope, receive, send)


class _Answer:
    """One endpoint, guarded."""

    def __init__(self, route: Route, handlers: Handlers) -> None:
        self._route = route
        self._endpoint = route.endpoint
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self._route
        request = Request(scope, receive, send)
        try:
            response = await self._endpoint(request)
        except Exception as error:  # noqa: BLE001  # whatever it is, its handler knows
            response = await self._refuse(request, error)
        await response(scope, receive, send)

    async def _refuse(self, request: Request, error: Exception) -> Response:
        kind = next(each for each in type(error).__mro__ if each in self._handlers)
        response: Response = await run_in_threadpool(self._handlers[kind], request, error)
        return response
