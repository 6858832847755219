"""Every way in which certificates refuse. No error knows an HTTP status.

CertificateError
├── UnknownType, UnknownMatter, UnknownLicence
├── IdentifierMalformed
├── FieldsRefused            all fields at once, each with its reason in both languages
├── HolderUnknown
├── PowerMissing, AuthorityMissing, NotTheHolder, NotTheIssuer
├── PurposeRefused, NoGround
├── GlyphMissing, PaperUnavailable, StampUnavailable
└── TransitionRefused
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """One sentence for people, in both languages."""

    zh: str
    en: str


class CertificateError(Exception):
    """Something certificates refuse."""


class UnknownType(CertificateError):
    """No licence type of that name is in the catalogue."""


class UnknownMatter(CertificateError):
    """No matter of that code is in the list."""


class UnknownLicence(CertificateError):
    """There is no such licence, or the one who asks may not know of it."""


class IdentifierMalformed(CertificateError):
    """Not an identifier by GB/T 36904, or its check character is wrong."""


class FieldsRefused(CertificateError):
    """Some fields cannot be accepted."""

    def __init__(self, reasons: Mapping[str, Sentence]) -> None:
        super().__init__("; ".join(f"{name}: {each.en}" for name, each in reasons.items()))
        self.reasons = reasons


class HolderUnknown(CertificateError):
    """Nobody is registered with that number and name."""


class PowerMissing(CertificateError):
    """The mandate does not give the power that this needs."""

    def __init__(self, power: str) -> None:
        super().__init__(f"this needs a mandate with the power {power!r}")
        self.power = power


class AuthorityMissing(CertificateError):
    """The department has no authority for this type of licence at this time."""


class NotTheHolder(CertificateError):
    """Only its holder can show a licence."""


class NotTheIssuer(CertificateError):
    """Only the department that issued a licence can change it."""


class PurposeRefused(CertificateError):
    """The purpose is missing or too long."""


class NoGround(CertificateError):
    """The matter has no ground to ask for this type of licence."""


class TransitionRefused(CertificateError):
    """The law knows no such change of state."""


class KeyUnreadable(CertificateError):
    """A file of the key folder does not hold the key and certificate it should."""


class ChainRejected(CertificateError):
    """A certificate chain does not lead to the city's root."""


class ChainExpired(ChainRejected):
    """A certificate of the chain is not valid at this time."""


class FormatRejected(CertificateError):
    """The text is not a credential of this format."""


class SignatureRejected(CertificateError):
    """The signature is not that of the key."""


class UnknownStatusList(CertificateError):
    """There is no status list of that number."""


class KeyReused(CertificateError):
    """The idempotency key was used before, with another request."""


class ReasonRefused(CertificateError):
    """The reason of a change of state is missing or too long."""


class RequestAmbiguous(CertificateError):
    """A verification takes exactly one of code, digits and credential."""


class TooManyTries(CertificateError):
    """Too many six-digit numbers were tried in this minute."""


class GlyphMissing(CertificateError):
    """No font can show a character, so that the licence cannot be drawn."""

    def __init__(self, characters: str) -> None:
        super().__init__(f"no font here can show {characters!r}; a licence must show every one")
        self.characters = characters


class StampUnavailable(CertificateError):
    """The time-stamp authority did not give a time-stamp that can be used."""


class PaperUnavailable(CertificateError):
    """This machine has no font in which a licence could be drawn."""
