"""Signing out: who may ask, who is asked, and where one goes then."""

import httpx
import pytest

from identity.signing.tokens import ACCESS, ID, verify_signature
from tests.identity.browser import Browser, form_of, told
from tests.identity.conftest import Site
from tests.identity.world import GOODBYE


def logout(browser: Browser, **parameters: str) -> httpx.Response:
    return browser.http.get("/logout", params=parameters)


def is_signed_in(browser: Browser) -> bool:
    return browser.http.get("/act-for").status_code == 200


def test_an_app_that_knows_the_sign_in_ends_it_and_gets_the_person_back(site: Site) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    state = "s 1" + "".join(map(chr, range(0x20, 0x7F)))  # all that it may be made of
    ask = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE, "state": state}
    site.world.clock.now += 700  # the hint has expired meanwhile
    answer = logout(browser, **ask)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(GOODBYE + "?")
    assert told(answer.headers["location"]) == {"state": state}
    assert not is_signed_in(browser)


def test_signing_out_takes_back_what_was_allowed_from_there(site: Site) -> None:
    browser, elsewhere = site.ready(), site.ready()
    here, there = browser.tokens(), elsewhere.tokens()
    page = browser.http.get("/sign-out")
    answer = browser.submit(page, after="")
    assert "您已退出登录" in browser.http.get(answer.headers["location"]).text
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    assert browser.http.get("/userinfo", headers=headers).status_code == 401
    refresh = {"grant_type": "refresh_token"}
    ended = browser.token(**refresh, refresh_token=here["refresh_token"])
    assert ended.json()["error"] == "invalid_grant"
    assert elsewhere.token(**refresh, refresh_token=there["refresh_token"]).status_code == 200
    assert is_signed_in(elsewhere)


def test_the_old_cookie_opens_nothing_after_signing_out(site: Site) -> None:
    browser = site.ready()
    kept = browser.http.cookies["haihe_session"]
    left = browser.submit(browser.http.get("/sign-out"), after="")
    assert left.headers["set-cookie"].startswith('haihe_session=""; ')
    assert "Max-Age=0" in left.headers["set-cookie"]
    answer = httpx.get(site.url + "/act-for", cookies={"haihe_session": kept})
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.line(42)
@pytest.mark.parametrize(
    "ask",
    [
        {},
        {"state": "s"},
        {"post_logout_redirect_uri": GOODBYE},
        {"client_id": "web", "post_logout_redirect_uri": GOODBYE + "/"},
        {"client_id": "other", "post_logout_redirect_uri": GOODBYE},
        {"client_id": "nobody", "post_logout_redirect_uri": GOODBYE},
        {"logout_hint": "agent"},
        {"post_logout_redirect_uri": "https://evil.example"},
    ],
)
def test_without_a_hint_the_person_is_asked_and_sent_nowhere_else(
    site: Site, ask: dict[str, str]
) -> None:
    browser = site.ready()
    answer = logout(browser, **ask)
    assert answer.headers["location"] == "/sign-out"
    assert is_signed_in(browser)
    page = browser.http.get("/sign-out")
    assert "要退出登录吗" in page.text
    assert browser.submit(page, after="").headers["location"] == "/sign-out"
    assert not is_signed_in(browser)


@pytest.mark.line(42)
def test_the_hint_of_another_sign_in_makes_us_ask_and_then_lead_back(site: Site) -> None:
    hint = site.ready().tokens()["id_token"]
    browser = site.ready()
    answer = logout(browser, id_token_hint=hint, post_logout_redirect_uri=GOODBYE)
    assert is_signed_in(browser)
    page = browser.http.get(answer.headers["location"])
    assert "form-action 'self' http://127.0.0.1:4999" in page.headers["content-security-policy"]
    assert browser.submit(page, after=form_of(page).fields["after"]).headers["location"] == GOODBYE


@pytest.mark.line(42)
@pytest.mark.parametrize(
    "address",
    [GOODBYE + "/", GOODBYE + "?x=1", "https://evil.example", "http://127.0.0.1:5000/bye", ""],
)
def test_an_address_that_is_not_registered_exactly_is_not_used(site: Site, address: str) -> None:
    browser = site.ready()
    hint = browser.tokens()["id_token"]
    answer = logout(browser, id_token_hint=hint, post_logout_redirect_uri=address, state="s")
    assert answer.headers["location"] == "/sign-out"


@pytest.mark.line(42)
def test_a_forged_or_foreign_hint_ends_on_a_page_and_ends_nothing(site: Site) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    hint = tokens["id_token"]
    assert verify_signature(site.world.realm.keys, ACCESS, tokens["access_token"])
    for ask in (
        {"id_token_hint": hint[:-4] + "AAAA"},
        {"id_token_hint": tokens["access_token"]},
        {"id_token_hint": "x"},
        {"id_token_hint": hint, "client_id": "other"},
    ):
        answer = logout(browser, **ask, post_logout_redirect_uri=GOODBYE)
        assert answer.status_code == 400
        assert "location" not in answer.headers
    assert is_signed_in(browser)


