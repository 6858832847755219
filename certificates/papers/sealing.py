"""Signing a PDF (PAdES B-B, B-T; ETSI EN 319 142-1 §6) by an update appended (ISO 32000 §7.5.6).

The update attaches the SD-JWT as it is, uncompressed, and adds the signature. It is written in one
way alone: `reading` writes it again around what it found, and refuses a file that differs.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from certificates.errors import FormatRejected
from certificates.formats.credential import Signing
from certificates.papers import cms

ATTACHMENT = "licence.sd-jwt"
MEDIA_TYPE = "application/pdf"
ROOM = 16_384  # hexadecimal digits kept free for the signature
_END = re.compile(
    rb"trailer\n<</Size (\d{1,6})/Root (\d{1,6}) 0 R/Info (\d{1,6}) 0 R"
    rb"/ID(\[[^\]]{1,200}\])>>\nstartxref\n(\d{1,9})\n%%EOF$"
)
_PAGE = re.compile(rb"\n(\d{1,6}) 0 obj\n<</Type/Page/(?!s)([^\n]{1,2000})>>\nendobj\n")


@dataclass(frozen=True)
class Update:
    """What the update says besides the signature.

    Attributes:
        signed_at: Unix seconds.
        department: who signs.
    """

    sd_jwt: str
    signed_at: int
    department: str


@dataclass(frozen=True)
class Prepared:
    """A PDF with room for its signature between `before` and `after`."""

    before: bytes
    after: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of all but the signature and its angle brackets."""
        return sha256(self.before + self.after).digest()

    def filled(self, signature: bytes) -> bytes:
        """The whole file.

        Raises:
            ValueError: the signature is longer than its room.
        """
        if len(signature) * 2 > ROOM:
            raise ValueError("the signature does not fit into its room")
        return self.before + b"<" + signature.hex().encode().ljust(ROOM, b"0") + b">" + self.after


def seal(pdf: bytes, update: Update, signer: Signing, stamp: cms.Stamp | None = None) -> bytes:
    """Attach the SD-JWT and sign the whole; with a time-stamp it is PAdES B-T."""
    prepared = prepare(pdf, update)
    return prepared.filled(cms.sign(prepared.digest, signer, stamp))


def prepare(pdf: bytes, update: Update) -> Prepared:
    """Write the update, with room for the signature.

    Raises:
        FormatRejected: the PDF is not as our renderer writes it.
    """
    pdf = pdf.rstrip(b"\n")
    end = _END.search(pdf)
    pages = _PAGE.findall(pdf)
    if end is None or not pages:
        raise FormatRejected("not a PDF of our renderer")
    size, root, info, ids, before = end.groups()
    number = int(size)
    objects = {
        int(root): _catalog(pdf, int(root), number),
        int(pages[0][0]): _with_field(pages[0][1], number + 3),
        number: _file(update),
        number + 1: _specification(update, number),
        number + 2: _signature(update),
        number + 3: _field(number + 2, int(pages[0][0])),
    }
    trailer = b"<</Size %d/Root %s 0 R/Info %s 0 R/ID%s/Prev %s>>" % (
        number + 4,
        root,
        info,
        ids,
        before,
    )
    return _laid_out(pdf + b"\n", objects, trailer)


def _laid_out(pdf: bytes, objects: dict[int, bytes], trailer: bytes) -> Prepared:
    body, places = bytearray(pdf), {}
    for number, content in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n" + b"".join(
        b"%d 1\n%010d 00000 n \n" % (number, places[number]) for number in sorted(places)
    )
    body += b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
    return _ranged(bytes(body))


def _ranged(body: bytes) -> Prepared:
    """Cut at the hole, and write where it is in as many characters as were kept free."""
    hole = body.rindex(_HOLE)
    before, after = body[:hole], body[hole + len(_HOLE) :]
    gap = hole + ROOM + 2
    # The two places behind the hole move with it: all were written for a hole of full size.
    ranges = b"[0 %d %d %d]" % (hole, gap, len(after))
    return Prepared(before.replace(_RANGES, ranges.ljust(len(_RANGES))), after)


_RANGES = b"[0 0000000000 0000000000 0000000000]"
_HOLE = b"<" + b"0" * ROOM + b">"


def _catalog(pdf: bytes, root: int, number: int) -> bytes:
    head = b"\n%d 0 obj\n<</Type/Catalog" % root
    start = pdf.rfind(head)
    end = pdf.find(b">>\nendobj\n", start)
    if start < 0 or end < 0:
        raise FormatRejected("the catalogue of the PDF is not where it was expected")
    return b"<</Type/Catalog%s/AF[%d 0 R]/Names<</EmbeddedFiles<</Names[%s %d 0 R]>>>>%s>>" % (
        pdf[start + len(head) : end],
        number + 1,
        _text(ATTACHMENT),
        number + 1,
        b"/AcroForm<</Fields[%d 0 R]/SigFlags 3>>" % (number + 3),
    )


def _with_field(page: bytes, field: int) -> bytes:
    return b"<</Type/Page/%s/Annots[%d 0 R]>>" % (page, field)


def _file(update: Update) -> bytes:
    content = update.sd_jwt.encode("ascii")
    return (
        b"<</Type/EmbeddedFile/Subtype/application#2Fdc+sd-jwt/Length %d"
        b"/Params<</Size %d/ModDate%s>>>>\nstream\n%s\nendstream"
    ) % (len(content), len(content), _date(update.signed_at), content)


def _specification(update: Update, file: int) -> bytes:
    name, digest = _text(ATTACHMENT), sha256(update.sd_jwt.encode()).hexdigest()
    return b"<</Type/Filespec/F%s/UF%s/AFRelationship/Source/Desc%s/EF<</F %d 0 R/UF %d 0 R>>>>" % (
        name,
        name,
        _text(f"SD-JWT, sha256 {digest}"),
        file,
        file,
    )


def _signature(update: Update) -> bytes:
    return (
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M%s/Name%s"
        b"/ByteRange%s/Contents%s>>"
    ) % (_date(update.signed_at), _text(update.department), _RANGES, _HOLE)


def _field(signature: int, page: int) -> bytes:
    # Hidden from print it would break PDF/A: it has no area instead, and the flag of print.
    return (
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(haihe)/Rect[0 0 0 0]/F 132/V %d 0 R/P %d 0 R>>"
    ) % (signature, page)


def _text(value: str) -> bytes:
    """A text in UTF-16, in hexadecimal: nothing in it can end it early."""
    return b"<" + ("\ufeff" + value).encode("utf-16-be").hex().encode() + b">"


def _date(at: int) -> bytes:
    return datetime.fromtimestamp(at, UTC).strftime("(D:%Y%m%d%H%M%SZ)").encode()
