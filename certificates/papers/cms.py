"""A detached CMS signature (RFC 5652) with the attributes of CAdES, as PAdES B-B and B-T ask.

Read back it has to be, byte for byte, what we would have written around the same certificates,
digest and signature: so there is no second spelling of anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from certificates.errors import FormatRejected
from certificates.formats.credential import Signing
from certificates.papers.der import OCTETS, SEQUENCE, elements, integer, oid, set_of, tlv

_DATA, _SIGNED_DATA = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE, _DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
_SHA256 = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))
_ES256 = tlv(SEQUENCE, oid("1.2.840.10045.4.3.2"))
_TIME_STAMP = oid("1.2.840.113549.1.9.16.2.14")
_EXPLICIT, _UNSIGNED = 0xA0, 0xA1


@dataclass(frozen=True)
class Seal:
    """A CMS signature taken apart.

    Attributes:
        signed: the attributes, as they were signed.
        signature: r and s, 32 bytes each.
        token: time-stamp token over the signature (PAdES B-T); empty: none.
    """

    chain: tuple[bytes, ...]
    signed: bytes
    signature: bytes
    token: bytes

    @property
    def stamped(self) -> bytes:
        """What the time-stamp is over: the signature as it stands in the file."""
        return _in_der(self.signature)


Stamp = Callable[[bytes], bytes]
"""Get a time-stamp token over some bytes."""


def sign(digest: bytes, signer: Signing, stamp: Stamp | None = None) -> bytes:
    """Sign the SHA-256 of a document, and have the signature time-stamped.

    There is no signing-time: PAdES forbids it, the time stands in the PDF (`/M`) and in the stamp.
    """
    signed = _attributes(digest, signer.chain[0])
    signature = signer.sign(signed)
    token = stamp(_in_der(signature)) if stamp else b""
    return _write(tuple(signer.chain), signed, signature, token)


def read(data: bytes, digest: bytes) -> Seal:
    """Read a signature strictly, over a document of that SHA-256, without checking it.

    Raises:
        FormatRejected: it is not what `sign` writes.
        DigestDiffers: it is, over another document.
    """
    chain, attributes, signature, token = _find(data)
    if not chain:
        raise FormatRejected("a CMS signature without certificates")
    signed = b"\x31" + attributes[1:]
    if _write(chain, signed, signature, token) != data:
        raise FormatRejected("a CMS signature in another spelling")
    if signed != _attributes(digest, chain[0]):
        raise DigestDiffers("the signature is over another document")
    return Seal(chain, signed, signature, token)


class DigestDiffers(FormatRejected):
    """The signature is over another document."""


def _attributes(digest: bytes, leaf: bytes) -> bytes:
    # ESSCertIDv2 (RFC 5035 §4): SHA-256 is the default and left out.
    certificate = tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, tlv(OCTETS, sha256(leaf).digest()))))
    return set_of(
        tlv(SEQUENCE, _CONTENT_TYPE, set_of(_DATA)),
        tlv(SEQUENCE, _DIGEST, set_of(tlv(OCTETS, digest))),
        tlv(SEQUENCE, _CERTIFICATE_V2, set_of(certificate)),
    )


def _in_der(signature: bytes) -> bytes:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    return encode_dss_signature(r, s)


def _write(chain: Sequence[bytes], signed: bytes, signature: bytes, token: bytes) -> bytes:
    # An unsigned attribute: it comes after the signature that it is over (ETSI EN 319 122-1 §5.3).
    stamp = tlv(_UNSIGNED, tlv(SEQUENCE, _TIME_STAMP, set_of(token))) if token else b""
    signer_info = tlv(
        SEQUENCE,
        integer(1),
        _issuer_and_serial(chain[0]),
        _SHA256,
        b"\xa0" + signed[1:],  # the same set, tagged implicitly (RFC 5652 §5.4)
        _ES256,
        tlv(OCTETS, _in_der(signature)),
        stamp,
    )
    signed_data = tlv(
        SEQUENCE,
        integer(1),
        set_of(_SHA256),
        tlv(SEQUENCE, _DATA),
        tlv(_EXPLICIT, *chain),
        set_of(signer_info),
    )
    return tlv(SEQUENCE, _SIGNED_DATA, tlv(_EXPLICIT, signed_data))


def _issuer_and_serial(leaf: bytes) -> bytes:
    try:
        certificate = x509.load_der_x509_certificate(leaf)
        return tlv(SEQUENCE, certificate.issuer.public_bytes(), integer(certificate.serial_number))
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion) as broken:
        raise FormatRejected("a certificate that cannot be read") from broken


def _find_token(unsigned: bytes) -> bytes:
    ((_, attribute, _),) = elements(unsigned)
    _, (_, values, _) = elements(attribute)
    ((_, _, token),) = elements(values)
    return token


def _find(data: bytes) -> tuple[tuple[bytes, ...], bytes, bytes, bytes]:
    """Walk to the certificates, the attributes and the signature; `read` compares the rest."""
    try:
        ((_, outer, _),) = elements(data)
        _, (_, explicit, _) = elements(outer)
        ((_, signed_data, _),) = elements(explicit)
        _, _, _, (_, certificates, _), (_, infos, _) = elements(signed_data)
        ((_, info, _),) = elements(infos)
        _, _, _, (_, _, attributes), _, (_, signature, _), *unsigned = elements(info)
        r, s = decode_dss_signature(signature)
        chain = tuple(whole for _, _, whole in elements(certificates))
        token = _find_token(unsigned[0][1]) if unsigned else b""
        return chain, attributes, r.to_bytes(32, "big") + s.to_bytes(32, "big"), token
    except (ValueError, OverflowError) as broken:
        raise FormatRejected("not a CMS signature of ours") from broken
