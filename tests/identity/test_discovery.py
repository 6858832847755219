"""What apps are told about the provider, held against what it does."""

import httpx
from authlib.oidc.discovery import OpenIDProviderMetadata

from identity.asking.scopes import SCOPES
from tests.identity.conftest import Site


def test_discovery_is_sound_and_every_address_in_it_answers(site: Site) -> None:
    http = site.browser().http
    answer = http.get("/.well-known/openid-configuration")
    assert answer.headers["content-type"] == "application/json"
    metadata = answer.json()
    assert metadata["issuer"] == site.url
    checked = OpenIDProviderMetadata(metadata)
    for name in (
        "issuer", "response_types_supported", "subject_types_supported",
        "code_challenge_methods_supported", "scopes_supported", "claims_supported",
        "token_endpoint_auth_methods_supported", "grant_types_supported",
    ):  # fmt: skip
        getattr(checked, f"validate_{name}")()
    for name, address in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert httpx.post(address).status_code != 404, name
    assert metadata["scopes_supported"] == list(SCOPES)


def test_the_keys_are_public_halves_only(site: Site) -> None:
    keys = site.browser().http.get("/jwks").json()["keys"]
    names = {"kty", "kid", "use", "alg"}
    parts = {"ES256": {"crv", "x", "y"}, "RS256": {"n", "e"}, "EdDSA": {"crv", "x"}}
    signing = [key for key in keys if key["use"] == "sig"]
    assert {key["alg"]: set(key) - names for key in signing} == parts
    others = [set(key) - names for key in keys if key["use"] == "enc"]
    assert others == [{"crv", "x", "y"}, {"n", "e"}]
