"""Identifiers of electronic licences (GB/T 36904-2018) and the codes inside them.

`1.2.156.3005.2.<type 21>.<issuer 18>.<serial>.<version 3>.<check 1>`
"""

import re
from dataclasses import dataclass

from certificates.errors import IdentifierMalformed

OID = "1.2.156.3005.2"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PARTS = re.compile(
    rf"{re.escape(OID)}\.([0-9A-Z]{{21}})\.([0-9A-Z]{{18}})\.([0-9A-Z]{{8,32}})\.([0-9]{{3}})\.([0-9A-Z])",
    re.ASCII,
)
_USCC = re.compile(f"[{USCC_ALPHABET}]{{18}}", re.ASCII)


@dataclass(frozen=True)
class Identifier:
    """An identifier taken apart.

    Attributes:
        type_code: 18-character code of the authority that defines the type, and 3 digits.
        issuer: unified social credit code of the issuer.
        serial: 8 to 32 digits and capitals.
        version: 3 digits, from 001.
    """

    type_code: str
    issuer: str
    serial: str
    version: str

    def __str__(self) -> str:
        """Write it with its check character."""
        parts = (self.type_code, self.issuer, self.serial, self.version)
        return ".".join((OID, *parts, check_character("".join(parts))))


def check_character(text: str) -> str:
    """Check character by ISO 7064 MOD 37,36 (GB/T 17710)."""
    product = 36
    for character in text:
        product = (product + ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return ALPHABET[(37 - product) % 36]


def make_identifier(type_code: str, issuer: str, serial: str, version: str = "001") -> str:
    """Make an identifier.

    Raises:
        IdentifierMalformed: a part has the wrong length or characters.
    """
    made = str(Identifier(type_code, issuer, serial, version))
    check_identifier(made)
    return made


def check_identifier(text: str) -> Identifier:
    """Take an identifier apart, if its form and check character are right.

    Raises:
        IdentifierMalformed: they are not.
    """
    match = _PARTS.fullmatch(text)
    if not match:
        raise IdentifierMalformed("not an identifier by GB/T 36904")
    type_code, issuer, serial, version, check = match.groups()
    check_uscc(issuer)
    if check_character(type_code + issuer + serial + version) != check:
        raise IdentifierMalformed("the check character of the identifier is wrong")
    return Identifier(type_code, issuer, serial, version)


def check_uscc(code: str) -> None:
    """Check a unified social credit code (GB 32100-2015).

    Raises:
        IdentifierMalformed: the form or the check character is wrong.
    """
    if not _USCC.fullmatch(code):
        raise IdentifierMalformed("not a unified social credit code")
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    if USCC_ALPHABET[-total % 31] != code[17]:
        raise IdentifierMalformed("the check character of the credit code is wrong")


_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_citizen_number(number: str) -> None:
    """Check the form and check digit of a citizen number (GB 11643-1999).

    Raises:
        IdentifierMalformed: one of them is wrong.
    """
    if not _CITIZEN.fullmatch(number):
        raise IdentifierMalformed("not a citizen number")
    total = sum(int(c) * w for c, w in zip(number[:17], _CITIZEN_WEIGHTS, strict=True))
    if "10X98765432"[total % 11] != number[17]:
        raise IdentifierMalformed("the check digit of the citizen number is wrong")


def mask(text: str) -> str:
    """Hide the middle of a number: the first four and last two characters stay."""
    if len(text) <= 8:
        return text[:1] + "*" * max(len(text) - 1, 0)
    return text[:4] + "*" * (len(text) - 6) + text[-2:]
