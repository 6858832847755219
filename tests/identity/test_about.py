"""What the registers hold about a person: how it is kept, and how little of it is told."""

import json
from typing import Any

import pytest

from identity.asking.scopes import CLAIMS, SCOPES
from identity.errors import BadRegistration, NotRegistered
from identity.issued.about import MOST_CHARACTERS, RULES, read_about, write_about
from identity.operating.registry import describe_person
from service.demo import COMPLETE
from tests.identity.conftest import Site
from tests.identity.suite import asked, complete, id_token, userinfo
from tests.identity.test_registration import registered
from tests.identity.world import PERSON_NUMBER, START, World

ABOUT_PEOPLE = "openid profile email address phone"


def test_everything_can_be_held_and_is_read_again() -> None:
    assert COMPLETE.keys() == RULES.keys()
    assert read_about(write_about(COMPLETE, START)) == {**COMPLETE, "updated_at": START}
    assert write_about({}, START) == ""
    assert read_about("") == {}
    assert read_about('{"gone": 1}') == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "演示·另一个"),
        ("updated_at", 1),
        ("citizen_number", "x"),
        ("nickname", PERSON_NUMBER),
        ("address", {"formatted": PERSON_NUMBER}),
        ("nickname", ""),
        ("nickname", "x" * (MOST_CHARACTERS + 1)),
        ("nickname", "two\nlines"),
        ("nickname", 1),
        ("website", "http://a.example/"),
        ("website", "https://"),
        ("picture", "javascript:alert(1)"),
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a b@c.example"),
        ("email_verified", "true"),
        ("phone_number", "022 1234"),
        ("phone_number", "+0123456"),
        ("birthdate", "1990-13-01"),
        ("birthdate", "1990-1-1"),
        ("birthdate", "90"),
        ("zoneinfo", "+08:00"),
        ("locale", "zh_CN"),
        ("address", "somewhere"),
        ("address", {}),
        ("address", {"planet": "x"}),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(BadRegistration):
        write_about({name: value}, START)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nickname", "x" * MOST_CHARACTERS),
        ("birthdate", "1990"),
        ("birthdate", "1990-12-31"),
        ("birthdate", "0000-02-29"),
        ("phone_number", "+8622000;ext=12"),
        ("locale", "zh-Hans-CN"),
        ("zoneinfo", "UTC"),
    ],
)
def test_what_can_be_is_held(name: str, value: Any) -> None:
    assert read_about(write_about({name: value}, START))[name] == value


def test_only_somebody_registered_is_described(world: World) -> None:
    with world.working() as work, pytest.raises(NotRegistered):
        describe_person(work, account="nobody", about={})


def test_scopes_give_all_that_is_held_and_no_more(site: Site) -> None:
    browser = site.browser("reader")
    told = userinfo(browser, complete(browser, scope=ABOUT_PEOPLE))
    assert {name: told[name] for name in COMPLETE} == COMPLETE
    assert told.keys() == {"sub", *CLAIMS}
    told = userinfo(browser, complete(browser, scope="openid email"))
    assert told.keys() == {"sub", "email", "email_verified"}


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_each_claim_can_be_had_alone(site: Site, name: str) -> None:
    browser = site.browser("reader")
    wanted = {"userinfo": {name: None}, "id_token": {name: {"essential": True}}}
    tokens = complete(browser, scope="openid", claims=json.dumps(wanted))
    told = userinfo(browser, tokens)
    assert told.keys() == {"sub", name}
    assert id_token(browser, tokens)[name] == told[name]


def test_a_claim_wanted_in_one_place_is_not_told_in_the_other(site: Site) -> None:
    browser = site.browser("reader")
    wanted = json.dumps({"userinfo": {"gender": None}})
    tokens = complete(browser, scope="openid", claims=wanted)
    assert "gender" in userinfo(browser, tokens)
    assert "gender" not in id_token(browser, tokens)


def test_the_person_sees_each_claim_before_it_is_told(site: Site) -> None:
    browser = site.browser("person")
    wanted = json.dumps({"userinfo": {"birthdate": None}, "id_token": {"email": None}})
    request = asked(scope="openid", claims=wanted)
    page = browser.http.get("/authorize", params=request, follow_redirects=True)
    while "consent" not in str(page.url):
        page = browser.http.get(browser.submit(page).headers["location"], follow_redirects=True)
    assert "您的出生日期" in page.text
    assert "您的电子邮箱" in page.text
    assert "您的姓名" not in page.text


def test_a_scope_that_was_allowed_covers_each_of_its_claims(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser)
    request = asked(client_id=app["client_id"], scope="openid profile")
    assert browser.authorize(request)["code"]
    wanted = {"gender": "code", "email": "error"}
    for name, answer in wanted.items():
        claims = json.dumps({"userinfo": {name: None}})
        again = asked(client_id=app["client_id"], scope="openid", claims=claims, prompt="none")
        assert answer in browser.authorize(again)


def test_a_claim_that_nobody_holds_is_left_out(site: Site) -> None:
    browser = site.browser("person")
    wanted = json.dumps({"userinfo": {"birthdate": {"essential": True}, "shoe_size": None}})
    assert userinfo(browser, complete(browser, scope="openid", claims=wanted)).keys() == {"sub"}


def test_an_app_gets_no_claim_beyond_its_scopes(site: Site) -> None:
    assert not any(name.startswith("claim.") for name in SCOPES)
    browser = site.browser("reader")
    tokens = complete(browser, scope="openid claim.birthdate")
    assert userinfo(browser, tokens).keys() == {"sub"}


def test_of_a_legal_person_only_the_name_is_told(site: Site) -> None:
    with site.world.working() as work:
        describe_person(work, account="agent", about={"email": "agent@demo.example"})
    browser = site.browser("agent")
    told = userinfo(browser, complete(browser, scope=ABOUT_PEOPLE + " mandate"))
    assert told.keys() == {"sub", "act", "name", "verified_claims"}
    assert "email" not in told["act"]
