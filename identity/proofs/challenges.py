"""How a resource says what it wants in place of what came (RFC 6750 §3 and what builds on it)."""

from collections.abc import Mapping

from identity.errors import BadAccessToken, StrongerSignInNeeded, TokenMissing, TokenUnproven
from identity.proofs.dpop import ALGORITHMS

_PROOF = {"algs": " ".join(ALGORITHMS)}  # RFC 9449 §7.1


def challenge_of(error: BadAccessToken) -> dict[str, str]:
    """Return the headers of a refusal."""
    if isinstance(error, TokenMissing):
        ways = (challenge("Bearer", {}), challenge("DPoP", _PROOF))
        return {"WWW-Authenticate": ", ".join(ways)}
    said = {"error": error.code, "error_description": str(error)}
    if isinstance(error, TokenUnproven):
        nonce = {"DPoP-Nonce": error.nonce} if error.nonce else {}
        return {"WWW-Authenticate": challenge("DPoP", said | _PROOF), **nonce}
    if isinstance(error, StrongerSignInNeeded):
        said |= wanted(error)
    return {"WWW-Authenticate": challenge("Bearer", said)}


def challenge(scheme: str, said: Mapping[str, str]) -> str:
    """Write one challenge (RFC 9110 §11.6.1)."""
    words = "".join(f', {name}="{value}"' for name, value in said.items())
    return f'{scheme} realm="haihe"{words}'


def wanted(error: StrongerSignInNeeded) -> dict[str, str]:
    """Say which sign-in would do (RFC 9470 §3)."""
    acr = {"acr_values": " ".join(error.acr_values)} if error.acr_values else {}
    age = {"max_age": str(error.max_age)} if error.max_age is not None else {}
    return acr | age
