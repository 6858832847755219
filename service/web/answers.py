"""What every answer carries, whoever made it: nothing is cached or guessed unless it says so."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]
USUAL: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
STRICT_TRANSPORT: Header = (b"strict-transport-security", b"max-age=31536000")


class AnswerHeaders:
    """ASGI middleware that adds the headers an answer does not set itself."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """Stand before `app`; over TLS browsers are told to stay there (RFC 6797)."""
        self._app = app
        self._usual = (*USUAL, STRICT_TRANSPORT) if https else USUAL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and complete its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in self._usual if header[0] not in own),
                ]
            await send(message)

        await self._app(scope, receive, complete if scope["type"] == "http" else send)
