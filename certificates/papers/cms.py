"""A detached CMS signature (RFC 5652) with the attributes of CAdES, as PAdES B-B asks for it.

Read back it has to be, byte for byte, what we would have written around the same certificates,
digest and signature: so there is no second spelling of anything.
"""

from collections.abc import Sequence
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
_EXPLICIT = 0xA0


@dataclass(frozen=True)
class Seal:
    """A CMS signature taken apart.

    Attributes:
        signed: the attributes, as they were signed.
        signature: r and s, 32 bytes each.
    """

    chain: tuple[bytes, ...]
    signed: bytes
    signature: bytes


def sign(digest: bytes, signer: Signing) -> bytes:
    """Sign the SHA-256 of a document.

    There is no signing-time: PAdES B-B forbids it, the time stands in the PDF (`/M`).
    """
    signed = _attributes(digest, signer.chain[0])
    return _write(tuple(signer.chain), signed, signer.sign(signed))


def read(data: bytes, digest: bytes) -> Seal:
    """Read a signature strictly, over a document of that SHA-256, without checking it.

    Raises:
        FormatRejected: it is not what `sign` writes.
        DigestDiffers: it is, over another document.
    """
    chain, attributes, signature = _find(data)
    if not chain:
        raise FormatRejected("a CMS signature without certificates")
    signed = b"\x31" + attributes[1:]
    if _write(chain, signed, signature) != data:
        raise FormatRejected("a CMS signature in another spelling")
    if signed != _attributes(digest, chain[0]):
        raise DigestDiffers("the signature is over another document")
    return Seal(chain, signed, signature)


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


def _write(chain: Sequence[bytes], signed: bytes, signature: bytes) -> bytes:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    signer_info = tlv(
        SEQUENCE,
        integer(1),
        _issuer_and_serial(chain[0]),
        _SHA256,
        b"\xa0" + signed[1:],  # the same set, tagged implicitly (RFC 5652 §5.4)
        _ES256,
        tlv(OCTETS, encode_dss_signature(r, s)),
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
    except (ValueError, TypeError, OverflowError) as broken:
        raise FormatRejected("a certificate that cannot be read") from broken


def _find(data: bytes) -> tuple[tuple[bytes, ...], bytes, bytes]:
    """Walk to the certificates, the attributes and the signature; `read` compares the rest."""
    try:
        ((_, outer, _),) = elements(data)
        _, (_, explicit, _) = elements(outer)
        ((_, signed_data, _),) = elements(explicit)
        _, _, _, (_, certificates, _), (_, infos, _) = elements(signed_data)
        ((_, info, _),) = elements(infos)
        _, _, _, (_, _, attributes), _, (_, signature, _) = elements(info)
        r, s = decode_dss_signature(signature)
        chain = tuple(whole for _, _, whole in elements(certificates))
        return chain, attributes, r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except (ValueError, OverflowError) as broken:
        raise FormatRejected("not a CMS signature of ours") from broken
