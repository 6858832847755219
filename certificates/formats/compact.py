"""JWS compact serialization (RFC 7515), ES256 alone, read without any tolerance."""

import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Broken
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from certificates.errors import FormatRejected, SignatureRejected


def encode(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Decode base64url; one byte string has exactly one accepted spelling.

    Raises:
        FormatRejected: padding, foreign characters, or bits left over.
    """
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Broken, ValueError) as broken:
        raise FormatRejected("not base64url") from broken
    if encode(data) != text:
        raise FormatRejected("base64url in another spelling")
    return data


def dump(value: object) -> bytes:
    """Write JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def load(data: bytes) -> object:
    """Read JSON in UTF-8.

    Raises:
        FormatRejected: it is broken, too deep, or an object has a name twice.
    """
    try:
        value: object = json.loads(
            data.decode(), object_pairs_hook=_no_twins, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as broken:
        raise FormatRejected("not JSON") from broken
    return value


def load_object(data: bytes) -> dict[str, object]:
    """Read a JSON object, as `load` does."""
    value = load(data)
    if not isinstance(value, dict):
        raise FormatRejected("not a JSON object")
    return value


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name twice")
    return value


def _no_constant(name: str) -> object:
    raise ValueError(name)


def signing_input(header: Mapping[str, object], payload: Mapping[str, object]) -> str:
    """Make the text to sign (RFC 7515 §5.1)."""
    return f"{encode(dump(header))}.{encode(dump(payload))}"


def certificates_header(chain: Sequence[bytes]) -> list[str]:
    """Write certificates for `x5c` (RFC 7515 §4.1.6): base64 with padding, unlike all else."""
    return [b64encode(each).decode() for each in chain]


def read_certificates(value: object) -> tuple[bytes, ...]:
    """Read `x5c`.

    Raises:
        FormatRejected: not a list of exact base64.
    """
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise FormatRejected("x5c is not a list of texts")
    try:
        chain = tuple(b64decode(each, validate=True) for each in value)
    except (Base64Broken, ValueError) as broken:
        raise FormatRejected("x5c is not base64") from broken
    if certificates_header(chain) != value:
        raise FormatRejected("x5c in another spelling")
    return chain


def sign_es256(message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Sign by ES256 (RFC 7518 §3.4): r and s, 32 bytes each."""
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify_es256(signed: bytes, signature: bytes, key: ec.EllipticCurvePublicKey) -> None:
    """Check an ES256 signature (RFC 7518 §3.4).

    Raises:
        SignatureRejected: it is not that of the key.
    """
    if len(signature) != 64:
        raise SignatureRejected("an ES256 signature has 64 bytes")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature as invalid:
        raise SignatureRejected("the signature is not that of the key") from invalid
