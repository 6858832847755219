"""More than can be done in time is refused at once, and what takes too long is not waited for.

Both answers are 503 with `Retry-After`: a client that comes again later costs less than a queue
in which everybody waits for everybody.
"""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_AT_ONCE = 500  # requests of one worker under way
PATIENCE_SECONDS = 15.0  # longer than any wait of ours for the database
RETRY_AFTER = "2"
FREE = frozenset({"/health"})  # a worker that is busy lives


def refusal() -> JSONResponse:
    """Make the answer to a request that is not done, in whatever form its sender reads it."""
    document = {
        "type": "/problems/busy",
        "title": "Too busy",
        "title_zh": "现在太忙",
        "status": 503,
        "error": "temporarily_unavailable",  # the name apps know it by (RFC 6749 §4.1.2.1)
    }
    headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
    return JSONResponse(document, 503, headers, "application/problem+json")


class Pressure:
    """ASGI middleware that bounds how many requests are under way."""

    def __init__(self, app: ASGIApp, *, most: int = MOST_AT_ONCE) -> None:
        """Stand before `app`."""
        self._app = app
        self._most = most
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if there is room."""
        if scope["type"] != "http" or scope["path"] in FREE:
            await self._app(scope, receive, send)
            return
        if self._now >= self._most:
            await refusal()(scope, receive, send)
            return
        self._now += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._now -= 1


class Patience:
    """ASGI middleware that answers in time even when a thread does not come back.

    The thread goes on, since nothing can stop it; what it says later is not heard.
    """

    def __init__(self, app: ASGIApp, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Stand before `app`."""
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and wait for the beginning of its answer, but not for ever."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, over = False, False

        async def heard(message: Message) -> None:
            nonlocal begun
            if not over:
                begun = True
                await send(message)

        work = asyncio.ensure_future(self._app(scope, receive, heard))
        done, _ = await asyncio.wait({work}, timeout=self._seconds)
        if done or begun:
            await work
            return
        over = True
        work.add_done_callback(_let_go)
        await refusal()(scope, receive, send)


def _let_go(work: "asyncio.Future[None]") -> None:
    """Take note of how it ended, so that nobody complains that nobody did."""
    if not work.cancelled():
        work.exception()