def test_a_made_up_target_of_the_confirmation_leads_nowhere(site: Site) -> None:
    browser = site.ready()
    page = browser.http.get("/sign-out", params={"after": "https://evil.example"})
    assert "evil.example" not in page.headers["content-security-policy"]
    assert browser.submit(page, after="https://evil.example").headers["location"] == "/sign-out"


def test_who_is_not_signed_in_any_more_goes_straight_back(site: Site) -> None:
    hint = site.ready().tokens()["id_token"]
    answer = logout(site.browser(), id_token_hint=hint, post_logout_redirect_uri=GOODBYE)
    assert answer.headers["location"] == GOODBYE


def test_logout_may_come_by_post(site: Site) -> None:
    browser = site.ready()
    hint = browser.tokens()["id_token"]
    form = {"id_token_hint": hint, "post_logout_redirect_uri": GOODBYE}
    assert browser.http.post("/logout", data=form).headers["location"] == GOODBYE


def test_signing_in_again_keeps_ones_apps_until_one_signs_out(site: Site) -> None:
    browser = site.ready()
    before = browser.tokens()
    browser.tokens(prompt="login")
    refresh = {"grant_type": "refresh_token"}
    kept = browser.token(**refresh, refresh_token=before["refresh_token"])
    assert kept.status_code == 200
    browser.submit(browser.http.get("/sign-out"), after="")
    ended = browser.token(**refresh, refresh_token=kept.json()["refresh_token"])
    assert ended.json()["error"] == "invalid_grant"


def test_somebody_else_at_the_same_browser_ends_the_apps_of_the_one_before(site: Site) -> None:
    browser = site.ready()
    before = browser.tokens()
    browser.account, browser.party = "person", ""
    browser.tokens(prompt="login")
    ended = browser.token(grant_type="refresh_token", refresh_token=before["refresh_token"])
    assert ended.json()["error"] == "invalid_grant"


def test_an_app_that_only_names_itself_gets_the_person_back_once_they_agreed(site: Site) -> None:
    browser = site.ready()
    ask = {"client_id": "web", "post_logout_redirect_uri": GOODBYE, "state": "s"}
    answer = logout(browser, **ask)
    assert answer.headers["location"].startswith("/sign-out?after=")
    assert is_signed_in(browser)
    page = browser.http.get(answer.headers["location"])
    assert "演示·点餐应用" in page.text
    left = browser.submit(page, after=form_of(page).fields["after"])
    assert left.headers["location"] == GOODBYE + "?state=s"
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("hint", "asks"),
    [("agent", False), ("sid", False), ("sub", False), ("somebody else", True)],
)
def test_a_logout_hint_for_somebody_else_makes_us_ask(site: Site, hint: str, asks: bool) -> None:
    browser = site.ready()
    token = browser.tokens()["id_token"]
    claims = verify_signature(site.world.realm.keys, ID, token)
    ask = {"id_token_hint": token, "logout_hint": str(claims.get(hint, hint))}
    answer = logout(browser, **ask, post_logout_redirect_uri=GOODBYE)
    assert answer.headers["location"].startswith("/sign-out?" if asks else GOODBYE)
    assert is_signed_in(browser) == asks


@pytest.mark.parametrize(
    ("wish", "words"), [("en", "Do you want to sign out?"), ("zh-CN", "要退出登录吗")]
)
def test_the_confirmation_speaks_the_language_the_app_wishes(
    site: Site, wish: str, words: str
) -> None:
    browser = site.ready()
    answer = logout(browser, ui_locales=wish)
    assert words in browser.http.get(answer.headers["location"]).text


def test_a_post_of_another_site_comes_back_with_the_cookie_and_ends_the_sign_in(
    site: Site,
) -> None:
    browser = site.ready()
    hint = browser.tokens()["id_token"]
    form = {"id_token_hint": hint, "post_logout_redirect_uri": GOODBYE, "state": "ä b"}
    answer = httpx.post(site.url + "/logout", data=form)  # SameSite=Lax keeps the cookie back
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/logout?")
    target = browser.http.get(answer.headers["location"]).headers["location"]
    assert told(target) == {"state": "ä b"}
    assert not is_signed_in(browser)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_parameter_that_comes_twice_ends_on_a_page(site: Site, method: str) -> None:
    browser = site.ready()
    hint = browser.tokens()["id_token"]
    encoded = f"id_token_hint={hint}&id_token_hint={hint}"
    if method == "GET":
        answer = browser.http.get("/logout?" + encoded)
    else:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = httpx.post(site.url + "/logout", content=encoded, headers=kind)
    assert answer.status_code == 400
    assert is_signed_in(browser)
