"""Every form of ours carries a token of its browser; without it nothing changes (line 34)."""

import re

import pytest
from fastapi import FastAPI

from service.tour.forms import read_forms
from tests.identity.browser import Browser
from tests.identity.conftest import Site
from tests.identity.world import PASSWORD, World, make_app

# Where programs talk, or other sites send a browser; none of them acts on the cookie alone.
PROTOCOL = {
    "/authorize", "/token", "/introspect", "/revoke", "/userinfo", "/logout", "/par", "/register",
    "/device_authorization", "/bc-authorize",
}  # fmt: skip


def paths_of_forms(world: World) -> set[str]:
    """Every page of identity that takes a form."""
    return paths_in(make_app(world))


def paths_in(app: FastAPI) -> set[str]:
    """Every address that takes a POST, but those of the protocol: a new page is here by itself."""
    found = set()
    for route in app.routes:
        for each in getattr(getattr(route, "original_router", None), "routes", [route]):
            if "POST" in (getattr(each, "methods", None) or ()):
                found.add(str(getattr(each, "path", "")))
    return {re.sub(r"{[^}]*}", "x", path) for path in found - PROTOCOL}


def test_the_walk_finds_the_pages(world: World) -> None:
    found = paths_of_forms(world)
    assert {"/sign-in", "/act-for", "/consent", "/sign-out", "/account"} <= found


@pytest.mark.line(34)
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "nobody"])
def test_line_34_no_form_is_taken_without_the_token_of_its_browser(
    site: Site, signed_in: bool
) -> None:
    browser = site.ready() if signed_in else site.browser()
    browser.http.get("/sign-in")  # a browser that we know
    stranger = site.browser()
    foreign = read_forms(stranger.http.get("/sign-in").text)[0].fields["csrf"]
    for path in sorted(paths_of_forms(site.world)):
        for fields in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": foreign}):
            answer = browser.http.post(path, data={"account": "agent", "act": "x", **fields})
            assert answer.status_code == 403, (path, fields, answer.status_code)


@pytest.mark.line(34)
def test_line_34_a_form_that_another_site_sends_is_refused_even_with_the_token(
    site: Site,
) -> None:
    browser = site.ready()
    token = read_forms(browser.http.get("/account").text)[0].fields["csrf"]
    for path in sorted(paths_of_forms(site.world)):
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "http://["},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = browser.http.post(path, data={"csrf": token}, headers=headers)
            assert answer.status_code == 403, (path, headers)


def shown(browser: Browser, paths: set[str]) -> list[tuple[str, str]]:
    return [(path, browser.http.get(path).text) for path in sorted(paths)]


@pytest.mark.line(34)
def test_line_34_each_form_on_each_page_carries_the_token(site: Site) -> None:
    browser, count = site.ready(), 0
    for path, page in shown(browser, paths_of_forms(site.world)):
        for form in read_forms(page):
            if form.method == "post":
                assert form.fields.get("csrf"), (path, form.action)
                count += 1
    assert count > 5


@pytest.mark.line(34)
def test_line_34_nobody_is_signed_in_by_a_form_of_another_site(site: Site) -> None:
    victim = site.browser()
    victim.http.get("/sign-in")
    attacker = read_forms(site.browser().http.get("/sign-in").text)[0].fields
    filled = {**attacker, "account": "agent", "password": PASSWORD}
    assert victim.http.post("/sign-in", data=filled).status_code == 403
    assert victim.http.get("/account").status_code == 303
