"""No body is longer than its address needs: refused before anything of it is looked at."""

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

USUAL_BYTES = 128 * 1024
UPLOAD_BYTES = 8 * 1024 * 1024 + 64 * 1024
PAPER_BYTES = 3 * 1024 * 1024  # a licence as PDF of at most 2 MiB, in base64
LARGER: Mapping[str, int] = {
    "/verify": UPLOAD_BYTES,
    "/verify/frame": UPLOAD_BYTES,
    "/api/verifications": PAPER_BYTES,
}


class BodyLimit:
    """ASGI middleware that bounds request bodies by address."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is too long."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = LARGER.get(scope["path"], USUAL_BYTES)
        if _announced(scope) > limit:
            await _refuse(scope, receive, send)
            return
        await self._app(scope, _bounded(receive, limit), send)


def _announced(scope: Scope) -> int:
    """Bytes that the request says it has; 0 if it does not say."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _bounded(receive: Receive, limit: int) -> Receive:
    """Hang up on a body that grows beyond the limit without having said so."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > limit else message

    return bounded


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    document = {
        "type": "/problems/form-too-large",
        "title": "Too large",
        "title_zh": "内容太大",
        "status": 413,
    }
    headers = {"Connection": "close", "Cache-Control": "no-store"}
    response = JSONResponse(document, 413, headers, "application/problem+json")
    await response(scope, receive, send)
