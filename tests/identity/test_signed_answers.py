"""Answers at the app's address: signed (JARM), plain, posted, and only as the app may have them."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.apps.clients import COMPATIBLE, STANDARD
from identity.errors import BadAccessToken
from identity.signing.tokens import ACCESS, ID, verify_signature
from identity.telling.responding import ANSWER_SECONDS
from service.tour.forms import read_forms
from tests.identity.browser import Browser, request_of, told
from tests.identity.conftest import Site
from tests.identity.pushing import BANK, add_bank, link, push, push_object, request_object
from tests.identity.world import REDIRECT

module, line = pytest.mark.module, pytest.mark.line
FINAL = "fapi2-security-profile-final-"
JARM = "jarm"


@pytest.fixture
def app(site: Site) -> Site:
    add_bank(site.world, JARM, profile=STANDARD)
    return site


def read(site: Site, text: str, alg: str = "ES256") -> dict[str, Any]:
    """Read a signed answer as an app would."""
    keys = KeySet.import_key_set(site.browser().http.get("/jwks").json())
    token = jwt.decode(text, keys, [alg])
    assert token.header["alg"] == alg
    return dict(token.claims)


def posted(page: httpx.Response) -> dict[str, str]:
    """What the browser would post to the app."""
    assert page.status_code == 200
    (form,) = [each for each in read_forms(page.text) if each.action.startswith(REDIRECT)]
    return dict(form.fields)


def arrive(site: Site, browser: Browser, **changes: str | None) -> httpx.Response:
    """What the browser of somebody gets who has signed in and agreed before."""
    browser.authorize(request_of(client_id=JARM))
    return browser.http.get("/authorize", params=request_of(client_id=JARM, **changes))


@line(8)
@pytest.mark.parametrize("mode", ["jwt", "query.jwt"])
def test_a_signed_answer_holds_all_and_nothing_stands_beside_it(app: Site, mode: str) -> None:
    answer = app.browser().authorize(request_of(client_id=JARM, response_mode=mode))
    assert answer.keys() == {"response"}
    said = read(app, answer["response"])
    assert said.keys() == {"code", "state", "iss", "aud", "exp"}
    assert said["state"] == "the state"
    assert (said["iss"], said["aud"]) == (app.url, JARM)
    assert said["exp"] == app.world.clock.now + ANSWER_SECONDS
    assert ANSWER_SECONDS <= 600


@line(8)
def test_a_signed_answer_may_be_posted(app: Site) -> None:
    page = arrive(app, app.browser(), response_mode="form_post.jwt")
    fields = posted(page)
    assert fields.keys() == {"response"}
    assert read(app, fields["response"])["code"]
    assert "form-action 'self' http://127.0.0.1:4999" in page.headers["content-security-policy"]


@line(8)
@pytest.mark.parametrize("mode", ["jwt", "query.jwt"])
def test_an_error_is_signed_too(app: Site, mode: str) -> None:
    for changes, error in (
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"request": "a.b.c"}, "invalid_request_object"),
    ):
        asked = request_of(client_id=JARM, **{"response_mode": mode, **changes})
        said = read(app, app.browser().authorize(asked)["response"])
        assert said["error"] == error
        assert (said["iss"], said["aud"], said["state"]) == (app.url, JARM, "the state")


def test_an_error_may_be_signed_and_posted(app: Site) -> None:
    page = arrive(app, app.browser(), response_mode="form_post.jwt", max_age="soon")
    assert read(app, posted(page)["response"])["error"] == "invalid_request"


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
def test_the_registered_algorithm_signs(site: Site, alg: str) -> None:
    client_id = f"jarm-{alg}"
    add_bank(site.world, client_id, profile=STANDARD, authorization_signed_response_alg=alg)
    answer = site.browser().authorize(request_of(client_id=client_id, response_mode="jwt"))
    assert read(site, answer["response"], alg)["code"]


def test_a_signed_answer_passes_for_no_other_token(app: Site) -> None:
    answer = app.browser().authorize(request_of(client_id=JARM, response_mode="jwt"))
    for kind in (ACCESS, ID):
        with pytest.raises(BadAccessToken):
            verify_signature(app.world.realm.keys, kind, answer["response"])


def test_an_address_keeps_its_own_parameters(site: Site) -> None:
    address = REDIRECT + "?foo=bar"
    add_bank(site.world, "jarm-own", profile=COMPATIBLE, redirect_uris=(address,))
    asked = request_of(client_id="jarm-own", redirect_uri=address, response_mode="jwt")
    answer = site.browser().authorize(asked)
    assert answer["foo"] == "bar"
    assert "foo" not in read(site, answer["response"])


def test_a_bank_may_push_a_request_for_a_signed_answer(site: Site) -> None:
    add_bank(site.world)
    plain, signed = (
        push(site, response_mode="jwt"),
        push_object(site, request_object(site.world, response_mode="jwt")),
    )
    for answer in (plain, signed):
        said = read(site, site.browser().authorize(link(answer))["response"])
        assert said["code"]
        assert said["aud"] == BANK


# The allowlist of an app.


def restrict(site: Site, *modes: str) -> str:
    """An app that may be answered in these ways alone."""
    client_id = "only-" + "-".join(modes)
    add_bank(site.world, client_id, profile=STANDARD)
    with site.world.working() as work:
        client = work.store.clients.find(client_id)
        assert client is not None
        work.store.clients.replace(replace(client, response_modes=modes))
    return client_id


@line(11)
@pytest.mark.parametrize(
    ("allowed", "asked", "works"),
    [
        (("query",), None, True),
        (("query",), "query", True),
        (("query",), "form_post", False),
        (("query",), "jwt", False),
        (("query",), "form_post.jwt", False),
        (("jwt",), "jwt", True),
        (("jwt",), None, False),
        (("jwt",), "query", False),
        (("jwt",), "query.jwt", False),
        (("form_post",), "fragment", False),
        ((), "fragment", False),
        ((), "fragment.jwt", False),
        ((), "web_message", False),
    ],
)
def test_an_app_is_answered_only_as_it_registered(
    site: Site, allowed: tuple[str, ...], asked: str | None, works: bool
) -> None:
    client_id = restrict(site, *allowed) if allowed else "web"
    browser = site.browser()
    browser.authorize(request_of(client_id="web"))
    response = browser.http.get(
        "/authorize", params=request_of(client_id=client_id, response_mode=asked)
    )
    if works:
        assert browser.walk(response)
        return
    said = told(response.headers["location"])  # in the query: never as it may not be answered
    assert said["error"] == "invalid_request"
    assert said["iss"] == site.url
    assert said["state"] == "the state"


@line(10)
def test_every_redirect_to_an_app_is_303(app: Site) -> None:
    for mode in (None, "query", "jwt"):
        for changes in ({}, {"max_age": "soon"}):
            assert arrive(app, app.browser(), response_mode=mode, **changes).status_code == 303
