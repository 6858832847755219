"""A request proves that its sender holds a key (RFC 9449 §4.3).

1. There is one proof, and it is a JWT of a sane size and of the type `dpop+jwt`.
2. The public key in its header made its signature, with an algorithm we allow.
3. It speaks of this request: `htm`, `htu`.
4. At a resource it speaks of the access token as well: `ath`.
5. It was made lately: its `nonce` is one of ours, or else its `iat` is near.
6. It has begun and is not over, if it says so: `nbf`, `exp`.
7. It has a name, `jti`, so that the caller can refuse its second use.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from identity.apps.client_keys import STRICT_ALGORITHMS, PublicKey, read_key
from identity.errors import BadAssertion, BadClient, BadProof, NonceWanted
from identity.proofs.assertions import (
    check_validity,
    numeric_date,
    read_header,
    read_name,
    verify_signed,
)
from identity.proofs.nonces import nonce_end
from identity.proofs.shown import HELD_BY_PROOF, confirm
from identity.seals import Seals

ALGORITHMS = STRICT_ALGORITHMS
TYPE = "dpop+jwt"
OLDEST_SECONDS = 60
AHEAD_SECONDS = 15  # FAPI 2.0 Security Profile §5.3.2.1: 10 are accepted, 60 are not
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Call:
    """What a proof has to speak of.

    Attributes:
        method: of the request.
        address: of the request, as the outside knows it.
        token: access token that comes with it, empty at our own endpoints.
        nonce_needed: whether only a nonce shows that it was made lately.
    """

    method: str
    address: str
    token: str = ""
    nonce_needed: bool = False


@dataclass(frozen=True)
class Proof:
    """A proof that was checked, but for its second use.

    Attributes:
        thumbprint: of the key (RFC 7638).
        jti: its name.
        expires_at: first second in which it is refused anyway.
    """

    thumbprint: str
    jti: str
    expires_at: int

    @property
    def confirmation(self) -> str:
        """Name the key as `Authorization.confirmation` has it."""
        return confirm(HELD_BY_PROOF, self.thumbprint)


def check_proof(proofs: tuple[str, ...], call: Call, seals: Seals, now: int) -> Proof:
    """Check what the DPoP headers of a request say.

    Raises:
        BadProof: the step that fails says why.
        NonceWanted: it lacks a nonce of ours, or has an old one.
    """
    if len(proofs) != 1:  # 1
        raise BadProof("a request has one DPoP header")
    try:
        key = _own_key(proofs[0])
        claims = verify_signed(proofs[0], [key], ALGORITHMS, {TYPE})  # 1, 2
        _check_call(claims, call)  # 3, 4
        expires_at = _check_made_lately(claims, call, seals, now)  # 5
        check_validity(claims, now)  # 6
        return Proof(key.thumbprint(), read_name(claims.get("jti")), expires_at)  # 7
    except BadAssertion as error:
        raise BadProof(str(error)) from None


def _own_key(proof: str) -> PublicKey:
    try:
        return read_key(read_header(proof).get("jwk"))
    except BadClient as error:
        raise BadProof(str(error)) from None


def _check_call(claims: dict[str, Any], call: Call) -> None:
    if claims.get("htm") != call.method:
        raise BadProof("htm is not the method of this request")
    if normalised(claims.get("htu")) != normalised(call.address):
        raise BadProof("htu is not the address of this request")
    if call.token and claims.get("ath") != token_hash(call.token):
        raise BadProof("ath is not the hash of this access token")


def token_hash(token: str) -> str:
    """Hash an access token for `ath` (RFC 9449 §4.2)."""
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()


def normalised(address: object) -> str | None:
    """Return an address as it is compared: no query, no fragment (RFC 9449 §4.3), host and scheme
    in small letters, no usual port (RFC 3986 §6.2). None for what is no address.
    """
    if not isinstance(address, str):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    own = f":{port}" if port not in {None, _PORTS.get(parts.scheme)} else ""
    return f"{parts.scheme}://{parts.hostname}{own}{parts.path or '/'}"


def _check_made_lately(claims: dict[str, Any], call: Call, seals: Seals, now: int) -> int:
    """Return the first second in which the proof is too old."""
    made_at = numeric_date(claims.get("iat"))
    if made_at is None:
        raise BadProof("iat is missing")
    nonce = claims.get("nonce")
    if nonce is not None or call.nonce_needed:
        ends = nonce_end(seals, nonce) if isinstance(nonce, str) else 0
        if now >= ends:
            raise NonceWanted("use the nonce of the DPoP-Nonce header")
        return ends
    if not now - OLDEST_SECONDS <= made_at <= now + AHEAD_SECONDS:
        raise BadProof("iat is not of this minute")
    return int(made_at) + OLDEST_SECONDS + 1
