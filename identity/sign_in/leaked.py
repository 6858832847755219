"""An operator's list of leaked passwords: a file of words, or of sorted SHA-1 digests.

Lists of digests have hundreds of millions of lines, so they are searched where they lie.
"""

import re
import unicodedata
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

from identity.errors import BadPasswordList

WORDS_BYTES = 64 * 1024 * 1024
PROBES = 1000
_DIGEST = re.compile(rb"[0-9A-Fa-f]{40}(:[0-9]+)?\s*")

IsLeaked = Callable[[str], bool]


def open_list(path: Path) -> IsLeaked:
    """Open a list; return what tells whether a password is in it.

    Raises:
        BadPasswordList: it is empty, too long for words, or its digests are not in order.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        first = file.readline()
    if not first:
        raise BadPasswordList("the list is empty")
    if _DIGEST.fullmatch(first):
        _check_order(path)
        return lambda password: _is_listed(path, _digest(password))
    if path.stat().st_size > WORDS_BYTES:
        raise BadPasswordList("a list of words has at most 64 MiB; longer ones are sorted SHA-1")
    words = _read_words(path)
    return lambda password: _spell(password) in words


def _read_words(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise BadPasswordList("a list of words is UTF-8") from None
    return frozenset(_spell(line) for line in lines if line)


def _spell(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _digest(password: str) -> bytes:
    return sha1(password.encode("utf-8", "replace"), usedforsecurity=False).hexdigest().encode()


def _is_listed(path: Path, wanted: bytes) -> bool:
    """Search by halves: the line at a place is the first that begins after it."""
    low, high = 0, path.stat().st_size
    while low < high:
        middle = (low + high) // 2
        found = _line_at(path, middle)
        if found and found < wanted:
            low = middle + 1
        else:
            high = middle
    return _line_at(path, low) == wanted


def _line_at(path: Path, place: int) -> bytes:
    """Return the digest of the first line that begins at or after a place, empty at the end."""
    with path.open("rb") as file:
        if place:
            file.seek(place - 1)
            file.readline()
        return file.readline()[:40].lower()


def _check_order(path: Path) -> None:
    """Look at lines spread over the file: an unsorted list would find nothing, silently."""
    step = max(1, path.stat().st_size // PROBES)
    seen = [_line_at(path, place) for place in range(0, path.stat().st_size, step)]
    lines = [line for line in seen if line]
    if lines != sorted(lines) or not all(_DIGEST.fullmatch(line) for line in lines):
        raise BadPasswordList("the SHA-1 digests of the list are not in order")
