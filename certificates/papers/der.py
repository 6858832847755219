"""DER (X.690), no more of it than a signature of CMS needs, read without any tolerance."""

from collections.abc import Iterator

from certificates.errors import FormatRejected

SEQUENCE, SET, OCTETS, OID, INTEGER, TIME, NULL = 0x30, 0x31, 0x04, 0x06, 0x02, 0x17, 0x05
_SHORT = 0x80


def tlv(tag: int, *parts: bytes) -> bytes:
    """Write one element."""
    content = b"".join(parts)
    if len(content) < _SHORT:
        return bytes((tag, len(content))) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes((tag, _SHORT | size)) + len(content).to_bytes(size, "big") + content


def set_of(*parts: bytes) -> bytes:
    """Write a SET OF: its elements in ascending order (X.690 §11.6)."""
    return tlv(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """Write a natural number."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Write an object identifier."""
    first, second, *rest = map(int, dotted.split("."))
    return tlv(OID, b"".join(map(_base128, (first * 40 + second, *rest))))


def elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Read elements one after the other: tag, content, and the whole.

    Raises:
        FormatRejected: a length is not the shortest, or leads beyond the end.
    """
    while data:
        tag, start, end = _head(data)
        yield tag, data[start:end], data[:end]
        data = data[end:]


def first_length(data: bytes) -> int:
    """How many bytes the first element takes, its head included."""
    return _head(data)[2]


def _head(data: bytes) -> tuple[int, int, int]:
    if len(data) < 2:
        raise FormatRejected("DER ends too early")
    start, length = 2, data[1]
    if length >= _SHORT:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
        shortest = len(tlv(0, bytes(min(length, 0x10000)))) - min(length, 0x10000)
        if start != shortest or length > 0xFFFF:
            raise FormatRejected("a length of DER is not the shortest")
    if start + length > len(data):
        raise FormatRejected("DER ends too early")
    return data[0], start, start + length


def _base128(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | _SHORT)
    return bytes(reversed(out))
