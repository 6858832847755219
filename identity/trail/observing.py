"""What the service may count and log of identity's work; identity itself knows no metrics."""

from typing import Protocol

from identity.trail.events import Event


class Observer(Protocol):
    """Is told what happens, by names that are few and known; it must be quick."""

    def issued(self, grant: str, client_id: str, now: int) -> None:
        """Tokens were given."""

    def signed_in(self, method: str, *, succeeded: bool) -> None:
        """Somebody tried to sign in."""

    def refused(self, endpoint: str, error: str) -> None:
        """An app's request was refused with an error of the protocol."""

    def happened(self, event: Event) -> None:
        """A line was added to the audit trail."""


class Silent:
    """Nobody counts."""

    def issued(self, grant: str, client_id: str, now: int) -> None:
        """Do nothing."""

    def signed_in(self, method: str, *, succeeded: bool) -> None:
        """Do nothing."""

    def refused(self, endpoint: str, error: str) -> None:
        """Do nothing."""

    def happened(self, event: Event) -> None:
        """Do nothing."""


SILENT = Silent()
