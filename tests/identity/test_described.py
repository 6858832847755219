"""Whatever is refused, the reason is written in the characters that OAuth allows."""

import re

import pytest

from tests.identity.browser import basic
from tests.identity.conftest import Site

ALLOWED = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")  # RFC 6749 §5.2
STRANGE = ["演示\"'\\\n", "\x00\x7f", "<é>", "%22%5C"]
PLACES = {
    "/token": ["grant_type", "code", "refresh_token", "scope", "client_id", "code_verifier"],
    "/par": ["response_type", "redirect_uri", "scope", "prompt", "claims", "request", "resource"],
    "/device_authorization": ["scope", "client_id"],
    "/backchannel-authentication": ["scope", "login_hint", "binding_message", "requested_expiry"],
    "/introspect": ["token", "client_id"],
    "/revoke": ["token", "client_id"],
}


@pytest.mark.parametrize("path", PLACES)
def test_a_reason_is_written_in_the_characters_that_it_may_have(site: Site, path: str) -> None:
    http = site.browser().http
    for name in PLACES[path]:
        for value in STRANGE:
            for form in ({name: value}, {"grant_type": "authorization_code", name: value}):
                for headers in (basic(), {}, {"Authorization": "Basic " + ascii(value)}):
                    answer = http.post(path, data=form, headers=headers)
                    assert answer.status_code < 500
                    said = answer.json() if answer.content else {}
                    assert ALLOWED.fullmatch(said.get("error_description", "")), answer.text
                    challenge = answer.headers.get("www-authenticate", "")
                    assert re.fullmatch(r"[\x20-\x7e]*", challenge)
