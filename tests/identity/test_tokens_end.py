"""What ends a person's or a mandate's word ends their tokens, at each place and at once."""

from collections.abc import Callable

import pytest

from identity.operating.registry import add_mandate, revoke_mandate
from identity.standing.account import sign_out_person
from service.tour.forms import read_forms
from tests.identity.browser import Browser, basic, request_of
from tests.identity.conftest import Site
from tests.identity.test_back_channel import userinfo
from tests.identity.world import COMPANY_CODE, PASSWORD, WEB_SECRET


def is_active(browser: Browser, token: str) -> bool:
    proof = basic("web", WEB_SECRET)
    answer = browser.http.post("/introspect", data={"token": token}, headers=proof)
    assert answer.status_code == 200
    if not answer.json()["active"]:
        assert answer.json() == {"active": False}
    return bool(answer.json()["active"])


def sign_out(site: Site, browser: Browser) -> None:
    browser.submit(browser.http.get("/sign-out"), after="")


def sign_out_by_app(site: Site, browser: Browser) -> None:
    hint = browser.tokens()["id_token"]
    assert browser.http.get("/logout", params={"id_token_hint": hint}).status_code == 303


def new_password(site: Site, browser: Browser) -> None:
    forms = read_forms(browser.http.get("/account/password").text)
    fields = next(form.fields for form in forms if form.action == "/account/password")
    filled = {**fields, "password": PASSWORD, "new": PASSWORD}
    assert browser.http.post("/account/password", data=filled).status_code == 303


def everywhere(site: Site, browser: Browser) -> None:
    press(browser, "everywhere")


def withdrawal(site: Site, browser: Browser) -> None:
    press(browser, "withdraw")


def operator(site: Site, browser: Browser) -> None:
    person = site.world.person("agent").person_id
    with site.world.working() as work:
        sign_out_person(work, person)


def press(browser: Browser, act: str) -> None:
    forms = read_forms(browser.http.get("/account").text)
    for form in (form for form in forms if form.fields.get("act") == act):
        assert browser.http.post("/account", data=form.fields).status_code == 303


ENDS = [sign_out, sign_out_by_app, new_password, everywhere, withdrawal, operator]


@pytest.mark.line(29)
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_line_29_tokens_end_with_what_they_stand_on(
    site: Site, end: Callable[[Site, Browser], None]
) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert userinfo(site, access).status_code == 200
    assert is_active(browser, access)
    assert is_active(browser, refresh)
    end(site, browser)
    assert userinfo(site, access).status_code == 401
    assert not is_active(browser, access)
    assert not is_active(browser, refresh)
    answer = browser.token(grant_type="refresh_token", refresh_token=refresh)
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.line(29)
def test_line_29_a_refresh_token_ends_absolutely(site: Site) -> None:
    browser = site.ready()
    refresh, start = browser.tokens()["refresh_token"], site.world.clock.now
    for days in (10, 20, 29):
        site.world.clock.now = start + days * 86400
        answer = browser.token(grant_type="refresh_token", refresh_token=refresh)
        refresh = answer.json()["refresh_token"]
    for seconds, status in ((30 * 86400 - 1, 200), (30 * 86400, 400)):
        site.world.clock.now = start + seconds
        answer = browser.token(grant_type="refresh_token", refresh_token=refresh)
        assert answer.status_code == status
        refresh = answer.json().get("refresh_token", refresh)


@pytest.mark.line(46)
def test_line_46_a_mandate_that_ends_takes_its_tokens_along_and_leaves_others(
    site: Site,
) -> None:
    company, own = site.ready(), site.browser("person")
    tokens, others = company.tokens(), own.tokens()
    code = company.authorize(request_of())["code"]
    company_id = site.world.company_id()
    with site.world.working() as work:
        person = work.store.people.find_account("agent")
        assert person is not None
        for mandate in work.store.mandates.of_person(person[0].person_id, company_id):
            if mandate.is_live(work.now):
                revoke_mandate(work, mandate.mandate_id)
    try:
        assert userinfo(site, tokens["access_token"]).status_code == 401
        assert not is_active(company, tokens["access_token"])
        assert not is_active(company, tokens["refresh_token"])
        answer = company.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert answer.json()["error"] == "invalid_grant"
        assert company.redeem(code).json()["error"] == "invalid_grant"
        assert userinfo(site, others["access_token"]).status_code == 200
    finally:
        restore(site)


def restore(site: Site) -> None:
    with site.world.working() as work:
        add_mandate(work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"])
