"""Addresses whose path holds what no name of anything here can hold."""

from starlette.types import ASGIApp, Receive, Scope, Send

NUL, STAND_IN = "\0", "\ufffd"  # as HTML has it (§13.2.3.5)


class NoNul:
    """ASGI middleware that lets a path with a NUL name something that does not exist.

    PostgreSQL could not even look for it; each address so gives its own answer of not found.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and NUL in scope["path"]:
            scope = {**scope, "path": scope["path"].replace(NUL, STAND_IN)}
        await self._app(scope, receive, send)
