"""Certificate chains (RFC 5280 §6.1): from a department's certificate up to the city's root."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

from certificates.errors import ChainExpired, ChainRejected

LONGEST = 3
_UNDERSTOOD = frozenset({ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE})
# What reading and checking a certificate may raise when it is not as it should be.
BROKEN = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    InvalidSignature,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True)
class Leaf:
    """What a verified chain says.

    Attributes:
        code: unified social credit code of the department.
        not_before: Unix seconds from which all certificates of the chain are valid.
        not_after: the last Unix second at which all are.
    """

    code: str
    name: str
    key: ec.EllipticCurvePublicKey
    not_before: int
    not_after: int


def verify_chain(chain: Sequence[bytes], root: bytes, now: int) -> Leaf:
    """Check a chain of DER certificates, leaf first, root left out.

    Signatures are checked once for each chain and remembered; the time is checked every time.

    Raises:
        ChainRejected: it does not lead to the root, or a certificate may not do what it does.
        ChainExpired: a certificate is not valid at `now`.
    """
    leaf = verify_links(tuple(chain), root)
    if not leaf.not_before <= now <= leaf.not_after:
        raise ChainExpired("a certificate of the chain is not valid at this time")
    return leaf


# Only chains that were accepted are remembered: an exception never enters the cache.
@lru_cache(maxsize=1024)
def verify_links(chain: tuple[bytes, ...], root: bytes) -> Leaf:
    """Check everything of a chain but the time.

    Raises:
        ChainRejected: a link, a constraint or a key usage is wrong.
    """
    if not 1 <= len(chain) <= LONGEST:
        raise ChainRejected(f"a chain has 1 to {LONGEST} certificates")
    try:
        certificates = [x509.load_der_x509_certificate(each) for each in (*chain, root)]
        for below, (subject, issuer) in enumerate(pairwise(certificates)):
            subject.verify_directly_issued_by(issuer)
            _check_authority(issuer, below)
        return _read_leaf(certificates)
    except x509.ExtensionNotFound as missing:
        raise ChainRejected(f"a certificate lacks an extension: {missing}") from missing
    except BROKEN as broken:
        raise ChainRejected(
            "a certificate of the chain is broken or not signed by the next"
        ) from broken


def _check_authority(issuer: x509.Certificate, below: int) -> None:
    """Check that `issuer` may sign certificates, with `below` intermediates under it."""
    _check_understood(issuer)
    constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    if not constraints.ca or not usage.key_cert_sign:
        raise ChainRejected("a certificate was signed by one that is no authority")
    if constraints.path_length is not None and below > constraints.path_length:
        raise ChainRejected("the chain is longer than its root allows")


def _read_leaf(certificates: Sequence[x509.Certificate]) -> Leaf:
    leaf = certificates[0]
    _check_understood(leaf)
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    if constraints.ca or not usage.digital_signature:
        raise ChainRejected("the first certificate is not for signing licences")
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ChainRejected("the key is not on the curve P-256")
    return Leaf(
        code=_only(leaf.subject, NameOID.SERIAL_NUMBER),
        name=_only(leaf.subject, NameOID.ORGANIZATION_NAME),
        key=key,
        not_before=max(int(each.not_valid_before_utc.timestamp()) for each in certificates),
        not_after=min(int(each.not_valid_after_utc.timestamp()) for each in certificates),
    )


def _only(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = [str(each.value) for each in name.get_attributes_for_oid(oid)]
    if len(values) != 1:
        raise ChainRejected("the certificate does not name exactly one department")
    return values[0]


def _check_understood(certificate: x509.Certificate) -> None:
    if any(each.critical and each.oid not in _UNDERSTOOD for each in certificate.extensions):
        raise ChainRejected("a certificate has a critical extension that is not understood")
