"""What a person agreed to stands on their page in plain words; apps hear when it is taken back."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from service.tour.forms import read_forms
from tests.identity.browser import Browser
from tests.identity.conftest import Site
from tests.identity.receiving import receiving
from tests.identity.test_back_channel import userinfo
from tests.identity.test_back_channel_logout import Listener
from tests.identity.test_particulars import ACT, USE, add_app, ask, redeem, text, told_app

OWN = "openid profile offline_access"
FOR_COMPANY = f"{OWN} legal_person"


@pytest.fixture
def apps(site: Site) -> Iterator[tuple[Listener, Listener]]:
    with receiving() as one, receiving() as other:
        pair = [
            Listener(site, f"heard-{site.world.realm.fresh_id()[:8]}", server)
            for server in (one, other)
        ]
        for each in pair:
            each.register()
        yield pair[0], pair[1]


def withdraw(browser: Browser, app: Listener, party: str) -> httpx.Response:
    forms = read_forms(browser.http.get("/account").text)
    wanted = {"act": "withdraw", "client": app.client_id, "party": party}
    form = next(each for each in forms if wanted.items() <= each.fields.items())
    return browser.http.post("/account", data=form.fields)


@pytest.mark.line(41)
@pytest.mark.line(42)
def test_line_42_an_app_hears_that_its_consent_was_withdrawn_and_no_other_does(
    site: Site, apps: tuple[Listener, Listener]
) -> None:
    browser, (app, other) = site.browser(), apps
    tokens, others = app.tokens(browser, scope=OWN), other.tokens(browser, scope=OWN)
    named = app.id_token(tokens)
    assert withdraw(browser, app, site.world.person("agent").person_id).status_code == 303
    (heard,) = app.heard()
    assert (heard["sub"], heard["sid"]) == (named["sub"], named["sid"])
    assert other.heard() == []
    assert userinfo(site, tokens["access_token"]).status_code == 401
    assert app.refresh(browser, tokens["refresh_token"]) == 400
    assert userinfo(site, others["access_token"]).status_code == 200
    assert browser.http.get("/account").status_code == 200  # the sign-in goes on


def test_withdrawing_for_a_company_leaves_the_persons_own_part_alone(
    site: Site, apps: tuple[Listener, Listener]
) -> None:
    browser, app = site.browser(), apps[0]
    own = app.tokens(browser, scope=OWN)
    company = app.tokens(browser, scope=FOR_COMPANY)
    withdraw(browser, app, site.world.company_id())
    (heard,) = app.heard()
    assert heard["sub"] == app.id_token(company)["sub"] != app.id_token(own)["sub"]
    assert app.refresh(browser, own["refresh_token"]) == 200


def test_an_app_that_never_got_a_token_or_lost_it_before_hears_nothing(
    site: Site, apps: tuple[Listener, Listener]
) -> None:
    browser, app = site.browser(), apps[0]
    person_id = site.world.person("agent").person_id
    app.tokens(browser, scope=OWN)
    with site.world.working() as work:
        work.store.authorizations.revoke_of_person(person_id, work.now)
    withdraw(browser, app, person_id)
    assert app.heard() == []


@pytest.mark.line(41)
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ["您代表单位办理“开办餐饮店”的授权", "使用一份电子证照", "查看证照、出示证照"]),
        (
            "en",
            ["in the matter “Open a restaurant”", "Use a licence", "see licences, show licences"],
        ),
    ],
)
def test_line_41_mandates_for_a_matter_and_particulars_stand_on_the_page(
    site: Site, language: str, words: list[str]
) -> None:
    browser = agreed(site)
    card = shown(browser, language)
    for each in words:
        assert each in card
    assert card.count(words[-1]) == 1  # allowed twice, told once
    with site.world.working() as work:
        work.store.authorizations.revoke_of_person(
            work.store.people.find_account("agent")[0].person_id,
            work.now,  # type: ignore[index]
        )
    card = shown(browser, language)
    assert words[0] in card
    assert words[-1] not in card


def agreed(site: Site) -> Browser:
    """An app may act in one matter and use one licence; it asked for the same twice."""
    add_app(site)
    browser = site.browser()
    wish = {"scope": "openid mandate:open-restaurant", "authorization_details": text(USE, ACT)}
    for _ in range(2):
        code = told_app(browser, ask(**wish))["code"]
        assert redeem(site, code).status_code == 200
    return browser


def shown(browser: Browser, language: str) -> str:
    """The card of the app on the person's page, as text."""
    page = browser.http.get("/account", headers={"Accept-Language": language}).text
    apps = page.partition('id="apps"')[2]
    return unescape(re.sub(r"<[^>]+>", "", apps.partition("<form")[0]))
