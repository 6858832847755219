"""What an app needs to know about us before it asks (OpenID Connect Discovery §3, RFC 8414)."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from identity.apps.client_keys import ALGORITHMS as ASSERTION_ALGORITHMS
from identity.apps.client_keys import STRICT_ALGORITHMS
from identity.apps.clients import AUTH_METHODS, PROVING_METHODS, SUBJECT_TYPES, TLS_METHODS
from identity.apps.encryption import CIPHERS, KEY_WRAPS
from identity.asking.decoupled import CIBA_GRANT, DELIVERY_MODES, DEVICE_GRANT
from identity.asking.request_objects import UNSIGNED
from identity.asking.response_types import CODE, IMPLICIT, IMPLICIT_GRANT
from identity.asking.scopes import CLAIMS, SCOPES
from identity.issued.actors import EXCHANGE_GRANT
from identity.issued.authority import FRAMEWORK
from identity.people.assurance import ALL_ACR_VALUES
from identity.proofs.dpop import ALGORITHMS as PROOF_ALGORITHMS
from identity.signing.keys import ALGORITHMS
from identity.telling.responding import FRAGMENT, RESPONSE_MODES


def describe(
    issuer: str,
    *,
    registration: bool = False,
    pushing_required: bool = False,
    certificate_methods: Sequence[str] = (),
    detail_types: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the provider's metadata."""
    absent = set(TLS_METHODS) - set(certificate_methods)
    place = {"registration_endpoint": f"{issuer}/register"} if registration else {}
    return place | {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "end_session_endpoint": f"{issuer}/logout",
        "scopes_supported": list(SCOPES),
        **_grants(issuer, implicit=registration),
        "subject_types_supported": list(SUBJECT_TYPES),
        "userinfo_signing_alg_values_supported": list(ALGORITHMS),
        **_encryption(),
        "claim_types_supported": ["normal"],
        "display_values_supported": ["page", "popup"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": _without(absent, AUTH_METHODS),
        "introspection_endpoint_auth_methods_supported": _without(absent, PROVING_METHODS),
        "revocation_endpoint_auth_methods_supported": _without(absent, AUTH_METHODS),
        "tls_client_certificate_bound_access_tokens": bool(certificate_methods),
        **_signing_of_assertions(),
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "introspection_signing_alg_values_supported": list(ALGORITHMS),
        "acr_values_supported": list(ALL_ACR_VALUES),
        **_claims(),
        "ui_locales_supported": ["zh-CN", "en"],
        "require_pushed_authorization_requests": pushing_required,
        "authorization_details_types_supported": sorted(detail_types),  # RFC 9396 §10
        **_requests_and_answers(issuer),
        **_ways_of_answers(implicit=registration),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _grants(issuer: str, *, implicit: bool) -> dict[str, Any]:
    """Say what an app may come to the token endpoint with, and where the others begin."""
    usual = ["authorization_code", "refresh_token", "client_credentials"]
    usual += [IMPLICIT_GRANT] if implicit else []
    return {
        "grant_types_supported": [*usual, DEVICE_GRANT, EXCHANGE_GRANT, CIBA_GRANT],
        "device_authorization_endpoint": f"{issuer}/device_authorization",  # RFC 8628 §4
        "backchannel_authentication_endpoint": f"{issuer}/bc-authorize",  # CIBA Core §4
        "backchannel_token_delivery_modes_supported": list(DELIVERY_MODES),
        "backchannel_authentication_request_signing_alg_values_supported": list(STRICT_ALGORITHMS),
        "backchannel_user_code_parameter_supported": False,
    }


def _without(absent: Collection[str], methods: Sequence[str]) -> list[str]:
    return [method for method in methods if method not in absent]


def _requests_and_answers(issuer: str) -> dict[str, Any]:
    """Say how a request may come (RFC 9126 §5, RFC 9101 §10.5) and be answered (RFC 9207, JARM)."""
    return {
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_parameter_supported": True,
        "authorization_response_iss_parameter_supported": True,
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": [*ASSERTION_ALGORITHMS, UNSIGNED],
        "authorization_signing_alg_values_supported": list(ALGORITHMS),
    }


def _ways_of_answers(*, implicit: bool) -> dict[str, list[str]]:
    """Say what comes back, and how. Where apps may register themselves we are a dynamic provider,
    which gives ID tokens at the authorization endpoint too (OpenID Connect Core §15.2).
    """
    return {
        "response_types_supported": [CODE, *(IMPLICIT if implicit else ())],
        "response_modes_supported": [*RESPONSE_MODES, *([FRAGMENT] if implicit else ())],
    }


def _signing_of_assertions() -> dict[str, list[str]]:
    """Say how assertions may be signed, at each endpoint that takes them (RFC 8414 §2)."""
    return {
        f"{name}_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS)
        for name in ("token", "introspection", "revocation")
    }


def _encryption() -> dict[str, list[str]]:
    """Say how what we sign may be encrypted to an app, and what it sends to us (Discovery §3)."""
    ways = {"alg": KEY_WRAPS, "enc": CIPHERS}
    return {
        f"{answer}_encryption_{part}_values_supported": list(values)
        for answer in ("id_token", "userinfo", "request_object")
        for part, values in ways.items()
    }


def _claims() -> dict[str, Any]:
    """Say what can be known about a person, and how sure it is (Discovery §3)."""
    return {
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "act"),
            *(*CLAIMS, "legal_person"),
        ],
        "trust_frameworks_supported": [FRAMEWORK],  # OpenID Identity Assurance §8
        "claims_in_verified_claims_supported": ["authority"],
    }
