"""What an app may register beyond the basics, under the names of the IANA registry.

All of it is one value of a client, stored as one JSON text that holds only what differs from the
defaults. A new option is one field here.
"""

import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Options:
    """Client metadata of the extensions (IANA, OAuth Dynamic Client Registration Metadata).

    Attributes:
        grant_types: grants beyond those that every app of its kind has.
        require_pushed_authorization_requests: RFC 9126 §6.
        require_signed_request_object: RFC 9101 §10.5.
        request_object_signing_alg: the one algorithm of its request objects, empty for any.
        request_uris: addresses of its request objects (OpenID Connect Registration §2).
        authorization_signed_response_alg: how its JARM answers are signed, empty for ES256.
        dpop_bound_access_tokens: RFC 9449 §5.2.
        tls_client_auth_subject_dn: name in its certificate (RFC 8705 §2.1.2), or one of these:
        tls_client_auth_san_dns: host that its certificate is for.
        tls_client_auth_san_uri: address that its certificate is for.
        tls_client_auth_san_ip: number that its certificate is for.
        tls_client_auth_san_email: mailbox that its certificate is for.
        tls_client_certificate_bound_access_tokens: RFC 8705 §3.4.
        token_endpoint_auth_signing_alg: the one algorithm of its assertions, empty for any.
        introspection_signed_response_alg: RFC 9701 §6, empty for plain JSON.
        id_token_encrypted_response_alg: how keys of encrypted ID tokens are wrapped.
        id_token_encrypted_response_enc: how their content is encrypted.
        userinfo_encrypted_response_alg: the same for userinfo.
        userinfo_encrypted_response_enc: the same for userinfo.
        request_object_encryption_alg: how it may wrap keys of request objects.
        request_object_encryption_enc: how it may encrypt their content.
        backchannel_logout_uri: where it is told that a person signed out.
        backchannel_logout_session_required: whether it needs `sid` there.
        backchannel_token_delivery_mode: `poll` or `ping` (CIBA §4), empty without CIBA.
        backchannel_client_notification_endpoint: where it is pinged.
        backchannel_authentication_request_signing_alg: the one algorithm of its requests (CIBA
            §4), empty if it need not sign them.
        may_act: apps that may exchange its tokens, and then act for its people (RFC 8693 §4.4).
        authorization_details_types: RFC 9396 §10.
        response_types: what it may ask for at once; empty for a code alone.
        application_type: `web` or `native` (OpenID Connect Registration §2), empty if not said.
        software_id: what the app is an instance of (RFC 7591 §2).
        software_version: which version of that.
    """

    grant_types: tuple[str, ...] = ()
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    request_object_signing_alg: str = ""
    request_uris: tuple[str, ...] = ()
    authorization_signed_response_alg: str = ""
    dpop_bound_access_tokens: bool = False
    tls_client_auth_subject_dn: str = ""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_auth_san_ip: str = ""
    tls_client_auth_san_email: str = ""
    tls_client_certificate_bound_access_tokens: bool = False
    token_endpoint_auth_signing_alg: str = ""
    introspection_signed_response_alg: str = ""
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    backchannel_token_delivery_mode: str = ""
    backchannel_client_notification_endpoint: str = ""
    backchannel_authentication_request_signing_alg: str = ""
    may_act: tuple[str, ...] = ()
    authorization_details_types: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    application_type: str = ""
    software_id: str = ""
    software_version: str = ""


NONE = Options()


def write_options(options: Options) -> str:
    """Write options as JSON text, empty when there are none."""
    usual = asdict(NONE)
    chosen = {name: value for name, value in asdict(options).items() if value != usual[name]}
    return json.dumps(chosen, separators=(",", ":"), sort_keys=True) if chosen else ""


@lru_cache(maxsize=1024)
def read_options(text: str) -> Options:
    """Read what `write_options` wrote; names that are no option any more are passed over."""
    if not text:
        return NONE
    known = {field.name for field in fields(Options)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
        if name in known
    }
    return Options(**values)
