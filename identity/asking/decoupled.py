"""Requests that are answered on another device than the one that asks.

A terminal shows a code and a person types it into their phone (RFC 8628); an app asks and the
person finds the request among their own (OpenID Connect CIBA Core). Both wait in one kind of row.
What an app polls with is the sealed name of that row, so it needs no place in the database.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from identity.errors import SealBroken

DEVICE, CIBA = "device", "ciba"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CIBA_GRANT = "urn:openid:params:grant-type:ciba"
DECOUPLED_GRANTS = frozenset({DEVICE_GRANT, CIBA_GRANT})

PAGES = {DEVICE: "/device", CIBA: "/approvals"}
DELIVERY_MODES = ("poll", "ping")  # how an app learns of an answer (CIBA Core §5)
INTERVAL_SECONDS = 5
SLOWER_SECONDS = 5  # RFC 8628 §3.5: for this and all later polls
COLLECT_SECONDS = 60  # after a yes the tokens may be fetched this long, however late the yes came

# No vowels, so that no word comes out; nothing that looks like another (RFC 8628 §6.1).
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
CODE_CHARACTERS = 8
_DRAWN_BYTES = 16


class Sealing(Protocol):
    """What is needed of the realm's seals."""

    def seal(self, content: bytes, *label: str) -> bytes:
        """Seal bytes."""

    def open(self, sealed: bytes, *label: str) -> bytes:
        """Open bytes."""

    def seal_text(self, content: bytes, *label: str) -> str:
        """Seal into text."""

    def open_text(self, text: str, *label: str) -> bytes:
        """Open text."""


@dataclass(frozen=True)
class Decoupled:
    """A request that waits for a person at another device.

    Attributes:
        request_id: random, 32 hexadecimal digits; it opens nothing.
        kind: `DEVICE` or `CIBA`.
        client_id: who asks.
        scopes: what for.
        created_at: since when.
        expires_at: first second in which it can no longer be answered.
        interval: seconds that have to lie between two polls.
        polled_at: when the app last asked for the answer.
        hurried: whether it asked too soon.
        user_code: sealed code that the terminal shows; None without one.
        person_id: the only one who may answer; empty for whoever has the code, or, when an app
            named somebody we do not know, for nobody.
        party_id: for whom the person has to act; empty for their choice.
        acr_values: how sure the app wants to be of the person.
        message: what both sides show, so that the person knows which request it is.
        notification: sealed token with which the app wants to be told; None if it polls.
        decided_at: when the person answered.
        authorization_id: what they allowed; None if they refused.
    """

    request_id: str
    kind: str
    client_id: str
    scopes: frozenset[str]
    created_at: int
    expires_at: int
    interval: int = INTERVAL_SECONDS
    polled_at: int = 0
    hurried: bool = False
    user_code: bytes | None = None
    person_id: str = ""
    party_id: str = ""
    acr_values: str = ""
    message: str = ""
    notification: bytes | None = None
    decided_at: int | None = None
    authorization_id: str | None = None

    @property
    def page(self) -> str:
        """Our page to which its answer leads."""
        return PAGES[self.kind]

    def may_answer(self, person_id: str) -> bool:
        """Tell whether somebody may answer: whoever has the code, or the one who was named."""
        return self.person_id == person_id or (self.kind == DEVICE and not self.person_id)

    def waits(self, now: int) -> bool:
        """Tell whether it can still be answered."""
        return self.decided_at is None and now < self.expires_at


def make_handle(seals: Sealing, kind: str, request_id: str) -> str:
    """Name a request towards its app: a `device_code` or an `auth_req_id`."""
    return seals.seal_text(bytes.fromhex(request_id), "decoupled", kind)


def read_handle(seals: Sealing, kind: str, handle: str) -> str | None:
    """Return the request that an app names, None if it is none of ours."""
    try:
        return seals.open_text(handle, "decoupled", kind).hex()
    except SealBroken:
        return None


def make_user_code(random: Callable[[int], bytes]) -> str:
    """Draw a code for a person to type: one of 20^8, about 34 bits."""
    number = int.from_bytes(random(_DRAWN_BYTES), "big")
    code = ""
    for _ in range(CODE_CHARACTERS):
        number, at = divmod(number, len(ALPHABET))
        code += ALPHABET[at]
    return code


def spell_user_code(text: str) -> str:
    """Return the one spelling of a code: case, width, spaces and dashes do not count.

    Empty if it cannot be a code of ours.
    """
    folded = unicodedata.normalize("NFKC", text[:64]).upper()
    code = "".join(letter for letter in folded if not (letter.isspace() or letter in "-‐–—_."))
    return code if len(code) == CODE_CHARACTERS and set(code) <= set(ALPHABET) else ""


def show_user_code(code: str) -> str:
    """Write a code as terminals and pages show it, in two groups."""
    half = CODE_CHARACTERS // 2
    return f"{code[:half]}-{code[half:]}"


def seal_user_code(seals: Sealing, code: str) -> bytes:
    """Seal a code: the same code gives the same bytes, so that a row is found by it."""
    return seals.seal(code.encode(), "user code")


def read_user_code(seals: Sealing, sealed: bytes) -> str:
    """Read the code of a row."""
    return seals.open(sealed, "user code").decode()


def seal_notification(seals: Sealing, request_id: str, token: str) -> bytes:
    """Seal the token with which an app wants to be told of the answer."""
    return seals.seal(token.encode(), "notification", request_id)


def read_notification(seals: Sealing, asked: Decoupled) -> str:
    """Read that token; empty if the app polls."""
    if asked.notification is None:
        return ""
    return seals.open(asked.notification, "notification", asked.request_id).decode()
