"""An authority, and certificates of apps: right, and wrong in one thing at a time."""

import base64
import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey

START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
END = START + datetime.timedelta(days=36500)


@dataclass(frozen=True)
class Holding:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def headers(self) -> dict[str, str]:
        """What a proxy adds for it, as nginx does."""
        return {"X-Client-Cert": quote(self.pem)}

    def key_set(self) -> str:
        """The key set in which an app registers it."""
        public = ECKey.import_key(self.key.public_key()).as_dict(private=False)
        return json.dumps({"keys": [public | {"x5c": [base64.b64encode(self.der).decode()]}]})


def issue(
    name: str = "CN=bank.example,O=演示银行,C=CN",
    issuer: Holding | None = None,
    *,
    authority: bool = False,
    alternatives: Sequence[x509.GeneralName] = (),
    usages: Sequence[x509.ObjectIdentifier] = (),
    start: datetime.datetime = START,
    end: datetime.datetime = END,
) -> Holding:
    """Make a certificate; without issuer it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name.from_rfc4514_string(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    more: list[Any] = []
    if alternatives:
        more.append(x509.SubjectAlternativeName(list(alternatives)))
    if usages:
        more.append(x509.ExtendedKeyUsage(list(usages)))
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    return Holding(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


ROOT = issue("CN=演示根", authority=True)
