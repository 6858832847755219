"""How apps prove themselves, and with which algorithms."""

import json
from typing import Any

from identity.apps.clients import COMPATIBLE
from tests.identity.browser import basic
from tests.identity.conftest import Site
from tests.identity.discovered import exercises
from tests.identity.discovered.apps import send, sign_in, signing_app, verified
from tests.identity.holding import Holder
from tests.identity.pushing import add_bank, request_object
from tests.identity.suite import id_token
from tests.identity.test_client_certificates import GOOD, NAME, SELF
from tests.identity.test_encryption import EC, RSA, claims_in, encrypt_to_us, opened, public
from tests.identity.test_registration import registered, tokens_of
from tests.identity.test_request_objects import CORE
from tests.identity.test_request_objects import asked as asked_by_core
from tests.identity.world import SERVICE_SECRET

PATHS = {"token": "/token", "introspection": "/introspect", "revocation": "/revoke"}


def app_with(site: Site, method: str, **more: Any) -> dict[str, Any]:
    if method == "private_key_jwt":
        return signing_app(site)
    if method == "tls_client_auth":
        more |= {"tls_client_auth_subject_dn": NAME}
    elif method == "self_signed_tls_client_auth":
        more |= {"jwks": json.loads(SELF.key_set())}
    return registered(site.browser(), token_endpoint_auth_method=method, **more)


def prove(site: Site, path: str, app: dict[str, Any], alg: str = "ES256") -> None:
    """The endpoint lets the app in: it complains about what is asked, not about who asks."""
    form = {"grant_type": "refresh_token", "refresh_token": "none of ours", "token": "none"}
    answer = send(site, path, app, form, alg)
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert answer.json()["error"] == "invalid_grant"


@exercises("token_endpoint_auth_methods_supported")
def an_app_is_let_in(site: Site, method: str) -> None:
    app = app_with(site, method)
    prove(site, PATHS["token"], app)
    assert id_token(site.browser(), sign_in(site, app))["aud"] == app["client_id"]


@exercises("introspection_endpoint_auth_methods_supported")
def an_app_may_introspect(site: Site, method: str) -> None:
    prove(site, PATHS["introspection"], app_with(site, method))


@exercises("revocation_endpoint_auth_methods_supported")
def an_app_may_revoke(site: Site, method: str) -> None:
    prove(site, PATHS["revocation"], app_with(site, method))


@exercises("token_endpoint_auth_signing_alg_values_supported")
def an_assertion_for_tokens(site: Site, alg: str) -> None:
    prove(site, PATHS["token"], signing_app(site, token_endpoint_auth_signing_alg=alg), alg)


@exercises("introspection_endpoint_auth_signing_alg_values_supported")
def an_assertion_for_introspection(site: Site, alg: str) -> None:
    prove(site, PATHS["introspection"], signing_app(site), alg)


@exercises("revocation_endpoint_auth_signing_alg_values_supported")
def an_assertion_for_revocation(site: Site, alg: str) -> None:
    prove(site, PATHS["revocation"], signing_app(site), alg)


@exercises("dpop_signing_alg_values_supported")
def a_token_is_bound(site: Site, alg: str) -> None:
    form = {"grant_type": "client_credentials"}
    proof = {"DPoP": Holder(site, alg).proof("/token")}
    headers = {**basic("service", SERVICE_SECRET), **proof}
    answer = site.browser().http.post("/token", data=form, headers=headers)
    assert answer.json()["token_type"] == "DPoP"


@exercises("introspection_signing_alg_values_supported")
def introspection_is_signed(site: Site, alg: str) -> None:
    app = registered(site.browser(), introspection_signed_response_alg=alg)
    answer = send(site, PATHS["introspection"], app, {"token": "none"}, alg)
    assert verified(site, answer.text, alg)["token_introspection"] == {"active": False}


@exercises("id_token_signing_alg_values_supported")
def an_id_token_is_signed(site: Site, alg: str) -> None:
    app = registered(site.browser(), id_token_signed_response_alg=alg)
    assert verified(site, sign_in(site, app)["id_token"], alg)["aud"] == app["client_id"]


@exercises("userinfo_signing_alg_values_supported")
def userinfo_is_signed(site: Site, alg: str) -> None:
    browser = site.browser("reader")
    app = registered(browser, userinfo_signed_response_alg=alg)
    headers = {"Authorization": f"Bearer {sign_in(site, app, browser)['access_token']}"}
    assert verified(site, browser.http.get("/userinfo", headers=headers).text, alg)["sub"]


def encrypted(site: Site, answer: str, wrap: str, cipher: str) -> None:
    browser = site.browser("reader")
    wanted = {f"{answer}_encrypted_response_alg": wrap, f"{answer}_encrypted_response_enc": cipher}
    app = registered(browser, jwks=public(EC, RSA), userinfo_signed_response_alg="RS256", **wanted)
    tokens = tokens_of(browser, app)
    text = tokens["id_token"]
    if answer == "userinfo":
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        text = browser.http.get("/userinfo", headers=headers).text
    assert claims_in(browser, opened(text, wrap, cipher))["sub"]


@exercises("id_token_encryption_alg_values_supported")
def a_key_of_an_id_token_is_wrapped(site: Site, wrap: str) -> None:
    encrypted(site, "id_token", wrap, "A256GCM")


@exercises("id_token_encryption_enc_values_supported")
def an_id_token_is_encrypted(site: Site, cipher: str) -> None:
    encrypted(site, "id_token", "ECDH-ES", cipher)


@exercises("userinfo_encryption_alg_values_supported")
def a_key_of_userinfo_is_wrapped(site: Site, wrap: str) -> None:
    encrypted(site, "userinfo", wrap, "A256GCM")


@exercises("userinfo_encryption_enc_values_supported")
def userinfo_is_encrypted(site: Site, cipher: str) -> None:
    encrypted(site, "userinfo", "ECDH-ES", cipher)


MEMBER = "tls_client_certificate_bound_access_tokens"


@exercises(MEMBER)
def a_token_is_bound_to_a_certificate(site: Site, supported: bool) -> None:
    app = app_with(site, "self_signed_tls_client_auth", **{MEMBER: supported})
    token = sign_in(site, app)["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    http = site.browser().http
    assert http.get("/userinfo", headers=bearer).status_code == 401
    assert http.get("/userinfo", headers={**bearer, **SELF.headers()}).status_code == 200
    assert http.get("/userinfo", headers={**bearer, **GOOD.headers()}).status_code == 401


def sent_encrypted(site: Site, wrap: str, cipher: str) -> None:
    add_bank(site.world, CORE, profile=COMPATIBLE)
    text = encrypt_to_us(site, request_object(site.world, CORE), wrap, cipher)
    assert site.browser("reader").authorize(asked_by_core(request=text))["code"]


@exercises("request_object_encryption_alg_values_supported")
def a_key_of_a_request_is_wrapped(site: Site, wrap: str) -> None:
    sent_encrypted(site, wrap, "A256GCM")


@exercises("request_object_encryption_enc_values_supported")
def a_request_is_encrypted(site: Site, cipher: str) -> None:
    sent_encrypted(site, "ECDH-ES", cipher)
