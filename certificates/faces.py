"""The faces of a licence as somebody presents them: opened, before the register is asked.

A face may be an SD-JWT or a PDF that carries one. Whatever is wrong with a file is named as what
it is; the identifier it claims is still told, so that its holder hears of the forgery.
"""

import re
from dataclasses import dataclass

from certificates.checks import NOT_APPLICABLE, PASSED
from certificates.errors import FormatRejected, IdentifierMalformed
from certificates.formats import sd_jwt
from certificates.formats.credential import Reading
from certificates.identifiers import check_identifier
from certificates.papers import reading as paper_reading
from certificates.papers.reading import Paper, PaperRejected

_SIGNATURE = frozenset({"unsigned", "altered", "appended", "re-signed", "attachment", "broken"})
_CLAIMED = re.compile(rb"<pdf:Keywords>(1\.2\.156\.3005\.2\.[0-9A-Z.]{49,80}), sha256:")


@dataclass(frozen=True)
class Faces:
    """What was presented.

    Attributes:
        form: outcome of the check of form.
        flaw: why the signature of a file cannot be good, as the check of signature says it.
        reading: the credential in it; None if there is none that can be read.
        paper: the PDF taken apart, if there was one.
        identifier: what it claims to be.
    """

    form: str
    flaw: str = PASSED
    reading: Reading | None = None
    paper: Paper | None = None
    identifier: str = ""


def open_sd_jwt(text: str) -> Faces:
    """Open an SD-JWT."""
    reading = read_credential(text.strip())
    if reading is None:
        return Faces("credential")
    return Faces(PASSED, reading=reading, identifier=reading.credential.identifier)


def open_pdf(data: bytes) -> Faces:
    """Open a PDF: its signature and the SD-JWT that it carries."""
    try:
        paper = paper_reading.read(data)
    except PaperRejected as rejected:
        return _rejected(rejected.reason, data)
    reading = read_credential(paper.update.sd_jwt)
    if reading is None:
        return _rejected("foreign", data)
    return Faces(PASSED, reading=reading, paper=paper, identifier=reading.credential.identifier)


def _rejected(reason: str, data: bytes) -> Faces:
    claimed = _claimed(data)
    if reason in _SIGNATURE:
        return Faces(PASSED, flaw=reason, identifier=claimed)
    return Faces(reason, flaw=NOT_APPLICABLE, identifier=claimed)


def _claimed(data: bytes) -> str:
    """The identifier that a broken file claims; "" if it claims none that could be one."""
    found = _CLAIMED.search(data)
    try:
        text = found.group(1).decode() if found else ""
        check_identifier(text)
    except IdentifierMalformed:
        return ""
    return text


def read_credential(text: str) -> Reading | None:
    """Read an SD-JWT; None if it cannot be."""
    try:
        return sd_jwt.read(text)
    except FormatRejected:
        return None
