"""What a licence says, apart from the format in which it is signed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Credential:
    """The content of a signed licence.

    Attributes:
        identifier: by GB/T 36904.
        kind: address of the licence type, `vct` in SD-JWT VC.
        issuer: address of the service that keeps the key.
        issuer_code: unified social credit code of the department.
        holder: `code` and `name` of the holder, as far as disclosed.
        fields: the licence's own fields, as far as disclosed.
        issued_at: Unix seconds, as all times here.
        valid_to: the first second at which it is over; None: no end.
        status_list: address of the status list.
        status_index: the licence's place in that list.
    """

    identifier: str
    kind: str
    issuer: str
    issuer_code: str
    holder: Mapping[str, str]
    fields: Mapping[str, str]
    issued_at: int
    valid_from: int
    valid_to: int | None
    status_list: str
    status_index: int


@dataclass(frozen=True)
class Reading:
    """A credential as it was read, its signature not yet checked.

    Attributes:
        chain: DER certificates, leaf first.
        signed: the bytes that were signed.
        signature: over `signed`.
        core: the part of the text that never changes, whatever is disclosed.
    """

    credential: Credential
    chain: tuple[bytes, ...]
    signed: bytes
    signature: bytes
    core: str


class Signing(Protocol):
    """A key that signs, and the certificates to send along."""

    @property
    def chain(self) -> Sequence[bytes]:
        """DER certificates, leaf first."""

    def sign(self, message: bytes) -> bytes:
        """Sign by ES256."""


class Format(Protocol):
    """A way to write, sign and read credentials; a module keeps these promises."""

    MEDIA_TYPE: str

    def write(self, credential: Credential, signer: Signing, random: Random) -> str:
        """Write and sign."""

    def read(self, text: str) -> Reading:
        """Read strictly, without checking the signature; raises FormatRejected."""

    def verify(self, reading: Reading, key: ec.EllipticCurvePublicKey) -> None:
        """Check the signature; raises SignatureRejected."""
