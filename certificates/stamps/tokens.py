"""Time-stamp tokens (RFC 3161 §2.4.2): written by ours, read from anybody's.

A token is a CMS signature (RFC 5652) over a TSTInfo. Other authorities use what algorithms and
attributes they like; ours is written in one way, and read back it has to be that, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates.chains import BROKEN
from certificates.errors import FormatRejected, SignatureRejected
from certificates.formats.credential import Signing
from certificates.papers.der import OCTETS, SEQUENCE, elements, integer, oid, set_of, tlv

POLICY = "2.25.274163185037210158946215049163310927764"  # of ours; a UUID (X.667), so unique
LARGEST = 16_384
MOST_CERTIFICATES, LONGEST = 6, 4  # in a token, and of a chain
GENERALIZED_TIME = 0x18
_SIGNED_DATA, _TST_INFO = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE, _DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
SHA256_ALGORITHM = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))
_ES256 = tlv(SEQUENCE, oid("1.2.840.10045.4.3.2"))
_HASHES: Mapping[bytes, type[HashAlgorithm]] = {
    oid("2.16.840.1.101.3.4.2.1"): SHA256,
    oid("2.16.840.1.101.3.4.2.2"): SHA384,
    oid("2.16.840.1.101.3.4.2.3"): SHA512,
}
_EXPLICIT = 0xA0
_UNUSABLE = (*BROKEN, x509.ExtensionNotFound)


class AlgorithmUnknown(FormatRejected):
    """The imprint was made by a hash that is not accepted."""


@dataclass(frozen=True)
class Imprint:
    """What is stamped: a hash, and by which algorithm (its AlgorithmIdentifier in DER)."""

    algorithm: bytes
    digest: bytes


def imprint_of(data: bytes) -> Imprint:
    """The imprint of some bytes, by SHA-256."""
    return Imprint(SHA256_ALGORITHM, sha256(data).digest())


@dataclass(frozen=True)
class Token:
    """A token taken apart, its signature not yet checked.

    Attributes:
        at: Unix seconds.
        certificates: those that came with it, DER.
        info: the TSTInfo that was signed.
        attributes: as they were signed.
        hash: by which they were.
    """

    imprint: Imprint
    at: int
    certificates: tuple[bytes, ...]
    info: bytes
    attributes: bytes
    hash: HashAlgorithm
    signature: bytes


@dataclass(frozen=True)
class Stamp:
    """What a token proves: that something was there at that time, and who says so."""

    at: int
    authority: str


def write(
    imprint: Imprint,
    signer: Signing,
    serial: int,
    at: int,
    *,
    nonce: bytes = b"",
    with_certificate: bool = True,
) -> bytes:
    """Write a token of ours.

    Args:
        imprint: what is stamped.
        signer: the authority's key.
        serial: never the same twice.
        at: Unix seconds.
        nonce: as it came, an INTEGER in DER; empty if none came.
        with_certificate: left out only if whoever asks does not want it.
    """
    when = datetime.fromtimestamp(at, UTC).strftime("%Y%m%d%H%M%SZ").encode()
    info = tlv(
        SEQUENCE,
        integer(1),
        oid(POLICY),
        tlv(SEQUENCE, imprint.algorithm, tlv(OCTETS, imprint.digest)),
        integer(serial),
        tlv(GENERALIZED_TIME, when),
        nonce,
    )
    attributes = _attributes(info, signer.chain[0])
    signature = signer.sign(attributes)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    der = encode_dss_signature(r, s)
    return _written(info, signer.chain[0], attributes, der, with_certificate=with_certificate)


def read(data: bytes) -> Token:
    """Take a token apart without checking its signature.

    Raises:
        FormatRejected: it is none.
    """
    if len(data) > LARGEST:
        raise FormatRejected("a time-stamp of this size is none")
    try:
        ((_, outer, _),) = elements(data)
        (_, _, kind), (_, explicit, _) = elements(outer)
        ((_, signed_data, _),) = elements(explicit)
        _, _, (_, content, _), *certificates, (_, infos, _) = elements(signed_data)
        (_, _, content_kind), (_, wrapped, _) = elements(content)
        ((_, info, _),) = elements(wrapped)
        ((_, signer, _),) = elements(infos)
        _, _, (_, digest, _), (_, _, attributes), _, (_, signature, _), *_ = elements(signer)
        hashed = _HASHES[next(elements(digest))[2]]
        imprint, at = _read_info(info)
    except (ValueError, KeyError, StopIteration) as broken:
        raise FormatRejected("not a time-stamp token") from broken
    if (kind, content_kind) != (_SIGNED_DATA, _TST_INFO):
        raise FormatRejected("not a time-stamp token")
    found = [
        whole for tag, sets, _ in certificates if tag == _EXPLICIT for _, _, whole in elements(sets)
    ]
    signed = b"\x31" + attributes[1:]
    _check_attributes(signed, info, hashed())
    return Token(imprint, at, tuple(found), info, signed, hashed(), signature)


def verify(data: bytes, imprint: Imprint, roots: Sequence[bytes]) -> Stamp | None:
    """Check a token over an imprint; None if its authority is under none of the roots.

    A token of ours, under the first root, has to be exactly what we write.

    Raises:
        FormatRejected: it is none, or over something else.
        SignatureRejected: the signature is that of none of its certificates.
    """
    token = read(data)
    if token.imprint != imprint:
        raise FormatRejected("the time-stamp is over something else")
    signer = _find_signer(token)
    root = next((each for each in roots if _leads_to(signer, token, each)), None)
    if root is None:
        return None
    der = signer.public_bytes(Encoding.DER)
    # The attributes name the certificate by its hash: its bytes have one spelling as well.
    attributes = _attributes(token.info, der)
    if root == roots[0] and _written(token.info, der, attributes, token.signature) != data:
        raise FormatRejected("a time-stamp of ours in another spelling")
    return Stamp(token.at, signer.subject.rfc4514_string())


def _find_signer(token: Token) -> x509.Certificate:
    for each in token.certificates[:MOST_CERTIFICATES]:
        try:
            certificate = x509.load_der_x509_certificate(each)
            _verify_by(certificate.public_key(), token)
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
            alone = list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
        except _UNUSABLE:
            continue
        if usage.critical and alone:  # RFC 3161 §2.3
            return certificate
    raise SignatureRejected("the signature of the time-stamp is that of none of its certificates")


def _verify_by(key: object, token: Token) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(token.signature, token.attributes, ec.ECDSA(token.hash))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(token.signature, token.attributes, padding.PKCS1v15(), token.hash)
    else:
        raise UnsupportedAlgorithm("neither ECDSA nor RSA")


def _leads_to(signer: x509.Certificate, token: Token, root: bytes) -> bool:
    """Follow issuers up to the root, all of them valid when the token was made (RFC 5280 §6.1)."""
    at = datetime.fromtimestamp(token.at, UTC)
    below = signer
    others = [root, *token.certificates[:MOST_CERTIFICATES]]
    for _ in range(LONGEST):
        if not below.not_valid_before_utc <= at <= below.not_valid_after_utc:
            return False
        above = next((each for each in others if _issued(below, each)), None)
        if above is None or above == root:
            return above is not None
        below = x509.load_der_x509_certificate(above)
    return False


def _issued(below: x509.Certificate, above: bytes) -> bool:
    try:
        issuer = x509.load_der_x509_certificate(above)
        below.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        return constraints.ca
    except _UNUSABLE:
        return False


def _read_info(info: bytes) -> tuple[Imprint, int]:
    """Read what of a TSTInfo matters (RFC 3161 §2.4.2): imprint and time."""
    ((_, content, _),) = elements(info)
    (_, version, _), _, (_, imprint, _), _, (tag, when, _), *_ = elements(content)
    if version != b"\x01" or tag != GENERALIZED_TIME:
        raise FormatRejected("not a TSTInfo of version 1")
    at = datetime.strptime(when[:14].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return read_imprint(imprint), int(at.timestamp())


def read_imprint(content: bytes) -> Imprint:
    """Read a MessageImprint (RFC 3161 §2.4.1).

    Raises:
        FormatRejected: it is none.
        AlgorithmUnknown: the hash is none of SHA-256, SHA-384 and SHA-512.
    """
    try:
        (_, algorithm, _), (tag, digest, _) = elements(content)
        name = next(elements(algorithm))[2]
    except (ValueError, StopIteration) as broken:
        raise FormatRejected("not an imprint") from broken
    if name not in _HASHES:
        raise AlgorithmUnknown("stamped are SHA-256, SHA-384 and SHA-512")
    if tag != OCTETS or len(digest) != _HASHES[name]().digest_size:
        raise FormatRejected("a digest of another length")
    return Imprint(tlv(SEQUENCE, name), digest)


def _check_attributes(signed: bytes, info: bytes, hashed: HashAlgorithm) -> None:
    """The attributes have to name what was signed, and its digest (RFC 5652 §11.1, §11.2)."""
    made = Hash(hashed)
    made.update(info)
    wanted = {
        tlv(SEQUENCE, _CONTENT_TYPE, set_of(_TST_INFO)),
        tlv(SEQUENCE, _DIGEST, set_of(tlv(OCTETS, made.finalize()))),
    }
    ((_, attributes, _),) = elements(signed)
    if not wanted <= {whole for _, _, whole in elements(attributes)}:
        raise FormatRejected("the attributes are those of something else")


def _attributes(info: bytes, leaf: bytes) -> bytes:
    certificate = tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, tlv(OCTETS, sha256(leaf).digest()))))
    return set_of(
        tlv(SEQUENCE, _CONTENT_TYPE, set_of(_TST_INFO)),
        tlv(SEQUENCE, _DIGEST, set_of(tlv(OCTETS, sha256(info).digest()))),
        tlv(SEQUENCE, _CERTIFICATE_V2, set_of(certificate)),
    )


def _written(
    info: bytes, leaf: bytes, attributes: bytes, signature: bytes, *, with_certificate: bool = True
) -> bytes:
    certificate = x509.load_der_x509_certificate(leaf)
    named = tlv(SEQUENCE, certificate.issuer.public_bytes(), integer(certificate.serial_number))
    signer_info = tlv(
        SEQUENCE,
        integer(1),
        named,
        SHA256_ALGORITHM,
        b"\xa0" + attributes[1:],
        _ES256,
        tlv(OCTETS, signature),
    )
    signed_data = tlv(
        SEQUENCE,
        integer(3),
        set_of(SHA256_ALGORITHM),
        tlv(SEQUENCE, _TST_INFO, tlv(_EXPLICIT, tlv(OCTETS, info))),
        tlv(_EXPLICIT, leaf) if with_certificate else b"",
        set_of(signer_info),
    )
    return tlv(SEQUENCE, _SIGNED_DATA, tlv(_EXPLICIT, signed_data))
