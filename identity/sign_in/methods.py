"""What every way to sign in promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from identity.assurance import PASSWORD_METHODS
from identity.realm import Realm
from identity.subjects import Person


@dataclass(frozen=True)
class Proof:
    """A person who proved who they are.

    Attributes:
        person: who.
        level: how well, an assurance level.
        methods: by what (RFC 8176 §2).
    """

    person: Person
    level: int
    methods: tuple[str, ...] = PASSWORD_METHODS


class Method(Protocol):
    """One way to sign in."""

    def prove(self, realm: Realm, form: Mapping[str, str], address: str) -> Proof:
        """Check what a person sent.

        Args:
            realm: the provider.
            form: fields of the sign-in page.
            address: network address of the browser.

        Raises:
            SignInRefused: it does not prove who they are.
            SignInPaused: too many tries.
            SignInBusy: too many people at once.
        """
