"""Our time-stamp authority: requests answered (RFC 3161 §2.4)."""

from certificates.errors import FormatRejected
from certificates.formats.credential import Signing
from certificates.papers.der import INTEGER, OCTETS, OID, SEQUENCE, elements, integer, oid, tlv
from certificates.stamps.tokens import POLICY, AlgorithmUnknown, Imprint, read_imprint, write

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
LARGEST = 4096  # bytes of a request
BAD_ALGORITHM, BAD_FORMAT, BAD_POLICY = 0, 5, 15  # PKIFailureInfo, RFC 3161 §2.4.2
_BIT_STRING, _BOOLEAN, _TRUE = 0x03, 0x01, b"\xff"
_GRANTED = {b"\x00", b"\x01"}  # granted, and with modifications
_OPTIONAL = (OID, INTEGER, _BOOLEAN)


class _Refused(Exception):
    def __init__(self, failure: int) -> None:
        super().__init__()
        self.failure = failure


def answer(request: bytes, signer: Signing, serial: int, now: int) -> bytes:
    """Answer a request with a token, or with why there is none.

    Args:
        request: TimeStampReq in DER, as it came.
        signer: the authority's key.
        serial: never the same twice.
        now: Unix seconds.
    """
    try:
        imprint, nonce, with_certificate = _read(request)
    except _Refused as refused:
        return tlv(SEQUENCE, tlv(SEQUENCE, integer(2), _failure(refused.failure)))
    token = write(imprint, signer, serial, now, nonce=nonce, with_certificate=with_certificate)
    return tlv(SEQUENCE, tlv(SEQUENCE, integer(0)), token)


def ask(imprint: Imprint) -> bytes:
    """Write a request for a token that brings its certificate along."""
    hashed = tlv(SEQUENCE, imprint.algorithm, tlv(OCTETS, imprint.digest))
    return tlv(SEQUENCE, integer(1), hashed, tlv(_BOOLEAN, _TRUE))


def token_in(reply: bytes) -> bytes:
    """Take the token out of an answer (TimeStampResp).

    Raises:
        FormatRejected: it is none, or says why there is no token.
    """
    try:
        ((_, content, _),) = elements(reply)
        (_, status, _), *tokens = elements(content)
        granted = next(elements(status))[1] in _GRANTED
        if granted and len(tokens) == 1:
            return tokens[0][2]
    except (ValueError, StopIteration) as broken:
        raise FormatRejected("not the answer of a time-stamp authority") from broken
    raise FormatRejected("the time-stamp authority refused")


def _read(request: bytes) -> tuple[Imprint, bytes, bool]:
    """Read a TimeStampReq: imprint, nonce and whether the certificate is wanted."""
    if len(request) > LARGEST:
        raise _Refused(BAD_FORMAT)
    try:
        ((_, content, _),) = elements(request)
        (_, version, _), (_, imprint, _), *others = elements(content)
        found = {tag: (value, whole) for tag, value, whole in others}
        order = [_OPTIONAL.index(tag) for tag, _, _ in others]
        stamped = read_imprint(imprint)
    except AlgorithmUnknown as unknown:
        raise _Refused(BAD_ALGORITHM) from unknown
    except ValueError as broken:
        raise _Refused(BAD_FORMAT) from broken
    except FormatRejected as broken:
        raise _Refused(BAD_FORMAT) from broken
    if version != b"\x01" or order != sorted(set(order)):
        raise _Refused(BAD_FORMAT)
    if OID in found and found[OID][1] != oid(POLICY):
        raise _Refused(BAD_POLICY)
    nonce = found.get(INTEGER, (b"", b""))[1]
    return stamped, nonce, found.get(_BOOLEAN, (b"", b""))[0] == _TRUE


def _failure(bit: int) -> bytes:
    """A BIT STRING with that one bit (X.690 §11.2)."""
    octets = bytes(bit // 8) + bytes((0x80 >> bit % 8,))
    return tlv(_BIT_STRING, bytes((7 - bit % 8,)), octets)
