"""The table of client metadata. To add a field: a place in `Client` or `Options`, one line here.

A test holds the table to both dataclasses, so no option can be forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from identity.apps.client_keys import ALGORITHMS as SIGNING_OF_APPS
from identity.apps.client_keys import STRICT_ALGORITHMS
from identity.apps.clients import AUTH_METHODS, BASIC, PAIRWISE, PROFILES, SUBJECT_TYPES
from identity.apps.encryption import CIPHERS, KEY_WRAPS
from identity.apps.options import Options
from identity.metadata.rules import (
    Rule,
    flag,
    key_set,
    link,
    links,
    one_of,
    redirects,
    response_types,
    seconds,
    some_of,
    text,
    words,
)
from identity.signing.keys import ALGORITHMS

UNSIGNED = "none"
RESPONSE_MODES = ("query", "form_post", "jwt", "query.jwt", "form_post.jwt")
BAD_METADATA, BAD_REDIRECT = "invalid_client_metadata", "invalid_redirect_uri"  # RFC 7591 §3.2.2


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        name: in the registry.
        rule: what its value may be.
        usual: its value when it is absent.
        at: its place in `Client` or `Options`, if that has another name.
        error: the code with which it is refused.
    """

    name: str
    rule: Rule
    usual: object = ""
    at: str = ""
    error: str = BAD_METADATA

    @property
    def place(self) -> str:
        """Where its value is kept."""
        return self.at or self.name


FIELDS = (
    Field("client_name", text, at="name"),
    Field("redirect_uris", redirects, (), error=BAD_REDIRECT),
    Field("post_logout_redirect_uris", redirects, (), at="logout_uris", error=BAD_REDIRECT),
    Field("token_endpoint_auth_method", one_of(AUTH_METHODS), BASIC, at="auth_method"),
    Field("grant_types", words, ("authorization_code",)),
    Field("response_types", response_types, ()),
    Field("response_modes", some_of(RESPONSE_MODES), ()),
    Field("scope", text, at="scopes"),
    Field("profile", one_of(PROFILES)),
    Field("jwks", key_set),
    Field("jwks_uri", link),
    Field("id_token_signed_response_alg", one_of(ALGORITHMS), at="id_token_alg"),
    Field("userinfo_signed_response_alg", one_of(ALGORITHMS), at="userinfo_alg"),
    Field("subject_type", one_of(SUBJECT_TYPES), PAIRWISE),
    Field("sector_identifier_uri", link),
    Field("default_max_age", seconds, None),
    Field("require_auth_time", flag, usual=False),
    Field("client_uri", link),
    Field("logo_uri", link),
    Field("policy_uri", link),
    Field("tos_uri", link),
    Field("contacts", words, ()),
    Field("initiate_login_uri", link),
    # What follows is kept in `Options`.
    Field("application_type", one_of(("web", "native"))),
    Field("software_id", text),
    Field("software_version", text),
    Field("require_pushed_authorization_requests", flag, usual=False),
    Field("require_signed_request_object", flag, usual=False),
    Field("request_object_signing_alg", one_of((UNSIGNED, *SIGNING_OF_APPS))),
    Field("request_uris", links, ()),
    Field("authorization_signed_response_alg", one_of(ALGORITHMS)),
    Field("dpop_bound_access_tokens", flag, usual=False),
    Field("tls_client_auth_subject_dn", text),
    Field("tls_client_auth_san_dns", text),
    Field("tls_client_auth_san_uri", text),
    Field("tls_client_auth_san_ip", text),
    Field("tls_client_auth_san_email", text),
    Field("tls_client_certificate_bound_access_tokens", flag, usual=False),
    Field("token_endpoint_auth_signing_alg", one_of(SIGNING_OF_APPS)),
    Field("introspection_signed_response_alg", one_of(ALGORITHMS)),
    Field("id_token_encrypted_response_alg", one_of(KEY_WRAPS)),
    Field("id_token_encrypted_response_enc", one_of(CIPHERS)),
    Field("userinfo_encrypted_response_alg", one_of(KEY_WRAPS)),
    Field("userinfo_encrypted_response_enc", one_of(CIPHERS)),
    Field("request_object_encryption_alg", one_of(KEY_WRAPS)),
    Field("request_object_encryption_enc", one_of(CIPHERS)),
    Field("backchannel_logout_uri", link),
    Field("backchannel_logout_session_required", flag, usual=False),
    Field("backchannel_token_delivery_mode", one_of(("poll", "ping"))),
    Field("backchannel_client_notification_endpoint", link),
    Field("backchannel_authentication_request_signing_alg", one_of(STRICT_ALGORITHMS)),
    Field("may_act", words, ()),
    Field("authorization_details_types", words, ()),
)
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
OPTIONS = frozenset(field.name for field in fields(Options))
