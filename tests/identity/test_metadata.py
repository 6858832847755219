"""The table of client metadata, held against the dataclasses that keep it and the refusals."""

from dataclasses import fields
from typing import Any

import pytest

from identity.apps.clients import BASIC, COMPATIBLE, PUBLIC, SERVICE, STANDARD, WEB, Client
from identity.asking.scopes import SCOPES
from identity.errors import BadRegistrationRequest
from identity.metadata.allowances import BY_ITSELF, by_operator
from identity.metadata.fields import FIELDS, OPTIONS
from identity.metadata.reading import describe_metadata, read_client
from identity.metadata.rules import MOST_CHARACTERS, MOST_KEYS, MOST_SECONDS, MOST_VALUES

ADDRESS = "https://app.example/cb"
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # RFC 7517 Appendix A.1 style public key (RFC 7515 Appendix A.3)
KEYS = {"keys": [KEY]}
OPERATOR = by_operator("the owner")
NOT_METADATA = {
    "client_id", "owner_id", "kind", "secret_hash", "old_secret_hash", "old_secret_until",
    "sector", "introspects", "demo", "registration_hash", "options",
}  # fmt: skip

# Every field with a value that differs from its usual one; what it needs beside it is there too.
FULL: dict[str, Any] = {
    "client_name": "演示·全的应用",
    "redirect_uris": [ADDRESS, "https://app.example/cb?x=y"],
    "post_logout_redirect_uris": ["https://app.example/bye"],
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "response_types": ["code"],
    "response_modes": ["form_post", "jwt"],
    "scope": "openid profile email",
    "profile": "standard",
    "jwks": KEYS,
    "id_token_signed_response_alg": "EdDSA",
    "userinfo_signed_response_alg": "RS256",
    "subject_type": "pairwise",
    "sector_identifier_uri": "https://sector.example/list",
    "default_max_age": 600,
    "require_auth_time": True,
    "client_uri": "https://app.example/",
    "logo_uri": "https://app.example/logo.png",
    "policy_uri": "https://app.example/policy",
    "tos_uri": "https://app.example/terms",
    "contacts": ["people@app.example"],
    "initiate_login_uri": "https://app.example/begin",
    "application_type": "web",
    "software_id": "an app",
    "software_version": "2.1",
    "require_pushed_authorization_requests": True,
    "require_signed_request_object": True,
    "request_object_signing_alg": "ES256",
    "request_uris": ["https://app.example/request#digest"],
    "authorization_signed_response_alg": "ES256",
    "dpop_bound_access_tokens": True,
    "tls_client_auth_subject_dn": "CN=app",
    "tls_client_auth_san_dns": "app.example",
    "tls_client_auth_san_uri": "https://app.example/",
    "tls_client_auth_san_ip": "192.0.2.7",
    "tls_client_auth_san_email": "it@app.example",
    "tls_client_certificate_bound_access_tokens": True,
    "introspection_signed_response_alg": "ES256",
    "request_object_encryption_alg": "RSA-OAEP-256",
    "request_object_encryption_enc": "A256GCM",
    "id_token_encrypted_response_alg": "ECDH-ES",
    "id_token_encrypted_response_enc": "A256GCM",
    "userinfo_encrypted_response_alg": "ECDH-ES+A128KW",
    "userinfo_encrypted_response_enc": "A128GCM",
    "backchannel_logout_uri": "https://app.example/ended",
    "backchannel_logout_session_required": True,
    "backchannel_token_delivery_mode": "ping",
    "backchannel_client_notification_endpoint": "https://app.example/ping",
    "backchannel_authentication_request_signing_alg": "ES256",
    "may_act": ["back-end"],
    "authorization_details_types": ["licence"],
}
APART = {  # what excludes something in FULL
    "jwks_uri": "https://app.example/jwks",
}


def read(document: Any, allowance: Any = OPERATOR) -> Client:
    listed = b'["https://app.example/cb", "https://app.example/cb?x=y"]'
    return read_client(document, "the-app", allowance, lambda _: listed)


def refused(document: Any, allowance: Any = OPERATOR) -> BadRegistrationRequest:
    with pytest.raises(BadRegistrationRequest) as caught:
        read(document, allowance)
    return caught.value


