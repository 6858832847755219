"""What certificates' pages ask of the frame around them."""

from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from certificates.recording import Actor

Form = Mapping[str, str]
Upload = tuple[Mapping[str, str], Mapping[str, bytes]]
SignedIn = Callable[[Request], Actor]


class Frame(Protocol):
    """Renders pages and receives their forms."""

    def render(
        self, request: Request, template: str, context: Mapping[str, object], status: int = 200
    ) -> Response:
        """Answer with a page."""

    async def form(self, request: Request) -> Form:
        """Receive a form of ours, checked against forgery and repetition."""

    async def upload(self, request: Request) -> Upload:
        """Receive a form of ours with files."""
