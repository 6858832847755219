"""The states of a licence and the changes that are allowed, as one table."""

from collections.abc import Mapping
from typing import Literal

from certificates.errors import TransitionRefused

State = Literal["valid", "suspended", "revoked", "expired"]

ALLOWED: Mapping[State, frozenset[State]] = {
    "valid": frozenset({"suspended", "revoked"}),
    "suspended": frozenset({"valid", "revoked"}),
    "revoked": frozenset(),
    "expired": frozenset({"revoked"}),
}


def check_transition(old: State, new: State) -> None:
    """Check that a licence in state `old` can be put into `new`.

    Raises:
        TransitionRefused: it cannot.
    """
    if new not in ALLOWED[old]:
        raise TransitionRefused(f"a licence that is {old} cannot become {new}")


def state_at(stored: State, valid_to: int | None, now: int) -> State:
    """Tell the state at `now` (Unix seconds): expiry wins over valid and suspended.

    The last second of validity is `valid_to - 1`.
    """
    over = valid_to is not None and now >= valid_to
    return "expired" if over and stored != "revoked" else stored
