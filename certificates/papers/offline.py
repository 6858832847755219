"""The offline QR code: who holds what, until when, signed (COSE_Sign1, RFC 9052, by ES256).

It is printed on the paper and stands on the holder's page. It says little, so that it stays small
(QR version 15 at most), and names the licence by identifier and digest like all other faces.
Long names end with an ellipsis: the digest binds the whole.

The text is `HAIHE1:`, Base45, and a full stop (Base45 may end with a space, which is easily lost).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from types import NoneType
from typing import Any

import cbor2
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec

from certificates.catalogue import LicenceType
from certificates.errors import FormatRejected, IdentifierMalformed
from certificates.formats.compact import verify_es256
from certificates.formats.credential import Signing
from certificates.identifiers import OID, check_identifier
from certificates.licences import Licence, faces_digest
from certificates.papers import base45

PREFIX, END = "HAIHE1:", "."
LONGEST = 760  # characters; QR version 15 holds 758 of them at its lowest correction
MOST_MODULES = 17 + 4 * 15  # of a side, in version 15
QUIET = 4  # modules left free around it
LONGEST_NAME, LONGEST_NUMBER, LONGEST_TYPE = 144, 80, 30  # bytes of UTF-8
_ELLIPSIS = "…"
_ES256, _ALGORITHM, _KEY_ID = -7, 1, 4  # RFC 9053 §2.1, RFC 9052 §3.1
_KEY_ID_BYTES = 8
_SIGN1_TAG = 18


@dataclass(frozen=True)
class OfflineCode:
    """What a code says, its signature not yet checked.

    Attributes:
        name: of the holder.
        digest: of the licence, SHA-256, as `licences.faces_digest`.
        key_id: the beginning of the SHA-256 of the department's certificate.
    """

    identifier: str
    type: str
    name: str
    number: str
    valid_from: int
    valid_to: int | None
    digest: bytes
    key_id: bytes
    signed: bytes
    signature: bytes


def write(licence: Licence, kind: LicenceType, signer: Signing) -> str:
    """Write and sign the code of a licence."""
    number = licence.fields.get("number", licence.fields.get("uscc", ""))
    claims = {
        1: licence.identifier.removeprefix(f"{OID}."),
        2: _shortened(kind.zh, LONGEST_TYPE),
        3: _shortened(licence.holder_name, LONGEST_NAME),
        4: _shortened(number, LONGEST_NUMBER),
        5: licence.valid_from,
        6: licence.valid_to,
        7: faces_digest(licence.sd_jwt),
    }
    payload = _dump({key: value for key, value in claims.items() if value is not None})
    protected = _dump({_ALGORITHM: _ES256, _KEY_ID: key_id_of(signer.chain[0])})
    signature = signer.sign(_to_sign(protected, payload))
    message = cbor2.CBORTag(_SIGN1_TAG, [protected, {}, payload, signature])
    return PREFIX + base45.encode(_dump(message)) + END


def read(text: str) -> OfflineCode:
    """Read a code strictly, without checking its signature.

    Raises:
        FormatRejected: anything is missing, unknown, or in another spelling.
    """
    if not (text.startswith(PREFIX) and text.endswith(END)) or len(text) > LONGEST:
        raise FormatRejected("not an offline code")
    match _load(base45.decode(text[len(PREFIX) : -len(END)])):
        case cbor2.CBORTag(
            tag=18, value=[bytes(protected), {**none}, bytes(payload), bytes(signature)]
        ) if not none:
            key_id = _read_protected(protected)
            return _read_claims(payload, key_id, _to_sign(protected, payload), signature)
    raise FormatRejected("not a COSE_Sign1 message")


def verify(code: OfflineCode, key: ec.EllipticCurvePublicKey) -> None:
    """Check the signature (RFC 9052 §4.4).

    Raises:
        SignatureRejected: it is not that of the key.
    """
    verify_es256(code.signed, code.signature, key)


def key_id_of(certificate: bytes) -> bytes:
    """Name a department's certificate in a code."""
    return sha256(certificate).digest()[:_KEY_ID_BYTES]


def draw(text: str) -> str:
    """Draw a QR code as SVG, with as much error correction as version 15 has room for.

    Raises:
        ValueError: it does not fit into version 15.
    """
    rows = next((rows for rows in map(partial(_rows, text), "ML") if len(rows) <= MOST_MODULES), ())
    if not rows:
        raise ValueError("an offline code fits into QR version 15")
    dark = (
        f"M{run.start()} {y}.5h{run.end() - run.start()}"
        for y, row in enumerate(rows)
        for run in re.finditer(rb"\x00+", row)
    )
    side = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-{QUIET} -{QUIET} {side} {side}">'
        f'<rect x="-{QUIET}" y="-{QUIET}" width="{side}" height="{side}" fill="#fff"/>'
        f'<path stroke="#000" d="{"".join(dark)}"/></svg>'
    )


def _rows(text: str, level: str) -> Sequence[bytes]:
    """The modules of a QR code, row by row: 0 is dark. Ten times as fast as segno."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    picture: Any = made.to_image(scale=1, add_quiet_zones=False)  # its buffer is not in its stub
    side, modules = picture.shape[0], bytes(memoryview(picture))
    return [modules[at : at + side] for at in range(0, side * side, side)]


def _read_protected(protected: bytes) -> bytes:
    match _load(protected):
        case {1: -7, 4: bytes(key_id), **more} if not more:
            return _of_length(key_id, _KEY_ID_BYTES)
    raise FormatRejected("the header is not that of ES256 with a key id")


def _read_claims(payload: bytes, key_id: bytes, signed: bytes, signature: bytes) -> OfflineCode:
    match _load(payload):
        case {
            1: str(name),
            2: str(kind),
            3: str(holder),
            4: str(number),
            7: bytes(digest),
            **times,
        }:
            start, end = _read_times(times)
            return OfflineCode(
                _read_identifier(name), kind, holder, number, start, end,
                _of_length(digest, 32), key_id, signed, signature,
            )  # fmt: skip
    raise FormatRejected("a claim of the code is missing or of the wrong type")


def _read_identifier(name: str) -> str:
    identifier = f"{OID}.{name}"
    try:
        check_identifier(identifier)
    except IdentifierMalformed as malformed:
        raise FormatRejected("the identifier in the code is none") from malformed
    return identifier


def _read_times(times: Mapping[object, object]) -> tuple[int, int | None]:
    start, end = times.get(5), times.get(6)
    # A bool is an int, and no time.
    if not times.keys() <= {5, 6} or type(start) is not int or type(end) not in {int, NoneType}:
        raise FormatRejected("the times of the code are none, or a claim is unknown")
    return start, end if isinstance(end, int) else None


def _of_length(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise FormatRejected(f"{length} bytes were expected")
    return data


def _to_sign(protected: bytes, payload: bytes) -> bytes:
    return _dump(["Signature1", protected, b"", payload])


def _dump(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)


def _load(data: bytes) -> object:
    """Read CBOR in its one canonical spelling (RFC 8949 §4.2)."""
    try:
        value = cbor2.loads(data)
        again = _dump(value)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, OverflowError) as broken:
        raise FormatRejected("not CBOR") from broken
    if again != data:
        raise FormatRejected("CBOR in another spelling")
    return value


def _shortened(text: str, most: int) -> str:
    """Cut a text to at most that many bytes, never within a character."""
    data = text.encode()
    if len(data) <= most:
        return text
    return data[: most - len(_ELLIPSIS.encode())].decode(errors="ignore") + _ELLIPSIS
