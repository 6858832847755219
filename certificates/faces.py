"""The faces of a licence as somebody presents them: opened, before the register is asked.

A face is an SD-JWT, a PDF that carries one, an offline code, or no more than an identifier.
Whatever is wrong with a file is named as what it is; the identifier it claims is still told, so
that its holder hears of the forgery.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from certificates.checks import NOT_APPLICABLE, PASSED
from certificates.errors import FormatRejected, IdentifierMalformed
from certificates.formats import sd_jwt
from certificates.formats.credential import Reading
from certificates.identifiers import check_identifier
from certificates.licences import faces_digest
from certificates.papers import offline
from certificates.papers import reading as paper_reading
from certificates.papers.offline import OfflineCode
from certificates.papers.reading import Paper, PaperRejected

_SIGNATURE = frozenset({"unsigned", "altered", "appended", "re-signed", "attachment", "broken"})
_CLAIMED = re.compile(rb"<pdf:Keywords>(1\.2\.156\.3005\.2\.[0-9A-Z.]{49,80}), sha256:")


@dataclass(frozen=True)
class Face:
    """One face as it was presented.

    Attributes:
        form: outcome of the check of form.
        flaw: why the signature of a file cannot be good, as the check of signature says it.
        reading: the credential in it; None if there is none that can be read.
        paper: the PDF taken apart, if it is one.
        code: the offline code, if it is one.
        identifier: what it claims to be.
        digest: what it claims to be a face of; None for an identifier alone.
    """

    form: str
    flaw: str = PASSED
    reading: Reading | None = None
    paper: Paper | None = None
    code: OfflineCode | None = None
    identifier: str = ""
    digest: bytes | None = None


@dataclass(frozen=True)
class Faces:
    """All faces presented together."""

    each: tuple[Face, ...]

    @property
    def form(self) -> str:
        """The first outcome of the check of form that is not good."""
        return _worst(face.form for face in self.each)

    @property
    def flaw(self) -> str:
        """The first flaw."""
        return _worst(face.flaw for face in self.each)

    @property
    def reading(self) -> Reading | None:
        """The first credential among them."""
        return next((face.reading for face in self.each if face.reading), None)

    @property
    def identifier(self) -> str:
        """What the first of them claims to be that claims anything."""
        return next((face.identifier for face in self.each if face.identifier), "")

    @property
    def agree(self) -> bool:
        """Whether all name the same licence, by identifier and digest."""
        identifiers = {face.identifier for face in self.each}
        digests = {face.digest for face in self.each if face.digest}
        return len(identifiers) == 1 and len(digests) <= 1

    @property
    def fields(self) -> Mapping[str, str]:
        """What they say of the licence's fields: all in a credential, a number in a code."""
        if self.reading:
            return self.reading.credential.fields
        number = next((face.code.number for face in self.each if face.code), "")
        return {"number": number} if number else {}


def _worst(outcomes: Iterable[str]) -> str:
    return next((each for each in outcomes if each != PASSED), PASSED)


def open_sd_jwt(text: str) -> Face:
    """Open an SD-JWT."""
    reading = read_credential(text.strip())
    return Face("credential") if reading is None else _with(reading)


def open_pdf(data: bytes) -> Face:
    """Open a PDF: its signature and the SD-JWT that it carries."""
    try:
        paper = paper_reading.read(data)
    except PaperRejected as rejected:
        return _rejected(rejected.reason, data)
    reading = read_credential(paper.update.sd_jwt)
    return _rejected("foreign", data) if reading is None else replace(_with(reading), paper=paper)


def open_qr(text: str) -> Face:
    """Open an offline code."""
    try:
        code = offline.read(text.strip())
    except FormatRejected:
        return Face("qr")
    return Face(PASSED, code=code, identifier=code.identifier, digest=code.digest)


def open_identifier(text: str) -> Face:
    """Open an identifier typed in: it proves nothing, but names a licence."""
    identifier = text.strip().upper()
    try:
        check_identifier(identifier)
    except IdentifierMalformed:
        return Face("identifier")
    return Face(PASSED, identifier=identifier)


def _with(reading: Reading) -> Face:
    digest = faces_digest(reading.core)
    identifier = reading.credential.identifier
    return Face(PASSED, reading=reading, identifier=identifier, digest=digest)


def _rejected(reason: str, data: bytes) -> Face:
    claimed = _claimed(data)
    if reason in _SIGNATURE:
        return Face(PASSED, flaw=reason, identifier=claimed)
    return Face(reason, flaw=NOT_APPLICABLE, identifier=claimed)


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
