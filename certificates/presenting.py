"""Showing a licence: a code that lives for a minute and works once."""

import re
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from certificates.contents import name_licence, type_of_code
from certificates.errors import NotTheHolder, UnknownLicence
from certificates.formats.credential import Random
from certificates.licences import Licence, Show
from certificates.matters import fields_for, find_matter
from certificates.recording import Actor, AppendRecord, Use, name_matter, require_power
from certificates.store import CertificateStore

LIVES = 60  # seconds; dead at `made_at + LIVES`
PREFIX = "HAIHE:"
_CODE = re.compile(r"HAIHE:[A-Z2-7]{26}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_DRAWS = 20


@dataclass(frozen=True)
class Shown:
    """A code to show, the same in six digits, and the record of showing it."""

    code: str
    digits: str
    made_at: int
    expires_at: int
    record: str


def show(
    store: CertificateStore,
    identifier: str,
    actor: Actor,
    matter: str | None,
    append: AppendRecord,
    now: int,
    random: Random,
) -> Shown:
    """Make a code for a licence; codes of it that are still alive die.

    Args:
        matter: for which alone the code shall work; None: for any.

    Raises:
        PowerMissing: the mandate does not reach to licences.
        UnknownLicence, NotTheHolder: it is not the actor's licence.
        UnknownMatter, NoGround: the matter may not ask for it.
    """
    require_power(actor, "show")
    licence = find_own(store, identifier, actor)
    if matter is not None:
        fields_for(find_matter(matter), type_of_code(licence.type_code).slug)
    store.retire_shows(identifier, now)
    made = Show(identifier, licence.holder_id, matter, now, now + LIVES, None, None)
    code = PREFIX + b32encode(random(16)).decode().rstrip("=")
    digits = _draw(random, lambda drawn: store.add_show(hash_code(code), hash_code(drawn), made))
    record = append(_use(licence, matter, actor))
    return Shown(code, digits, made.made_at, made.expires_at, record)


def find_own(store: CertificateStore, identifier: str, actor: Actor) -> Licence:
    """Find a licence of the actor's party.

    Raises:
        NotTheHolder: the actor's department issued it, and so may know of it.
        UnknownLicence: there is none, or the actor may not know of it.
    """
    licence = store.find_licence(identifier)
    if licence is not None and licence.holder_id == actor.party_id:
        return licence
    if licence is not None and licence.issuer_id == actor.party_id:
        raise NotTheHolder("only its holder can show a licence")
    raise UnknownLicence("there is no such licence among yours")


def is_code(text: str) -> bool:
    """Tell whether a text has the form of a code."""
    return _CODE.fullmatch(text) is not None


def are_digits(text: str) -> bool:
    """Tell whether a text has the form of six digits."""
    return _DIGITS.fullmatch(text) is not None


def hash_code(text: str) -> bytes:
    """Hash a code or its digits, as they are kept.

    A code has 128 bits and cannot be found again. Six digits could be, by trying all; they are
    worth something for a minute, and to a registered verifier alone.
    """
    return sha256(text.encode()).digest()


def _draw(random: Random, keep: Callable[[str], bool]) -> str:
    """Draw six digits until no live code has the same."""
    for _ in range(_DRAWS):
        digits = f"{int.from_bytes(random(8), 'big') % 1_000_000:06}"
        if keep(digits):
            return digits
    raise RuntimeError("no six digits are free: far more codes are alive than this city can show")


def _use(licence: Licence, matter: str | None, actor: Actor) -> Use:
    fields = {
        **name_licence(licence),
        "for_name": actor.party_name,
        "by_name": actor.person_name,
    }
    if matter is not None:
        fields |= name_matter(find_matter(matter))
    return Use("show", licence.holder_id, actor, fields)
