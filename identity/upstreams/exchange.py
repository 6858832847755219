"""The two steps with a provider that Authlib's client takes: the way there, and code for tokens."""

import warnings
from dataclasses import dataclass
from typing import Any

import authlib.deprecate  # noqa: F401  # sets a filter of its own, so it goes first
import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from identity.errors import UpstreamFailed
from identity.upstreams.configured import Upstream
from identity.upstreams.reaching import SECONDS, Bounded, Metadata

with warnings.catch_warnings():  # Authlib would like the successor of httpx, which is not out
    warnings.simplefilter("ignore")
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import OAuth2Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60


@dataclass(frozen=True)
class Way:
    """What one trip to a provider is bound by.

    Attributes:
        state: to the answer.
        nonce: to the ID token.
        verifier: to the code (RFC 7636).
        callback: to our address.
    """

    state: str
    nonce: str
    verifier: str
    callback: str


def address_there(upstream: Upstream, metadata: Metadata, way: Way, **wishes: str) -> str:
    """Write the address of the authorization request (OpenID Connect Core §3.1.2.1)."""
    with _client(upstream, way) as client:
        address, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=way.state,
            code_verifier=way.verifier,
            nonce=way.nonce,
            **wishes,
        )
    return str(address)


def redeem(
    upstream: Upstream, metadata: Metadata, way: Way, code: str, now: int, jti: str
) -> dict[str, Any]:
    """Give a code for tokens (OpenID Connect Core §3.1.3.1).

    Raises:
        UpstreamFailed: the provider gives none.
    """
    signed = _assertion(upstream, now, jti)
    try:
        with _client(upstream, way) as client:
            return dict(
                client.fetch_token(
                    metadata.token_endpoint,
                    code=code,
                    grant_type="authorization_code",
                    code_verifier=way.verifier,
                    redirect_uri=way.callback,
                    **signed,
                )
            )
    except (OAuthError, httpx.HTTPError, ValueError, TypeError, AttributeError, KeyError):
        raise UpstreamFailed("the provider gave no tokens for this code") from None


def _client(upstream: Upstream, way: Way) -> Any:
    return OAuth2Client(
        upstream.client_id,
        upstream.client_secret or None,
        scope=upstream.scope,
        redirect_uri=way.callback,
        code_challenge_method="S256",
        transport=Bounded(upstream),
        timeout=SECONDS,
        trust_env=False,
    )


def _assertion(upstream: Upstream, now: int, jti: str) -> dict[str, str]:
    """Prove who we are by a signature, where we have a key there (OpenID Connect Core §9)."""
    if not upstream.client_key:
        return {}
    key, algorithm = read_client_key(upstream.client_key)
    claims = {
        "iss": upstream.client_id,
        "sub": upstream.client_id,
        "aud": upstream.issuer,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": jti,
    }
    signed = jwt.encode({"alg": algorithm}, claims, key, [algorithm])
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


def read_client_key(pem: str) -> tuple[ECKey | RSAKey, str]:
    """Read our private key for a provider, and with what it signs.

    Raises:
        ValueError: it is no key for ES256 or PS256.
    """
    if "BEGIN RSA" in pem:
        return RSAKey.import_key(pem), "PS256"
    try:
        return ECKey.import_key(pem), "ES256"
    except (ValueError, TypeError):
        return RSAKey.import_key(pem), "PS256"