def test_every_place_of_a_client_has_its_line_in_the_table() -> None:
    places = {field.place for field in FIELDS}
    kept = {field.name for field in fields(Client)} - NOT_METADATA
    assert places == (kept | OPTIONS)


def test_every_field_can_be_registered_and_is_told_back() -> None:
    told = describe_metadata(read(FULL))
    assert {name: told.get(name) for name in FULL} == FULL
    missing = (
        {field.name for field in FIELDS if "encr" not in field.name} - FULL.keys() - APART.keys()
    )
    assert missing == set(), "write a value for the new field into FULL or APART"


@pytest.mark.parametrize("name", APART)
def test_fields_that_exclude_others_can_be_registered_too(name: str) -> None:
    excluded = {"jwks_uri": {"jwks"}}[name]
    document = {key: value for key, value in FULL.items() if key not in excluded}
    assert describe_metadata(read({**document, name: APART[name]}))[name] == APART[name]


@pytest.mark.parametrize("document", [FULL, {"redirect_uris": [ADDRESS]}])
@pytest.mark.parametrize("allowance", [OPERATOR, BY_ITSELF])
def test_what_is_told_can_be_registered_again_and_changes_nothing(
    document: dict[str, Any], allowance: Any
) -> None:
    grants = ["authorization_code", "refresh_token"]
    client = read({**document, "grant_types": grants}, allowance)
    told = {name: value for name, value in describe_metadata(client).items() if name != "client_id"}
    assert read(told, allowance) == client


@pytest.mark.parametrize("value", [None, ""])
def test_null_and_empty_count_as_absent(value: object) -> None:
    names = {field.name for field in FIELDS} - {"redirect_uris"}
    blank = dict.fromkeys(names, value)
    assert read({"redirect_uris": [ADDRESS]} | blank) == read({"redirect_uris": [ADDRESS]})


