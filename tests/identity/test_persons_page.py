"""A person's own page: what it shows, and that what it ends has ended at once."""

import re
from html import unescape

import httpx
import pytest

from identity.people.visits import device_of, household_of, network_of
from identity.sign_in.signing_in import NOWHERE, note_sign_in
from identity.store.housekeeping import HISTORY_SECONDS
from service.tour.forms import Form, read_forms
from tests.identity.browser import Browser, request_of
from tests.identity.conftest import Site
from tests.identity.test_back_channel import userinfo
from tests.identity.world import COMPANY, PASSWORD, World, world_bytes

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML) Chrome/140.0 Safari/537.36"
WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604 MicroMessenger/8.0"


def account_page(browser: Browser) -> str:
    page = browser.http.get("/account")
    assert page.status_code == 200, page.headers
    return unescape(page.text)


def forms_of(browser: Browser, act: str) -> list[Form]:
    forms = read_forms(browser.http.get("/account").text)
    return [form for form in forms if form.fields.get("act") == act]


def press(browser: Browser, act: str, **changed: str) -> httpx.Response:
    form = forms_of(browser, act)[0]
    return browser.http.post("/account", data={**form.fields, **changed})


def signed_in(site: Site, agent: str = CHROME, account: str = "person") -> Browser:
    browser = site.browser(account)
    browser.http.headers["user-agent"] = agent
    assert browser.submit(browser.http.get("/sign-in")).status_code == 303
    return browser


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (CHROME, "Chrome · Windows"),
        (WECHAT, "WeChat · iOS"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox · Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537 EdgA/140", "Edge · Android"),
        ("curl/8", ""),
        ("", ""),
        ("x" * 5000 + "Chrome", ""),
    ],
)
def test_a_device_is_named_coarsely(agent: str, device: str) -> None:
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::5", "2001:db8:1::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_an_address_loses_its_last_part(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.line(35)
@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("somewhere", "somewhere"),
    ],
)
def test_line_35_a_new_ipv6_address_for_each_try_is_no_new_sender(
    address: str, counted: str
) -> None:
    assert household_of(address) == counted


def test_who_is_not_signed_in_is_sent_there(site: Site) -> None:
    answer = site.browser().http.get("/account")
    assert answer.headers["location"] == "/sign-in?return_to=/account"


@pytest.mark.line(41)
def test_the_page_shows_all_sign_ins_and_marks_this_one(site: Site) -> None:
    signed_in(site, WECHAT)
    page = account_page(signed_in(site))
    assert "Chrome · Windows" in page
    assert "WeChat · iOS" in page
    assert page.count("就是这里") == 1


@pytest.mark.line(41)
def test_another_sign_in_ends_at_once_and_takes_its_tokens_along(site: Site) -> None:
    elsewhere = signed_in(site, WECHAT)
    elsewhere.party = "本人"
    access = elsewhere.tokens()["access_token"]
    here = signed_in(site)
    assert press(here, "end").headers["location"] == "/account?done=end"
    assert elsewhere.http.get("/account").status_code == 303
    assert userinfo(site, access).status_code == 401
    assert "登录已经结束" in here.http.get("/account?done=end").text


@pytest.mark.line(41)
def test_nobody_ends_the_sign_in_of_somebody_else(site: Site) -> None:
    signed_in(site, WECHAT)
    stranger, agent = signed_in(site), signed_in(site, account="agent")
    victim = forms_of(stranger, "end")[0].fields["session"]
    page = agent.http.get("/account").text
    everywhere = forms_of(agent, "everywhere")[0].fields
    answer = agent.http.post("/account", data={**everywhere, "act": "end", "session": victim})
    assert answer.headers["location"] == "/account"
    assert victim not in page
    assert len(forms_of(stranger, "end")) >= 1
    assert any(form.fields["session"] == victim for form in forms_of(stranger, "end"))


def test_signing_out_everywhere_ends_all_and_what_apps_hold(site: Site) -> None:
    elsewhere = signed_in(site, WECHAT)
    tokens = elsewhere.tokens()
    here = signed_in(site)
    answer = press(here, "everywhere")
    assert answer.headers["location"] == "/sign-out"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    for browser in (here, elsewhere):
        assert browser.http.get("/account").status_code == 303
    refreshed = here.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.json()["error"] == "invalid_grant"


@pytest.mark.line(41)
def test_line_41_withdrawal_works_at_the_next_call(site: Site) -> None:
    browser = signed_in(site)
    tokens = browser.tokens()
    assert userinfo(site, tokens["access_token"]).status_code == 200
    page = account_page(browser)
    assert "演示·点餐应用" in page
    assert "您的姓名" in page
    answer = press(browser, "withdraw")
    assert answer.headers["location"] == "/account?done=withdraw"
    assert userinfo(site, tokens["access_token"]).status_code == 401
    refreshed = browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.json()["error"] == "invalid_grant"
    asked = browser.http.get("/authorize", params=request_of())
    assert asked.headers["location"].startswith("/consent")
    assert "演示·点餐应用" not in account_page(browser)


def test_withdrawal_for_oneself_leaves_what_was_allowed_for_a_company(site: Site) -> None:
    browser = site.ready()
    access = browser.tokens()["access_token"]
    own = forms_of(browser, "withdraw")[0].fields | {"party": "somebody"}
    browser.http.post("/account", data=own)
    assert userinfo(site, access).status_code == 200
    assert COMPANY in account_page(browser)


