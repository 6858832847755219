"""Tokens with which apps may register themselves (RFC 7591 §3)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RegistrationToken:
    """One token, without its secret.

    Attributes:
        note: for whom it was made.
        uses_left: how many apps may still be registered with it.
        expires_at: first second in which it no longer works.
    """

    note: str
    uses_left: int
    expires_at: int