WRONG: dict[str, list[Any]] = {
    "client_name": [1, "two\nlines", "x" * (MOST_CHARACTERS + 1), ["x"]],
    "redirect_uris": [[], "x", [1], ["http://a.example/cb"], [ADDRESS + "#x"], [ADDRESS] * 21],
    "post_logout_redirect_uris": [["http://a.example/"], "x"],
    "token_endpoint_auth_method": ["client_secret_plain", 1, ["none"]],
    "grant_types": ["authorization_code", ["password"], ["implicit"], [{}], ["refresh_token"]],
    "response_types": [["token"], ["code", "id_token"], "code", [[]]],
    "response_modes": [["fragment"], "query", [None]],
    "profile": ["lax", {}],
    "jwks": [[], {}, {"keys": 1}, {"keys": [1]}, {"keys": [{**KEY, "d": "x"}]},
             {"keys": [{"kty": "oct", "k": "x"}]}, {"keys": [KEY] * (MOST_KEYS + 1)}],
    "jwks_uri": ["http://a.example/jwks", "https://", "https://u@a.example/", 1, "https://a/#x"],
    "id_token_signed_response_alg": ["none", "HS256", 1],
    "subject_type": ["both"],
    "default_max_age": [True, -1, "1", 1.5, MOST_SECONDS],
    "require_auth_time": ["true", 1],
    "contacts": ["me", ["two words"], [""], ["x"] * (MOST_VALUES + 1)],
    "request_uris": [["http://a.example/r"], [1]],
    "application_type": ["desktop"],
    "backchannel_token_delivery_mode": ["push"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_what_a_field_may_not_be_is_refused_by_its_name(name: str, value: Any) -> None:
    error = refused({"redirect_uris": [ADDRESS], name: value})
    assert name in str(error)
    usual = "invalid_client_metadata"
    assert error.code == ("invalid_redirect_uri" if "redirect_uris" in name else usual)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_name", "x" * MOST_CHARACTERS),
        ("jwks", {"keys": [KEY] * MOST_KEYS}),
        ("default_max_age", MOST_SECONDS - 1),
        ("default_max_age", 0),
        ("contacts", ["x"] * MOST_VALUES),
        ("redirect_uris", [f"{ADDRESS}/{n}" for n in range(MOST_VALUES)]),
    ],
)
def test_what_lies_just_within_a_bound_is_accepted(name: str, value: Any) -> None:
    read({"redirect_uris": [ADDRESS], name: value})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jwks": KEYS, "jwks_uri": "https://app.example/jwks"}, "jwks and jwks_uri"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "private_key_jwt needs jwks"),
        ({"require_signed_request_object": True}, "require_signed_request_object needs jwks"),
        (
            {"require_signed_request_object": True, "jwks": KEYS}
            | {"request_object_signing_alg": "none"},
            "contradicts",
        ),
        ({"token_endpoint_auth_signing_alg": "ES256"}, "is for private_key_jwt"),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS}
            | {"token_endpoint_auth_signing_alg": "RS256"},
            "in this profile",
        ),
        ({"profile": "compatible", "token_endpoint_auth_method": "none"}, "profile compatible"),
        ({"profile": "fapi2"}, "profile fapi2"),
        (
            {"profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS}
            | {"id_token_signed_response_alg": "RS256"},
            "id_token_signed_response_alg",
        ),
        ({"application_type": "web", "redirect_uris": ["com.example:/cb"]}, "application_type"),
        ({"backchannel_logout_session_required": True}, "backchannel_logout_uri"),
        ({"id_token_encrypted_response_enc": "A128GCM"}, "needs id_token_encrypted_response_alg"),
        ({"request_object_encryption_enc": "A128GCM"}, "needs request_object_encryption_alg"),
        ({"id_token_encrypted_response_alg": "ECDH-ES"}, "needs a fitting key"),
        (
            {"userinfo_encrypted_response_alg": "RSA-OAEP-256", "jwks": KEYS},
            "needs a fitting key",
        ),
        ({"id_token_encrypted_response_alg": "RSA1_5", "jwks": KEYS}, "is one of"),
        ({"id_token_encrypted_response_alg": "RSA-OAEP", "jwks": KEYS}, "is one of"),
        ({"backchannel_token_delivery_mode": "ping"}, "notification_endpoint"),
        ({"grant_types": ["client_credentials"]}, "redirect_uris"),
        (
            {"grant_types": ["client_credentials"], "redirect_uris": []}
            | {"response_types": ["code"]},
            "response_types",
        ),
        (
            {"grant_types": ["client_credentials"], "redirect_uris": []}
            | {"token_endpoint_auth_method": "none"},
            "apps that prove themselves",
        ),
        ({"software_statement": "e30.e30."}, "software_statement"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], words: str) -> None:
    assert words in str(refused({"redirect_uris": [ADDRESS]} | changes))


@pytest.mark.parametrize("document", [None, [], "x", 1])
def test_metadata_is_an_object(document: object) -> None:
    assert "JSON object" in str(refused(document))


def test_the_kind_of_an_app_follows_from_its_grants_and_its_proof() -> None:
    own = {"grant_types": ["client_credentials"], "scope": "licence.verify openid"}
    assert read(own).kind == SERVICE
    assert read({"redirect_uris": [ADDRESS], "token_endpoint_auth_method": "none"}).kind == PUBLIC
    web = read(
        {"redirect_uris": [ADDRESS], "grant_types": [*own["grant_types"], "authorization_code"]}
    )
    assert (web.kind, web.auth_method) == (WEB, BASIC)
    assert "client_credentials" in web.grants


def test_who_registers_an_app_decides_what_it_may_have() -> None:
    document = {"redirect_uris": [ADDRESS], "scope": "profile licence.read made.up"}
    assert read(document).scopes == {"openid", "profile", "licence.read"}
    assert read(document, BY_ITSELF).scopes == {"openid", "profile"}
    assert read({"redirect_uris": [ADDRESS]}, BY_ITSELF).scopes < SCOPES.keys()
    assert "grant_types" in str(refused(FULL, BY_ITSELF))
    profiles = [read({"redirect_uris": [ADDRESS]}, each).profile for each in (OPERATOR, BY_ITSELF)]
    assert profiles == [STANDARD, COMPATIBLE]
    algorithms = [
        read({"redirect_uris": [ADDRESS]}, each).id_token_alg for each in (OPERATOR, BY_ITSELF)
    ]
    assert algorithms == ["ES256", "RS256"]