def test_the_history_has_successes_and_failures_and_no_full_address(site: Site) -> None:
    browser = site.browser("person")
    browser.http.headers["user-agent"] = CHROME
    page = browser.http.get("/sign-in")
    wrong = "the wrong password"
    assert browser.submit(page, account="person", password=wrong).status_code == 400
    site.world.clock.now += 1
    browser.submit(page, account="person", password=PASSWORD)
    shown = account_page(browser)
    rows = re.findall(r"badge-(ok|warn)\">(成功|没有成功)", shown)
    assert rows[:2] == [("ok", "成功"), ("warn", "没有成功")]
    assert "127.0.0.0/24" in shown
    assert "127.0.0.1<" not in shown
    assert wrong.encode() not in world_bytes(site.world)


def test_a_failure_of_an_unknown_account_is_a_row_of_nobody(site: Site) -> None:
    browser = site.browser()
    browser.submit(browser.http.get("/sign-in"), account="nobody here", password="x")
    assert b"nobody here" not in world_bytes(site.world)


def test_history_is_forgotten_after_half_a_year(world: World) -> None:
    person = world.person("person").person_id
    with world.working() as work:
        note_sign_in(work, person, "password", NOWHERE, succeeded=True)
        work.store.housekeeping.forget_ended(work.now + HISTORY_SECONDS - 1)
        assert len(work.store.sign_ins.of_person(person, 10)) == 1
        work.store.housekeeping.forget_ended(work.now + HISTORY_SECONDS)
        assert work.store.sign_ins.of_person(person, 10) == []


@pytest.mark.parametrize("act", ["", "nothing", "end", "withdraw"])
def test_a_form_that_names_nothing_changes_nothing(site: Site, act: str) -> None:
    browser = signed_in(site)
    csrf = {k: v for k, v in forms_of(browser, "everywhere")[0].fields.items() if k != "act"}
    answer = browser.http.post("/account", data={**csrf, "act": act})
    assert answer.status_code == 303
    assert browser.http.get("/account").status_code == 200


def test_before_choosing_for_whom_the_page_is_there_already(site: Site) -> None:
    browser = signed_in(site, account="agent")
    assert "我的账户" in account_page(browser)


NEW = "a new long password of a test"


def change(browser: Browser, now: str, new: str) -> httpx.Response:
    page = browser.http.get("/account/password")
    form = next(form for form in read_forms(page.text) if form.action == "/account/password")
    return browser.http.post(form.action, data={**form.fields, "password": now, "new": new})


@pytest.mark.line(29)
def test_line_29_a_new_password_ends_other_sign_ins_and_all_refresh_tokens(site: Site) -> None:
    elsewhere, here = signed_in(site, WECHAT), signed_in(site)
    tokens = elsewhere.tokens()
    before = here.http.cookies["haihe_session"]
    assert change(here, PASSWORD, NEW).headers["location"] == "/account?done=password"
    assert here.http.get("/account").status_code == 200
    assert here.http.cookies["haihe_session"] != before
    assert elsewhere.http.get("/account").status_code == 303
    refreshed = here.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.json()["error"] == "invalid_grant"
    again = site.browser()
    page = again.http.get("/sign-in")
    assert again.submit(page, account="person", password=PASSWORD).status_code == 400
    assert again.submit(page, account="person", password=NEW).status_code == 303
    assert change(here, NEW, PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("now", "new"), [("wrong", NEW), (PASSWORD, "x" * 11), (PASSWORD, "x" * 257), (PASSWORD, "")]
)
def test_a_wrong_or_unfit_password_changes_nothing(site: Site, now: str, new: str) -> None:
    browser = signed_in(site)
    assert change(browser, now, new).status_code == 400
    assert signed_in(site).http.get("/account").status_code == 200


def test_the_page_says_from_where_each_sign_in_came(site: Site) -> None:
    page = account_page(signed_in(site))
    shown = page[: page.index('id="protection"')]
    assert "127.0.0.0/24" in shown
    assert "127.0.0.1" not in shown


@pytest.mark.line(41)
def test_all_other_sign_ins_end_at_once_and_this_one_stays(site: Site) -> None:
    others = [signed_in(site, WECHAT) for _ in range(2)]
    others[0].party = "本人"
    access = others[0].tokens()["access_token"]
    here = signed_in(site)
    assert press(here, "others").headers["location"] == "/account?done=others"
    assert [other.http.get("/account").status_code for other in others] == [303, 303]
    assert userinfo(site, access).status_code == 401
    page = unescape(here.http.get("/account?done=others").text)
    assert "其他设备上的登录都已经结束" in page
    assert forms_of(here, "end") == []
    assert forms_of(here, "others") == []


def test_the_page_says_when_an_app_last_came(site: Site) -> None:
    browser = signed_in(site)
    browser.authorize(request_of())  # so that there is a card
    before = last_used(browser)
    site.world.clock.now += 600
    browser.authorize(request_of())  # a code that was not redeemed is no use
    assert last_used(browser) == before
    site.world.clock.now += 86_400 - 3600
    browser = signed_in(site)
    tokens = browser.tokens()
    first = last_used(browser)
    assert len(first) == 1
    assert first > before
    site.world.clock.now += 3 * 3600
    browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert last_used(signed_in(site)) > first


def last_used(browser: Browser) -> list[str]:
    """What the page tells of the app `web` for the person themself."""
    apps = account_page(browser).partition('id="apps"')[2].partition('id="history"')[0]
    (card,) = [part for part in apps.split("<li class=") if "演示·点餐应用" in part]
    return re.findall(r"最近使用</dt><dd>(.*?)</dd>", card)
