"""Taking a signed PDF apart: the one signature has to cover all, and all has to be ours.

The update that was appended at signing is written again around what was found in it. A file that
differs in one byte from that is refused: what a viewer shows beside the signed content (a second
update, a shadow object, another attachment) has no place to stand.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from certificates.errors import FormatRejected
from certificates.formats.compact import verify_es256
from certificates.papers import cms
from certificates.papers.der import first_length
from certificates.papers.sealing import ROOM, Prepared, Update, prepare

LARGEST = 2 * 1024 * 1024
_RANGE = re.compile(rb"/ByteRange\[0 (\d{1,10}) (\d{1,10}) (\d{1,10})\] *")
_MADE = re.compile(rb"/SubFilter/ETSI.CAdES.detached/M\(D:(\d{14})Z\)/Name<feff([0-9a-f]{0,800})>")
_FILE = re.compile(rb"/Subtype/application#2Fdc\+sd-jwt/Length (\d{1,6})/[^\n]{1,200}>>\nstream\n")
_PRINTED = re.compile(rb"<pdf:Keywords>([0-9A-Z.]{1,128}), sha256:([0-9a-f]{64})</pdf:Keywords>")
_SIGNED = b"%%EOF\n"
_SIGNATURE = b"/SubFilter/ETSI.CAdES.detached"


class PaperRejected(FormatRejected):
    """The file is not a licence on paper, or was changed.

    Attributes:
        reason: `no-pdf`, `large`, `truncated`, `unsigned`, `appended` (something, after signing),
            `re-signed` (by somebody, after signing), `attachment` (another in its place),
            `altered`, `broken` (the signature itself), or `foreign` (signed, but not as we do).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the PDF is {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Paper:
    """A PDF taken apart, its signature not yet checked.

    Attributes:
        printed: identifier and digest as they are printed in it.
    """

    update: Update
    seal: cms.Seal
    printed: tuple[str, str]


def read(data: bytes) -> Paper:
    """Take a PDF apart without checking its signature.

    Raises:
        PaperRejected: its `reason` says why.
    """
    if not data.startswith(b"%PDF-"):
        raise PaperRejected("no-pdf")
    if len(data) > LARGEST:
        raise PaperRejected("large")
    prepared, signature = _cut(data)
    try:
        seal = cms.read(signature, prepared.digest)
    except cms.DigestDiffers as differs:
        raise PaperRejected(_name_change(prepared)) from differs
    except FormatRejected as broken:
        raise PaperRejected("broken") from broken
    update = _check_written(prepared)
    return Paper(update, seal, _printed(prepared))


def verify(paper: Paper, key: ec.EllipticCurvePublicKey) -> None:
    """Check the signature.

    Raises:
        SignatureRejected: it is not that of the key.
    """
    verify_es256(paper.seal.signed, paper.seal.signature, key)


def _cut(data: bytes) -> tuple[Prepared, bytes]:
    """Cut the signature out; what remains has to be the whole file."""
    ranges = list(_RANGE.finditer(data))
    if not ranges:
        raise PaperRejected(_name_unsigned(data))
    before, gap, after = map(int, ranges[0].groups())
    if gap + after != len(data):
        raise PaperRejected(_name_length(data, gap + after))
    if len(ranges) > 1 or gap - before != ROOM + 2:
        raise PaperRejected("altered")
    return Prepared(data[:before], data[gap:]), _contents(data[before:gap])


def _name_unsigned(data: bytes) -> str:
    """Name a file in which no signature of ours can be found."""
    if _SIGNATURE in data:
        return "altered"
    return "unsigned" if data.rstrip().endswith(b"%%EOF") else "truncated"


def _name_length(data: bytes, signed: int) -> str:
    """Name a file that is not as long as its signature says."""
    if signed > len(data):
        return "altered" if data.endswith(_SIGNED) else "truncated"
    if not data[:signed].endswith(_SIGNED):
        return "altered"
    return "re-signed" if b"/ByteRange" in data[signed:] else "appended"


def _name_change(prepared: Prepared) -> str:
    """Name a file that is not what was signed: its attachment, or anything else."""
    file = _FILE.search(prepared.before)
    printed = _PRINTED.search(prepared.before)
    if file is None or printed is None:
        return "altered"
    content = prepared.before[file.end() : file.end() + int(file.group(1))]
    same = sha256(content.partition(b"~")[0]).hexdigest() == printed.group(2).decode()
    return "altered" if same else "attachment"


def _contents(hole: bytes) -> bytes:
    """The signature in its hole: lower case, then nothing but zeros."""
    try:
        filled = bytes.fromhex(hole[1:-1].decode("ascii"))
        signature = filled[: first_length(filled)]
    except (ValueError, FormatRejected) as broken:
        raise PaperRejected("broken") from broken
    if Prepared(b"", b"").filled(signature) != hole:
        raise PaperRejected("broken")
    return signature


def _check_written(prepared: Prepared) -> Update:
    """Write the update again, around what it says."""
    end = prepared.before.find(_SIGNED) + len(_SIGNED)
    update = _find_update(prepared.before[end:])
    try:
        again = prepare(prepared.before[:end], update)
    except (FormatRejected, UnicodeEncodeError) as foreign:
        raise PaperRejected("foreign") from foreign
    if again != prepared:
        raise PaperRejected("foreign")
    return update


def _printed(prepared: Prepared) -> tuple[str, str]:
    printed = _PRINTED.search(prepared.before)
    if printed is None:
        raise PaperRejected("foreign")
    return printed.group(1).decode(), printed.group(2).decode()


def _find_update(data: bytes) -> Update:
    made, file = _MADE.search(data), _FILE.search(data)
    if made is None or file is None:
        raise PaperRejected("foreign")
    content = data[file.end() : file.end() + int(file.group(1))]
    try:
        at = datetime.strptime(made.group(1).decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        name = bytes.fromhex(made.group(2).decode()).decode("utf-16-be")
        return Update(content.decode("ascii"), int(at.timestamp()), name)
    except ValueError as broken:
        raise PaperRejected("foreign") from broken
