"""A pushed authorization request (RFC 9126), sealed into its own `request_uri`.

Nothing is stored: the address carries the request, for this app and these seconds only, and
nobody but us can read or make one. That it gives one code alone needs a row, written when the
code is: see `store.replays`.
"""

import json
from dataclasses import astuple, dataclass

from identity.errors import SealBroken
from identity.seals import Seals

URN = "urn:ietf:params:oauth:request_uri:"
PUSHED_SECONDS = 90
MOST_CHARACTERS = 6000  # so that the address of the whole authorization request stays below 8 kB
PUSHED = "pushed request"


@dataclass(frozen=True)
class Pushed:
    """What an app pushed.

    Attributes:
        name: random, so that two equal requests are two.
        client_id: who pushed it, and may use it.
        expires_at: first second in which it cannot be opened any more.
        query: the request, as a query string.
        signed: it was signed by the app.
    """

    name: str
    client_id: str
    expires_at: int
    query: str
    signed: bool


def seal_pushed(seals: Seals, pushed: Pushed) -> str:
    """Write the `request_uri`."""
    content = json.dumps(astuple(pushed), separators=(",", ":")).encode()
    return URN + seals.seal_text(content, PUSHED)


def open_pushed(seals: Seals, request_uri: str) -> Pushed | None:
    """Read a `request_uri`, None if it is none of ours."""
    try:
        content = seals.open_text(request_uri.removeprefix(URN), PUSHED)
    except SealBroken:
        return None
    return Pushed(*json.loads(content))
