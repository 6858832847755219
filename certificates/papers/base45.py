"""Base45 (RFC 9285): bytes in the characters that a QR code packs most tightly."""

from certificates.errors import FormatRejected

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Encode two bytes as three characters, a last single one as two (RFC 9285 §4.1)."""
    out = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            out.append(ALPHABET[digit])
    return "".join(out)


def decode(text: str) -> bytes:
    """Decode; one byte string has exactly one accepted spelling.

    Raises:
        FormatRejected: a foreign character, or a group that no bytes give.
    """
    out = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        try:
            value = sum(_VALUES[each] * 45**place for place, each in enumerate(group))
            out += value.to_bytes(len(group) - 1, "big")
        except (KeyError, OverflowError) as wrong:
            raise FormatRejected("not base45") from wrong
    if len(text) % 3 == 1:
        raise FormatRejected("base45 ends too early")
    return bytes(out)
