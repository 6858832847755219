"""Who can act: people and legal persons, and the numbers the country knows them by."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from identity.errors import BadNumber, BadRegistration

LONGEST_NAME = 64  # X.509 has no room for more in a department's certificate
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_CHECKS = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_CHECKS = "0X987654321"

_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CREDIT = re.compile(rf"[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}")


@dataclass(frozen=True)
class Person:
    """A human being with an account.

    Attributes:
        person_id: random, the same for ever; the only name other domains know.
        account: name typed at sign-in, lower case.
        name: as in the household register.
        demo: exists only with demo data.
        suspended: cannot sign in at present.
        vouched: how well somebody made sure who they are, an assurance level.
        about: what else the registers hold, as text; `about` reads it.
    """

    person_id: str
    account: str
    name: str
    demo: bool
    suspended: bool = False
    vouched: int = 2
    about: str = ""


@dataclass(frozen=True)
class LegalPerson:
    """A company, department or other body that acts through people.

    Attributes:
        legal_person_id: random, the same for ever.
        code: unified social credit code.
        name: registered name.
    """

    legal_person_id: str
    code: str
    name: str


@dataclass(frozen=True)
class Party:
    """The one for whom somebody acts, or to whom a licence belongs."""

    party_id: str
    name: str
    code: str
    is_legal_person: bool


def party_of(subject: Person | LegalPerson) -> Party:
    """See a person or a legal person as a party; a person's number stays behind."""
    if isinstance(subject, Person):
        return Party(subject.person_id, subject.name, "", is_legal_person=False)
    return Party(subject.legal_person_id, subject.name, subject.code, is_legal_person=True)


def check_citizen_number(text: str) -> str:
    """Check a citizen number and return it in its one spelling (GB 11643-1999).

    Raises:
        BadNumber: wrong form, a birth date that never was, or a wrong check character.
    """
    number = text.strip().upper()
    if not _CITIZEN.fullmatch(number):
        raise BadNumber("a citizen number has 17 digits and a digit or X")
    _check_date(number[6:14])
    total = sum(int(digit) * weight for digit, weight in zip(number, CITIZEN_WEIGHTS, strict=False))
    if number[17] != CITIZEN_CHECKS[total % 11]:
        raise BadNumber("the last character of the citizen number does not fit the others")
    return number


def _check_date(digits: str) -> None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise BadNumber("the citizen number holds a birth date that never was") from None
    if born.year < 1800:  # nobody alive or in the registers
        raise BadNumber("the citizen number holds a birth date before the registers began")


def check_credit_code(text: str) -> str:
    """Check a unified social credit code and return it in its one spelling (GB 32100-2015).

    Positions 9 to 17 are an organisation code with a check character of its own (GB 11714).

    Raises:
        BadNumber: wrong form, or a wrong check character.
    """
    code = text.strip().upper()
    if not _CREDIT.fullmatch(code):
        raise BadNumber("a unified social credit code has 18 characters without I, O, S, V, Z")
    if code[17] != _credit_check(code):
        raise BadNumber("the last character of the social credit code does not fit the others")
    if code[16] != _organisation_check(code[8:16]):
        raise BadNumber("the organisation code inside the social credit code does not fit")
    return code


def _credit_check(code: str) -> str:
    values = (CREDIT_ALPHABET.index(character) for character in code[:17])
    total = sum(value * weight for value, weight in zip(values, CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def _organisation_check(body: str) -> str:
    values = (ORGANISATION_ALPHABET.index(character) for character in body)
    total = sum(value * weight for value, weight in zip(values, ORGANISATION_WEIGHTS, strict=True))
    return ORGANISATION_CHECKS[total % 11]


def spell_account(text: str) -> str:
    """Return the one spelling of an account name: width, case and odd letters do not count."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def looks_like_citizen_number(text: str) -> bool:
    """Tell whether somebody typed a citizen number, right or wrong, and not an account name."""
    return _CITIZEN.fullmatch(text.strip().upper()) is not None


def check_name(name: str) -> str:
    """Check the name of a person or a legal person; return it trimmed.

    Raises:
        BadRegistration: it is empty, too long, or cannot be printed.
    """
    if not 1 <= len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        raise BadRegistration(f"a name has 1 to {LONGEST_NAME} printable characters")
    return name.strip()


def check_account(account: str) -> str:
    """Check an account name, which is shown in lists and logs; return it as it is kept.

    Raises:
        BadRegistration: it is empty, too long, has spaces, or looks like a citizen number.
    """
    text = account.strip()
    if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable() or " " in text:
        raise BadRegistration(f"an account name has 1 to {LONGEST_NAME} characters, no spaces")
    if looks_like_citizen_number(text):
        raise BadRegistration("a citizen number cannot be an account name")
    return spell_account(text)
