"""What of an app's metadata fits together, whoever registers it."""

from collections.abc import Iterator

from identity.apps.clients import NO_SECRET, SERVICE, SIGNED, Client
from identity.apps.encryption import find_key
from identity.apps.profiles import policy_of
from identity.asking.response_types import CODE as CODE_TYPE
from identity.asking.response_types import IMPLICIT, response_types_of
from identity.errors import BadClient, BadRegistrationRequest
from identity.metadata.allowances import CODE, REFRESH
from identity.proofs.client_certificates import check_certificate_names

_AUTH_ALG = "token_endpoint_auth_signing_alg"


def check_together(client: Client) -> None:
    """Check that an app could work as it is registered.

    Raises:
        BadRegistrationRequest: the first thing that does not fit.
    """
    for check in _CHECKS:
        for why in check(client):
            raise BadRegistrationRequest(why)


def _check_keys(client: Client) -> Iterator[str]:
    options = client.options
    if client.jwks and client.jwks_uri:
        yield "jwks and jwks_uri exclude each other"
    needing = {
        "token_endpoint_auth_method private_key_jwt": client.auth_method == SIGNED,
        "require_signed_request_object": options.require_signed_request_object,
    }
    for name, needed in needing.items():
        if needed and not (client.jwks or client.jwks_uri):
            yield f"{name} needs jwks or jwks_uri"
    if options.require_signed_request_object and options.request_object_signing_alg == "none":
        yield "request_object_signing_alg none contradicts require_signed_request_object"


def _check_certificates(client: Client) -> Iterator[str]:
    try:
        check_certificate_names(client.auth_method, client.jwks or client.jwks_uri, client.options)
    except BadClient as error:
        yield str(error)


def _check_proof(client: Client) -> Iterator[str]:
    policy = policy_of(client)
    algorithm = client.options.token_endpoint_auth_signing_alg
    if algorithm and client.auth_method != SIGNED:
        yield f"{_AUTH_ALG} is for private_key_jwt"
    if algorithm and algorithm not in policy.algorithms:
        yield f"{_AUTH_ALG} is one of {', '.join(policy.algorithms)} in this profile"
    if client.auth_method not in policy.auth_methods:
        methods = ", ".join(policy.auth_methods)
        yield f"token_endpoint_auth_method of profile {client.profile} is one of {methods}"
    if client.id_token_alg not in policy.id_token_algs:
        algorithms = ", ".join(policy.id_token_algs)
        yield f"id_token_signed_response_alg is one of {algorithms} in this profile"
    if client.kind == SERVICE and client.auth_method == NO_SECRET:
        yield "grant_types client_credentials is for apps that prove themselves"


def _check_addresses(client: Client) -> Iterator[str]:
    options = client.options
    if not client.redirect_uris and client.sector_identifier_uri:
        yield "sector_identifier_uri is for apps with redirect_uris"
    if options.application_type == "web" and any(
        "://" not in address for address in client.redirect_uris
    ):
        yield "application_type web has no redirect_uris of a native app"
    if options.backchannel_logout_session_required and not options.backchannel_logout_uri:
        yield "backchannel_logout_session_required is for apps with backchannel_logout_uri"


def _check_implicit(client: Client) -> Iterator[str]:
    """Check what comes straight from the authorization endpoint (Registration §2)."""
    options = client.options
    if not set(options.response_types) & set(IMPLICIT):
        return
    if not policy_of(client).implicit:
        yield "response_types with id_token are for the profile compatible"
    if options.application_type != "native" and any(
        not address.startswith("https://") for address in client.redirect_uris
    ):
        yield "redirect_uris of apps with response_types id_token are https"
    if options.id_token_encrypted_response_alg and client.jwks_uri:
        yield "id_token_encrypted_response_alg with response_types id_token needs jwks"


def _check_encryption(client: Client) -> Iterator[str]:
    options = client.options
    for answer in ("id_token", "userinfo"):
        wrap = getattr(options, f"{answer}_encrypted_response_alg")
        cipher = getattr(options, f"{answer}_encrypted_response_enc")
        if cipher and not wrap:
            yield f"{answer}_encrypted_response_enc needs {answer}_encrypted_response_alg"
        published = client.jwks_uri or (client.jwks and find_key(client.jwks, wrap))
        if wrap and not published:
            yield f"{answer}_encrypted_response_alg needs a fitting key in jwks, or jwks_uri"
    if options.request_object_encryption_enc and not options.request_object_encryption_alg:
        yield "request_object_encryption_enc needs request_object_encryption_alg"


def _check_ciba(client: Client) -> Iterator[str]:
    options = client.options
    ping = options.backchannel_token_delivery_mode == "ping"  # noqa: S105
    if ping != bool(options.backchannel_client_notification_endpoint):
        yield "backchannel_client_notification_endpoint is needed exactly for the mode ping"


_CHECKS = (
    _check_keys,
    _check_certificates,
    _check_proof,
    _check_addresses,
    _check_implicit,
    _check_encryption,
    _check_ciba,
)


def grant_types_of(client: Client) -> tuple[str, ...]:
    """Return the grant types an app can use; who may not ask for codes has none to redeem."""
    codes = set() if CODE_TYPE in response_types_of(client) else {CODE, REFRESH}
    return tuple(name for name in client.grants if name not in codes)
