"""Passwords that somebody would try first: made of nothing but names, walks over keys and digits.

No list of leaked passwords may be copied here; an operator can point to one. These rules catch
what no list holds: this very service and a person's own account (NIST SP 800-63B §3.1.1.2).
"""

import re
import unicodedata

FEWEST_KINDS = 5  # different characters
LETTERS_LEFT = 4  # once all that is guessed first is taken out
WALK = 4  # characters that follow each other on a row of keys or in the alphabet
SERVICE = ("haihe", "海河", "hai he", "tianjin", "天津")
WORDS = (
    *("password", "passwort", "passwd", "passcode", "pass", "secret", "login", "logon", "signin"),
    *("admin", "administrator", "root", "user", "guest", "test", "welcome", "hello", "changeme"),
    *("letmein", "iloveyou", "monkey", "dragon", "master", "sunshine", "princess", "football"),
    *("baseball", "superman", "shadow", "summer", "winter", "spring", "autumn", "computer"),
    *("woaini", "mima", "nihao", "zhongguo", "china", "beijing", "shanghai", "aini", "laopo"),
    *("密码", "口令", "你好", "我爱你", "中国", "北京", "上海"),
)
_ROWS = (
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"),
    *("qazwsxedcrfvtgbyhnujmikolp", "abcdefghijklmnopqrstuvwxyz", "01234567890"),
)
ROWS = (*_ROWS, *(row[::-1] for row in _ROWS))
_LEET = str.maketrans("013457@$!", "oieastasi")


def is_guessable(password: str, account: str) -> bool:
    """Tell whether a password is one of those that would be tried first."""
    text = unicodedata.normalize("NFKC", password).casefold()
    if len(set(text)) < FEWEST_KINDS or text in (text + text)[1:-1]:
        return True
    names = _names(account)
    return any(_letters_left(each, names) < LETTERS_LEFT for each in (text, text.translate(_LEET)))


def _names(account: str) -> tuple[str, ...]:
    """Return what is taken out, the longest first; very short names would take out anything."""
    own = unicodedata.normalize("NFKC", account).casefold()
    parts = [own, *re.split(r"[\W_0-9]+", own)]
    known = {*WORDS, *SERVICE, *(part for part in parts if len(part) > 2)}
    return tuple(sorted(known, key=len, reverse=True))


def _letters_left(text: str, names: tuple[str, ...]) -> int:
    for name in names:
        text = text.replace(name, " ")
    kept = "".join(each if each.isalnum() else " " for each in _without_walks(text))
    words = [word for word in kept.split() if not word.isdigit()]
    return len({each for word in words for each in word if not each.isdigit()})


def _without_walks(text: str) -> str:
    """Take out runs over rows of keys, in either direction."""
    place, kept = 0, []
    while place < len(text):
        length = _walk_at(text, place)
        kept.append(" " if length >= WALK else text[place])
        place += length if length >= WALK else 1
    return "".join(kept)


def _walk_at(text: str, place: int) -> int:
    length = 1
    while place + length < len(text):
        piece = text[place : place + length + 1]
        if not any(piece in row for row in ROWS):
            break
        length += 1
    return length
