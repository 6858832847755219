"""How strictly an app is treated: one policy for each profile, as data.

Whoever has to decide asks `policy_of(client)` for the rule it needs, never for the profile's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.apps.client_keys import ALGORITHMS, STRICT_ALGORITHMS
from identity.apps.clients import (
    AUTH_METHODS,
    COMPATIBLE,
    FAPI2,
    NO_SECRET,
    PROFILES,
    SIGNED,
    STANDARD,
    TLS_METHODS,
    Client,
)
from identity.errors import BadClient
from identity.signing.keys import ALGORITHMS as OURS


@dataclass(frozen=True)
class Policy:
    """The rules of one profile.

    Attributes:
        auth_methods: ways in which its apps may prove themselves.
        algorithms: with which its apps may sign what they send.
        plain_audience: what they sign names us by our issuer alone, as one string
            (FAPI 2.0 Security Profile §5.3.2.1); otherwise the token endpoint, or a list, will do.
        proof_key: every authorization request has a challenge of RFC 7636.
        pushed: every authorization request is pushed first (RFC 9126).
        bound: every access token is bound to a key of the app (RFC 9449, RFC 8705).
        nonces: a proof of DPoP needs a nonce of ours (RFC 9449 §8).
        rotates: each refresh token works once; one that is bound need not be replaced
            (RFC 9700 §4.14.2, FAPI 2.0 Security Profile §5.3.2.1).
        offline: refresh tokens are given although `offline_access` was not asked for.
        implicit: ID tokens may come from the authorization endpoint, to an app that registers it
            (OpenID Connect Core §3.2).
        object_claims: what a request object says of itself (RFC 9101 §4).
        plain_objects: a request object may be unsigned (OpenID Connect Core §6.1).
        merged_objects: what stands beside a request object counts too, where it says nothing
            (OpenID Connect Core §6.1; RFC 9101 §6.3 has it the other way).
        shows_again: who signs in for its request sees what it asks for, also if they allowed it
            before: what it gets is worth a look, and the page is where one can refuse.
        signed_backchannel: what it asks over the back channel is signed (FAPI-CIBA §5.2.2).
        id_token_algs: with which we may sign ID tokens for it, the usual one first.
    """

    auth_methods: tuple[str, ...]
    algorithms: tuple[str, ...]
    plain_audience: bool = True
    proof_key: bool = True
    pushed: bool = False
    bound: bool = False
    nonces: bool = False
    rotates: bool = True
    offline: bool = False
    implicit: bool = False
    object_claims: tuple[str, ...] = ("iss", "aud", "exp")
    plain_objects: bool = False
    merged_objects: bool = False
    shows_again: bool = False
    signed_backchannel: bool = False
    id_token_algs: tuple[str, ...] = OURS


POLICIES: Mapping[str, Policy] = {
    STANDARD: Policy(auth_methods=AUTH_METHODS, algorithms=STRICT_ALGORITHMS),
    COMPATIBLE: Policy(
        auth_methods=tuple(method for method in AUTH_METHODS if method != NO_SECRET),
        algorithms=ALGORITHMS,
        plain_audience=False,
        proof_key=False,
        offline=True,
        implicit=True,
        object_claims=(),
        plain_objects=True,
        merged_objects=True,
        id_token_algs=("RS256", *(each for each in OURS if each != "RS256")),  # Registration §2
    ),
    FAPI2: Policy(
        auth_methods=(SIGNED, *TLS_METHODS),
        algorithms=STRICT_ALGORITHMS,
        pushed=True,
        bound=True,
        nonces=True,
        rotates=False,
        shows_again=True,
        signed_backchannel=True,
        object_claims=("iss", "aud", "exp", "nbf"),  # FAPI 2.0 Message Signing §5.3.1
        id_token_algs=tuple(each for each in OURS if each in STRICT_ALGORITHMS),  # §5.4.1
    ),
}


def policy_of(client: Client) -> Policy:
    """Return the rules of an app."""
    return POLICIES[client.profile]


def check_profile(profile: str, auth_method: str) -> Policy:
    """Check that an app may be registered with a profile, and return the rules.

    Raises:
        BadClient: there is no such profile, or it wants a better proof of who the app is.
    """
    policy = POLICIES.get(profile)
    if policy is None:
        raise BadClient(f"profiles are {', '.join(PROFILES)}")
    if auth_method not in policy.auth_methods:
        raise BadClient(f"apps of {profile} prove themselves by {', '.join(policy.auth_methods)}")
    return policy
