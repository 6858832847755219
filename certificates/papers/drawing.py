"""Drawing a licence as PDF/A-3b. No name loses a character: what no font can show is refused."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Lock

import segno
import typst

from certificates.catalogue import LicenceType
from certificates.errors import GlyphMissing, PaperUnavailable
from certificates.licences import Licence, faces_digest

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
_CHINA = timezone(timedelta(hours=8))
_NOTE = "本文件带有签发部门的电子签名，打印件供参阅，以电子文件核验结果为准"


@dataclass
class Drawer:
    """Draws licences with one compiler, made once.

    Attributes:
        families: of `FAMILIES`, those that are installed.
    """

    compiler: typst.Compiler
    families: Sequence[str]
    lock: Lock

    def __call__(self, licence: Licence, kind: LicenceType) -> bytes:
        """Draw a licence; the same licence gives the same bytes.

        Raises:
            GlyphMissing: no font has a character of it.
            PaperUnavailable: no Chinese font is installed.
        """
        if not self.families:
            raise PaperUnavailable("no Chinese font is installed, see the installation guide")
        said = json.dumps(_said(licence, kind, self.families), ensure_ascii=False)
        try:
            with self.lock:
                pdf = self.compiler.compile(
                    format="pdf",
                    pdf_standards="a-3b",
                    sys_inputs={"licence": said},
                    timestamp=licence.issued_at,
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
    return Drawer(typst.Compiler(_TEMPLATE, font_paths=fonts), chosen, Lock())


def _refusal(error: typst.TypstError) -> Exception:
    missing = _MISSING.search(error.message)
    return GlyphMissing(missing.group(1)) if missing else error


def _said(licence: Licence, kind: LicenceType, fonts: Sequence[str]) -> dict[str, object]:
    fields = [field for field in kind.fields if field.name in licence.fields]
    return {
        "fonts": fonts,
        "title": kind.zh,
        "identifier": licence.identifier,
        "digest": f"sha256:{faces_digest(licence.sd_jwt).hex()}",
        "issuer": licence.issuer_name,
        "issued_on": _day(licence.issued_at),
        "lines": [
            ("持证主体", licence.holder_name),
            *((field.zh, licence.fields[field.name]) for field in fields),
            ("有效期", _period(licence)),
        ],
        "qr": _qr(licence.identifier),
        "note": _NOTE,
    }


def _period(licence: Licence) -> str:
    end = "长期" if licence.valid_to is None else _day(licence.valid_to - 1)
    return f"{_day(licence.valid_from)} 至 {end}"


def _day(at: int) -> str:
    day = datetime.fromtimestamp(at, _CHINA)
    return f"{day.year}年{day.month}月{day.day}日"


def _qr(text: str) -> str:
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=2, scale=4)
    return drawn.getvalue().decode()
