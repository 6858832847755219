"""One-time codes of an authenticator app (RFC 6238), and the recovery codes for its loss."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import quote, urlencode

KEY_BYTES = 20  # RFC 4226 §4, R6
STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # RFC 6238 §5.2
RECOVERY_CODES = 8
RECOVERY_BYTES = 10
NAME, RECOVERY = "otp", "recovery"


def code_at(key: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code of a time step (RFC 4226 §5.3)."""
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"


def step_of(key: bytes, code: str, now: int) -> int | None:
    """Return the time step a code belongs to, None if it belongs to none near `now`."""
    present = now // STEP_SECONDS
    typed = plain(code).encode()
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(key, step).encode(), typed):
            found = step
    return found


def plain(code: str) -> str:
    """Return a code as typed without the gaps people put into it."""
    return "".join(code.split()).replace("-", "").upper()[:64]


def address_of(key: bytes, account: str, issuer_name: str) -> str:
    """Write the address that an authenticator app reads from a QR code."""
    label = quote(f"{issuer_name}:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': spell(key), 'issuer': issuer_name})}"


def spell(content: bytes) -> str:
    """Spell bytes in letters and digits that can be typed."""
    return base64.b32encode(content).decode().rstrip("=")


def make_recovery_codes(random: Callable[[int], bytes]) -> list[str]:
    """Make codes of 80 random bits each, in groups of four."""
    codes = [spell(random(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def hash_recovery_code(code: str) -> bytes:
    """Return what is stored in place of a recovery code: it is random, so a fast hash does."""
    return hashlib.sha256(plain(code).encode()).digest()
