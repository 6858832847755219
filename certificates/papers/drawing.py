"""Drawing a licence as PDF/A-3b. No name loses a character: what no font can show is refused."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Lock

import typst

from certificates.catalogue import LicenceType
from certificates.errors import GlyphMissing, PaperUnavailable
from certificates.licences import Licence, faces_digest
from certificates.papers.offline import draw as draw_code

FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
# In this order, each where the one before lacks the character.
FAMILIES = (
    "Noto Serif CJK SC",
    "Noto Sans CJK SC",
    "WenQuanYi Micro Hei",
    "Hanazono Mincho A",
    "Hanazono Mincho B",
    "HanaMinA",
    "HanaMinB",
)
_TEMPLATE = Path(__file__).with_name("licence.typ")
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
# What is filed rather than hung on the wall or carried.
_MANNERS = {"credit-report": "document", "credit-repair-decision": "document"}
_CHINA = timezone(timedelta(hours=8))
_NOTE = "本文件带有签发部门的电子签名，打印件供参阅，以电子文件核验结果为准"


@dataclass
class Drawer:
    """Draws licences with one compiler, made once.

    Attributes:
        families: of `FAMILIES`, those that are installed.
        shown: characters that were drawn before, so that the fonts have them.
    """

    compiler: typst.Compiler
    families: Sequence[str]
    lock: Lock
    shown: set[str]

    def __call__(self, licence: Licence, kind: LicenceType, code: str) -> bytes:
        """Draw a licence with its offline code; the same gives the same bytes.

        Raises:
            GlyphMissing: no font has a character of it.
            PaperUnavailable: no Chinese font is installed.
        """
        if not self.families:
            raise PaperUnavailable("no Chinese font is installed, see the installation guide")
        return self._draw(_said(licence, kind, code, self.families), licence.issued_at)

    def check(self, text: str) -> None:
        """Check that every character of a text can be drawn; what was drawn before costs nothing.

        Where no licence can be drawn at all, nothing is refused: paper is one face of several.

        Raises:
            GlyphMissing: no font has the first character that it names.
        """
        new = sorted(set(text) - self.shown)
        if not new or not self.families:
            return
        try:
            self._draw(_sample(new, self.families), 0)
        except GlyphMissing as missing:
            raise GlyphMissing(missing.characters[:1]) from missing
        self.shown.update(new)

    def _draw(self, said: dict[str, object], at: int) -> bytes:
        try:
            with self.lock:
                pdf = self.compiler.compile(
                    format="pdf",
                    pdf_standards="a-3b",
                    sys_inputs={"licence": json.dumps(said, ensure_ascii=False)},
                    timestamp=at,
                )
        except typst.TypstError as error:
            raise _refusal(error) from error
        if not isinstance(pdf, bytes):
            raise TypeError("a licence is one file")
        return pdf


def open_drawer(folders: Sequence[Path] = FONTS, families: Sequence[str] = FAMILIES) -> Drawer:
    """Find the fonts and make the compiler; takes some milliseconds."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[each for each in folders if each.is_dir()],
    )
    installed = set(fonts.families())
    chosen = [each for each in families if each in installed]
    return Drawer(typst.Compiler(_TEMPLATE, font_paths=fonts), chosen, Lock(), set())


def _refusal(error: typst.TypstError) -> Exception:
    missing = _MISSING.search(error.message)
    return GlyphMissing(missing.group(1)) if missing else error


def _said(
    licence: Licence, kind: LicenceType, code: str, fonts: Sequence[str]
) -> dict[str, object]:
    fields = [
        (field.zh, licence.fields[field.name])
        for field in kind.fields
        if field.name in licence.fields
    ]
    holder = [] if licence.fields.get("name") == licence.holder_name else [_holder(licence)]
    return {
        "fonts": fonts,
        "title": kind.zh,
        "identifier": licence.identifier,
        "digest": f"sha256:{faces_digest(licence.sd_jwt).hex()}",
        "issuer": licence.issuer_name,
        "issued_on": _day(licence.issued_at),
        "lines": [
            *holder,
            *((label, _as_read(value)) for label, value in fields),
            ("有效期", _period(licence)),
        ],
        "manner": _MANNERS.get(kind.slug, "certificate"),
        "qr": draw_code(code),
        "note": _NOTE,
    }


def _sample(characters: Sequence[str], fonts: Sequence[str]) -> dict[str, object]:
    """A sheet on which each character stands by itself."""
    names = ("title", "identifier", "digest", "issuer", "issued_on", "note")
    lines = [("", character) for character in characters]
    blank = {"qr": draw_code("-"), "manner": "document", "fonts": fonts}
    return dict.fromkeys(names, "-") | blank | {"lines": lines}


def _holder(licence: Licence) -> tuple[str, str]:
    return ("持证主体", licence.holder_name)


def _as_read(value: str) -> str:
    """Write a date as people read it."""
    match = _DATE.fullmatch(value)
    return f"{match[1]}年{int(match[2])}月{int(match[3])}日" if match else value


def _period(licence: Licence) -> str:
    end = "长期" if licence.valid_to is None else _day(licence.valid_to - 1)
    return f"{_day(licence.valid_from)} 至 {end}"


def _day(at: int) -> str:
    day = datetime.fromtimestamp(at, _CHINA)
    return f"{day.year}年{day.month}月{day.day}日"
