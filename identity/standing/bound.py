"""Access tokens that only their holder may present (RFC 9449 §7, RFC 8705 §3).

A token says in `cnf` to which key it is bound. Whoever presents it shows that they hold that key:
by a proof made for this very request, or by the certificate of their connection.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from identity.apps.profiles import POLICIES
from identity.errors import BadAccessToken, BadProof, NonceWanted, TokenUnproven
from identity.proofs.client_certificates import thumbprint_of
from identity.proofs.dpop import Call, Proof, check_proof
from identity.proofs.nonces import make_nonce
from identity.proofs.shown import HELD_BY_CERTIFICATE, HELD_BY_PROOF, NOTHING, Shown
from identity.realm import Realm
from identity.standing.access import Access

BEARER, DPOP = "bearer", "dpop"


@dataclass(frozen=True)
class Presented:
    """An access token as it came.

    Attributes:
        scheme: of the Authorization header, in small letters (RFC 9110 §11.1).
        token: the token.
        shown: the keys that its sender shows to hold.
        method: of the request.
        address: of the request, as the outside knows it.
    """

    scheme: str
    token: str
    shown: Shown = NOTHING
    method: str = "GET"
    address: str = ""


def check_holder(realm: Realm, access: Access, presented: Presented) -> None:
    """Check that whoever presents a token may; costs nothing for a token that is not bound.

    Uses a proof up in a transaction of its own, after all that is checked without one.

    Raises:
        BadAccessToken: it is bound to a key, and they do not show that they hold it.
    """
    bound: dict[str, Any] = access.claims.get("cnf", {})
    if not bound and presented.scheme == BEARER:
        return
    if HELD_BY_CERTIFICATE in bound and presented.scheme == BEARER:
        _check_certificate(str(bound[HELD_BY_CERTIFICATE]), presented.shown.certificate)
        return
    if HELD_BY_PROOF not in bound:
        raise TokenUnproven("this token is not bound to a key of DPoP")
    if presented.scheme != DPOP:
        raise TokenUnproven("this token is bound to a key: present it as DPoP, with a proof")
    proof = _check_proof(realm, access, presented)
    if not hmac.compare_digest(proof.thumbprint, str(bound[HELD_BY_PROOF])):
        raise TokenUnproven("this token is bound to another key")
    with realm.writing() as store:
        if not store.replays.use("dpop", proof.thumbprint, proof.jti, proof.expires_at):
            raise TokenUnproven("this proof has been used", "invalid_dpop_proof")


def _check_certificate(thumbprint: str, certificate: str) -> None:
    shown = thumbprint_of(certificate) if certificate else ""
    if not hmac.compare_digest(shown, thumbprint):
        raise BadAccessToken("this token is bound to a certificate: show it in the connection")


def _check_proof(realm: Realm, access: Access, presented: Presented) -> Proof:
    needed = POLICIES[access.profile].nonces
    call = Call(presented.method, presented.address, presented.token, nonce_needed=needed)
    now = realm.clock()
    try:
        return check_proof(presented.shown.proofs, call, realm.seals, now)
    except NonceWanted as error:
        nonce = make_nonce(realm.seals, now)
        raise TokenUnproven(str(error), "use_dpop_nonce", nonce) from None
    except BadProof as error:
        raise TokenUnproven(str(error), "invalid_dpop_proof") from None
