"""What a request shows of the keys that its sender holds, beside what it says."""

from dataclasses import dataclass

HELD_BY_PROOF = "jkt"  # RFC 9449 §6.1
HELD_BY_CERTIFICATE = "x5t#S256"  # RFC 8705 §3.1


@dataclass(frozen=True)
class Shown:
    """Proofs and certificates, unchecked.

    Attributes:
        proofs: every DPoP header (RFC 9449 §4.1).
        certificate: the client's certificate as PEM text, from the TLS layer; empty without one.
    """

    proofs: tuple[str, ...] = ()
    certificate: str = ""


NOTHING = Shown()


def confirm(method: str, thumbprint: str) -> str:
    """Name a key as `Authorization.confirmation` has it."""
    return f"{method}:{thumbprint}"


def code_confirmation(dpop_jkt: str) -> str:
    """Name the key that an authorization request binds its code to (RFC 9449 §10)."""
    return confirm(HELD_BY_PROOF, dpop_jkt) if dpop_jkt else ""


def confirmation_claims(confirmation: str) -> dict[str, dict[str, str]]:
    """Return the claim that binds a token to a key (RFC 7800 §3.1), none for no key."""
    method, _, thumbprint = confirmation.partition(":")
    return {"cnf": {method: thumbprint}} if method else {}


def token_type(confirmation: str) -> str:
    """Return how a token that is bound so has to be presented."""
    return "DPoP" if confirmation.startswith(f"{HELD_BY_PROOF}:") else "Bearer"
