"""Each request gets an id and is counted; those that fail or are slow get a line in the log."""

import itertools
import logging
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import FIELDS, is_good_id, request_id
from service.metrics import Metrics

HEADER = b"x-request-id"
SLOW_SECONDS = 1.0
FAILED = 400
BROKEN = 500
UNMATCHED = "unmatched"

log = logging.getLogger("haihe.requests")
_PREFIX, _numbers = secrets.token_hex(6), itertools.count()  # nobody has to guess them


class Watch:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        """Stand before `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own_id, status, began = _id_of(scope), BROKEN, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, own_id.encode())]
            await send(message)

        token = request_id.set(own_id)
        try:
            await self._app(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - began)
            request_id.reset(token)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = str(getattr(scope.get("route"), "path", UNMATCHED)), scope["method"]
        self._metrics.answered(route, method, status, seconds)
        if status >= FAILED or seconds > SLOW_SECONDS:
            level = logging.WARNING if status >= BROKEN or seconds > SLOW_SECONDS else logging.INFO
            # The route as it was registered: what stands in its places may be anybody's.
            fields = {"method": method, "route": route, "status": status, "ms": int(seconds * 1e3)}
            log.log(level, "request", extra={FIELDS: fields})


def _id_of(scope: Scope) -> str:
    """Return the id that a proxy gave, if it is one; else a new one."""
    for name, value in scope["headers"]:
        if name == HEADER:
            text = value.decode("latin-1")
            if is_good_id(text):
                return str(text)
    return f"{_PREFIX}{next(_numbers):012x}"
