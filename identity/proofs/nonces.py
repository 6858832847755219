"""Nonces that we give to those who prove that they hold a key (RFC 9449 §8).

A nonce is a sealed time: it needs no table, every worker knows it, and it ages by itself. Within
one step all apps get the same one, so a proof made with it was made lately.
"""

from identity.errors import SealBroken
from identity.seals import Seals

STEP_SECONDS = 60
LIFETIME_SECONDS = 300
_LABEL = "dpop nonce"
_TIME_BYTES = 8


def make_nonce(seals: Seals, now: int) -> str:
    """Return the nonce of this moment."""
    begun = now - now % STEP_SECONDS
    return seals.seal_text(begun.to_bytes(_TIME_BYTES, "big"), _LABEL)


def nonce_end(seals: Seals, nonce: str) -> int:
    """Return the first second in which a nonce no longer works; 0 if it is none of ours."""
    try:
        begun = seals.open_text(nonce, _LABEL)
    except SealBroken:
        return 0
    return int.from_bytes(begun, "big") + LIFETIME_SECONDS
