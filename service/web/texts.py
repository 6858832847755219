"""Texts in two languages: Chinese is written in templates and code, English in `.po` files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from service.web.languages import ENGLISH

Translate = Callable[[str], str]
Catalogue = Mapping[str, str]

METHODS = (("**.py", "python"), ("**.html", "jinja2.ext:babel_extract"))
OPTIONS = {"**.html": {"silent": "false"}}
KEYWORDS = {"_": None}


def load_catalogue(folders: Iterable[Path]) -> Catalogue:
    """Read the English texts of all `.po` files in `folders`, keyed by the Chinese text."""
    texts: dict[str, str] = {}
    for path in (file for folder in folders for file in sorted(folder.glob("*.po"))):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=ENGLISH, abort_invalid=True)
        texts |= {
            message.id: message.string
            for message in catalogue
            if isinstance(message.id, str) and isinstance(message.string, str) and message.string
        }
    return MappingProxyType(texts)


def translator(language: str, english: Catalogue) -> Translate:
    """Return the `_` of one language; a text without translation stays Chinese."""
    if language == ENGLISH:
        return lambda text: english.get(text, text)
    return lambda text: text


def find_untranslated(folders: Iterable[Path], english: Catalogue) -> list[tuple[str, int, str]]:
    """List the texts in `folders` (templates and Python) that have no English.

    Returns:
        File, line and text of each `_("...")` whose text is not in `english`.
    """
    return [
        (file, line, text)
        for file, line, text in _texts_used(folders)
        if text and not english.get(text)
    ]


def _texts_used(folders: Iterable[Path]) -> Iterator[tuple[str, int, str]]:
    for folder in folders:
        found = extract_from_dir(folder, METHODS, OPTIONS, keywords=KEYWORDS)
        for file, line, text, _comments, _context in found:
            yield str(folder / file), line, text if isinstance(text, str) else text[0]
