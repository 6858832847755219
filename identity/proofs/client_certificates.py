"""An app proves itself by the certificate of its connection (RFC 8705).

The TLS layer has checked that the sender holds the private key; what the certificate is worth is
decided here. A certificate of an authority counts if one of the authorities that the operator
named issued it, now, and it names the app. A self-signed one counts if the app registered it.
"""

import base64
import hmac
import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from identity.apps.clients import CERTIFIED, SELF_CERTIFIED
from identity.apps.options import Options
from identity.errors import BadCertificate, BadClient, UnknownSigner
from identity.proofs.shown import HELD_BY_CERTIFICATE, confirm

# Names of RFC 4514 are few; these stand in certificates too.
NAMES = {
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
    "businessCategory": NameOID.BUSINESS_CATEGORY,
    "SN": NameOID.SURNAME,
    "GN": NameOID.GIVEN_NAME,
}
_COMMA = re.compile(r"(?<!\\),\s+")


def thumbprint_of(pem: str) -> str:
    """Return the thumbprint of a certificate (RFC 8705 §3.1)."""
    digest = sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def certificate_confirmation(pem: str) -> str:
    """Name a certificate as `Authorization.confirmation` has it."""
    return confirm(HELD_BY_CERTIFICATE, thumbprint_of(pem))


def check_registered(pem: str, key_set: str) -> None:
    """Check that an app registered this very certificate, in `x5c` of a key (RFC 8705 §2.2).

    Raises:
        UnknownSigner: it did not.
    """
    own = base64.b64encode(ssl.PEM_cert_to_DER_cert(pem))
    if not any(hmac.compare_digest(own, each.encode()) for each in _certificates_in(key_set)):
        raise UnknownSigner("this certificate is not registered")


def _certificates_in(key_set: str) -> list[str]:
    try:
        keys = json.loads(key_set)["keys"]
        chains = [key["x5c"] for key in keys if "x5c" in key]
        return [str(chain[0]) for chain in chains if chain]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def check_issued(pem: str, roots: Sequence[x509.Certificate], options: Options, now: int) -> None:
    """Check that an authority vouches for this certificate, and that it names the app
    (RFC 8705 §2.1).

    Raises:
        BadCertificate: one of the two is not so.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        named = [names(certificate, value) for value, names in _registered(options)]
        usages = _usages(certificate)
    except ValueError:
        raise BadCertificate("this certificate cannot be read") from None
    at = datetime.fromtimestamp(now, UTC)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise BadCertificate("this certificate is not valid now")
    if not any(_issued_by(certificate, root, at) for root in roots):
        raise BadCertificate("no authority that is trusted here issued this certificate")
    if usages and ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
        raise BadCertificate("this certificate is not for clients")
    if len(named) != 1 or not named[0]:
        raise BadCertificate("this certificate names somebody else")


def _issued_by(certificate: x509.Certificate, root: x509.Certificate, at: datetime) -> bool:
    if not root.not_valid_before_utc <= at <= root.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _usages(certificate: x509.Certificate) -> Sequence[x509.ObjectIdentifier]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return ()
    return list(found.value)


def _has_subject(certificate: x509.Certificate, registered: str) -> bool:
    return certificate.subject == _read_name(registered)


def _has_alternative(kind: type[Any]) -> Callable[[x509.Certificate, str], bool]:
    def has(certificate: x509.Certificate, registered: str) -> bool:
        try:
            found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return False
        return registered in map(str, found.value.get_values_for_type(kind))

    return has


_NAMES_OF: Mapping[str, Callable[[x509.Certificate, str], bool]] = {
    "tls_client_auth_subject_dn": _has_subject,
    "tls_client_auth_san_dns": _has_alternative(x509.DNSName),
    "tls_client_auth_san_uri": _has_alternative(x509.UniformResourceIdentifier),
    "tls_client_auth_san_ip": _has_alternative(x509.IPAddress),
    "tls_client_auth_san_email": _has_alternative(x509.RFC822Name),
}
REGISTERED_NAMES = tuple(_NAMES_OF)


def _registered(
    options: Options,
) -> list[tuple[str, Callable[[x509.Certificate, str], bool]]]:
    """Return how the app said it is named; exactly one is registered."""
    found = [(getattr(options, name), names) for name, names in _NAMES_OF.items()]
    return [(value, names) for value, names in found if value]


def check_certificate_names(auth_method: str, key_set: str, options: Options) -> None:
    """Check that an app registers exactly what its certificate is known by (RFC 8705 §2).

    Args:
        auth_method: how it proves itself.
        key_set: its keys or their address, empty if it has neither.
        options: what else it registers.

    Raises:
        BadClient: it registers less or more, or a name that nobody can have.
    """
    names = [name for name in REGISTERED_NAMES if getattr(options, name)]
    if auth_method == CERTIFIED and len(names) != 1:
        raise BadClient(f"{CERTIFIED} goes with exactly one of {', '.join(REGISTERED_NAMES)}")
    if auth_method == SELF_CERTIFIED and not key_set:
        raise BadClient(f"{SELF_CERTIFIED} goes with the certificate, in x5c of jwks or jwks_uri")
    try:
        _read_name(options.tls_client_auth_subject_dn)
    except ValueError:
        raise BadClient("tls_client_auth_subject_dn is a name of RFC 4514") from None


def _read_name(text: str) -> x509.Name:
    """Read a name; a space after a comma is how people write it."""
    return x509.Name.from_rfc4514_string(_COMMA.sub(",", text.strip()), NAMES)


def read_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read the authorities that may vouch for apps.

    Raises:
        ValueError: these are no certificates of authorities.
    """
    roots = tuple(x509.load_pem_x509_certificates(pem))
    for root in roots:
        try:
            limits = root.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            raise ValueError("a certificate there is not one of an authority") from None
        if not limits.ca:
            raise ValueError("a certificate there is not one of an authority")
    return roots
