"""Each address answers in the form of its protocol."""

from typing import Any

import httpx

from tests.identity.conftest import Site
from tests.identity.discovered import exercises
from tests.identity.suite import complete, id_token

JSON_ERRORS = (
    "token_endpoint", "introspection_endpoint", "revocation_endpoint", "registration_endpoint",
    "pushed_authorization_request_endpoint", "device_authorization_endpoint",
    "backchannel_authentication_endpoint",
)  # fmt: skip


@exercises("issuer")
def the_name_that_tokens_carry(site: Site, issuer: str) -> None:
    browser = site.browser("reader")
    assert id_token(browser, complete(browser))["iss"] == issuer


def refuses_in_json(site: Site, address: str) -> None:
    answer = httpx.post(address)
    assert answer.status_code in {400, 401}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["error"]


for _member in JSON_ERRORS:
    exercises(_member)(refuses_in_json)


@exercises("authorization_endpoint")
def shows_a_page(site: Site, address: str) -> None:
    answer = httpx.get(address)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


@exercises("userinfo_endpoint")
def challenges(site: Site, address: str) -> None:
    for answer in (httpx.get(address), httpx.post(address)):
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["www-authenticate"]


@exercises("end_session_endpoint")
def asks_before_it_ends(site: Site, address: str) -> None:
    answer = httpx.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-out")


@exercises("jwks_uri")
def publishes_keys(site: Site, address: str) -> None:
    keys: list[dict[str, Any]] = httpx.get(address).json()["keys"]
    assert keys
    assert len({key["kid"] for key in keys}) == len(keys)
