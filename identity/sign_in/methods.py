"""What every way to sign in promises."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from identity.people.assurance import PASSWORD_METHODS
from identity.people.subjects import Person
from identity.realm import Realm

Part = Mapping[str, object]


@dataclass(frozen=True)
class Asking:
    """Who asks to be let in.

    Attributes:
        address: network address of the browser.
        browser: what the browser keeps of earlier sign-ins, empty if nothing.
        person_id: who it has to be, because they are signed in or half-way in; empty for anybody.
        session_id: the sign-in that is to be raised, empty for a new one.
        waiting: secret with which the browser waits for a sign-in made elsewhere.
    """

    address: str
    browser: str = ""
    person_id: str = ""
    session_id: str = ""
    waiting: str = ""


@dataclass(frozen=True)
class Proof:
    """A person who proved who they are.

    Attributes:
        person: who.
        level: how well, an assurance level.
        methods: by what (RFC 8176 §2).
        at: when, if it was not just now.
        via: what the history calls it, if not by the name of the method.
    """

    person: Person
    level: int
    methods: tuple[str, ...] = PASSWORD_METHODS
    at: int | None = None
    via: str = ""


def may_enter(realm: Realm, person: Person) -> bool:
    """Tell whether somebody may sign in at all, whatever they prove."""
    return not person.suspended and (realm.demo_allowed or not person.demo)


class Method(Protocol):
    """One way to sign in, or to add to a sign-in."""

    @property
    def name(self) -> str:
        """What the registry, forms and the history call it."""

    @property
    def adds(self) -> Collection[str]:
        """What it shows at best (RFC 8176 §2); empty if that depends."""

    def offer(self, realm: Realm, /) -> Part | None:
        """Return what its part of the sign-in page needs; None where it signs nobody in."""

    def offer_to(self, realm: Realm, asking: Asking) -> Part | None:
        """Return what its part of the step-up page needs; None where it has nothing to add."""

    def prove(self, realm: Realm, form: Mapping[str, str], asking: Asking) -> Proof:
        """Check what a person sent.

        Args:
            realm: the provider.
            form: fields of the page.
            asking: who asks.

        Raises:
            SignInRefused: it does not prove who they are.
            SignInPaused: too many tries.
            SignInBusy: too many people at once.
            FlowExpired: the page is too old.
        """
