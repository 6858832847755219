"""Keys and certificates: the city's root, and one key for each department under it.

One PEM file holds a private key and its certificate, so that a file is either there whole or not
at all. A credential is good no longer than the certificates that came with it: both last long.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certificates.chains import verify_chain
from certificates.errors import ChainRejected, KeyUnreadable
from certificates.formats.compact import sign_es256
from certificates.identifiers import check_uscc

_YEAR = 31_556_952  # seconds
ROOT_LASTS = 30 * _YEAR
DEPARTMENT_LASTS = 20 * _YEAR
SKEW = 300  # seconds by which another machine's clock may be behind ours


@dataclass(frozen=True)
class Signer:
    """Who can sign: a private key and its certificates.

    Attributes:
        chain: DER certificates, leaf first, root left out.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def chain(self) -> tuple[bytes, ...]:
        """DER certificates to send along: leaf first, root left out."""
        return (self.der,)

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, message: bytes) -> bytes:
        """Sign by ES256."""
        return sign_es256(message, self.key)


def open_root(keys: Path, city: str, now: int) -> Signer:
    """Open the city's root key; make it at the first start.

    Raises:
        KeyUnreadable: the file is there and does not hold a key and its certificate.
    """
    path = keys / "root.pem"
    return _open(path, lambda: _make_root(city, now))


def open_department(root: Signer, keys: Path, code: str, name: str, now: int) -> Signer:
    """Open a department's key and certificate; make them at the first need.

    Args:
        code: unified social credit code, also the name of the file.

    Raises:
        KeyUnreadable: the file is there and does not hold this department's key under this root.
    """
    check_uscc(code)  # also keeps the name of the file inside the folder
    path = keys / "departments" / f"{code}.pem"
    signer = _open(path, lambda: _make_department(root, code, name, now))
    try:
        leaf = verify_chain(signer.chain, root.der, now)
    except ChainRejected as rejected:
        raise KeyUnreadable(f"{path}: {rejected}") from rejected
    if leaf.code != code:
        raise KeyUnreadable(f"{path} is the key of another department")
    return signer


def open_stamper(root: Signer, keys: Path, city: str, now: int) -> Signer:
    """Open the key of the time-stamp authority; make it at the first start.

    Raises:
        KeyUnreadable: the file does not hold a key and its certificate under this root.
    """
    path = keys / "time-stamps.pem"
    signer = _open(path, lambda: _make_stamper(root, city, now))
    try:
        signer.certificate.verify_directly_issued_by(root.certificate)
    except (ValueError, TypeError, InvalidSignature) as foreign:
        raise KeyUnreadable(f"{path} is not under the city's root") from foreign
    return signer


def _make_stamper(root: Signer, city: str, now: int) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, city),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{city} time-stamps"),
        ]
    )
    draft = _draft(subject, key.public_key(), now, DEPARTMENT_LASTS)
    draft = draft.issuer_name(root.certificate.subject)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(_usage(authority=False), critical=True)
    alone = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])  # RFC 3161 §2.3
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    draft = draft.add_extension(alone, critical=True).add_extension(above, critical=False)
    return Signer(key, draft.sign(root.key, SHA256()))


def _open(path: Path, make: Callable[[], Signer]) -> Signer:
    if not path.exists():
        _keep(path, make())
    return _read(path)


def _read(path: Path) -> Signer:
    try:
        pem = path.read_bytes()
        key = load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError, TypeError) as broken:
        raise KeyUnreadable(f"{path} does not hold a key and its certificate") from broken
    if (
        not isinstance(key, ec.EllipticCurvePrivateKey)
        or key.public_key() != certificate.public_key()
    ):
        raise KeyUnreadable(f"{path}: the key is not that of the certificate")
    return Signer(key, certificate)


def _keep(path: Path, signer: Signer) -> None:
    """Write a key so that it is whole on the disk, or not there; the first of two writers wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid4().hex}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_pem(signer))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename this never replaces a key that is there
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _pem(signer: Signer) -> bytes:
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key + signer.certificate.public_bytes(Encoding.PEM)


def _make_root(city: str, now: int) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, city),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{city} root"),
        ]
    )
    draft = _draft(name, key.public_key(), now, ROOT_LASTS)
    draft = draft.issuer_name(name).add_extension(
        x509.BasicConstraints(ca=True, path_length=1), critical=True
    )
    draft = draft.add_extension(_usage(authority=True), critical=True)
    return Signer(key, draft.sign(key, SHA256()))


def _make_department(root: Signer, code: str, name: str, now: int) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            # ETSI EN 319 412-1 §5.1.4: national trade register, country, number.
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{code}"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, code),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    draft = _draft(subject, key.public_key(), now, DEPARTMENT_LASTS)
    draft = draft.issuer_name(root.certificate.subject)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(_usage(authority=False), critical=True)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    return Signer(key, draft.add_extension(above, critical=False).sign(root.key, SHA256()))


def _draft(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: int, lasts: int
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(now - SKEW, UTC))
        .not_valid_after(datetime.fromtimestamp(now + lasts, UTC))
        .add_extension(own, critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
