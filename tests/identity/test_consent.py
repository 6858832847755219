"""What a person agrees to is what the page said: who asks, and for whom they act."""

from collections.abc import Iterator

import httpx
import pytest

from identity.operating.registry import add_mandate
from service.tour.forms import Form, read_forms
from tests.identity.browser import Browser, request_of, told
from tests.identity.conftest import Site
from tests.identity.world import COMPANY, COMPANY_CODE, OTHER_COMPANY_CODE, PASSWORD, REDIRECT

OTHER = "演示·市场监督管理局"


def follow(browser: Browser, answer: httpx.Response) -> httpx.Response:
    while answer.is_redirect and not answer.headers["location"].startswith("http"):
        answer = browser.http.get(answer.headers["location"])
    return answer


def form_to(page: httpx.Response, path: str) -> Form:
    return next(form for form in read_forms(page.text) if form.action == path)


def press(browser: Browser, page: httpx.Response, path: str, **filled: str) -> httpx.Response:
    return follow(browser, browser.http.post(path, data={**form_to(page, path).fields, **filled}))


def act_for(browser: Browser, party: str) -> None:
    page = browser.http.get("/act-for")
    values = [each.value for each in form_to(page, "/act-for").buttons if party in each.text]
    press(browser, page, "/act-for", party=values[0])


def signed_in(site: Site, party: str) -> Browser:
    browser = site.browser()
    page = follow(browser, browser.http.get("/sign-in"))
    press(browser, page, "/sign-in", account="agent", password=PASSWORD)
    act_for(browser, party)
    return browser


def asked(browser: Browser, **changes: str | None) -> httpx.Response:
    return follow(browser, browser.http.get("/authorize", params=request_of(**changes)))


@pytest.mark.line(41)
def test_a_yes_counts_only_for_whom_the_page_named(site: Site) -> None:
    browser = signed_in(site, "为自己办事")
    page = asked(browser)
    act_for(browser, COMPANY)  # in another window
    again = press(browser, page, "/consent", decision="allow")
    assert again.status_code == 400
    assert "您在别的窗口换了身份" in again.text
    assert COMPANY in again.text
    agreed = press(browser, again, "/consent", decision="allow")
    assert "code" in told(agreed.headers["location"])


@pytest.mark.line(41)
def test_a_yes_that_names_nobody_counts_for_nobody(site: Site) -> None:
    browser = signed_in(site, COMPANY)
    page = asked(browser)
    fields = form_to(page, "/consent").fields | {"decision": "allow"}
    del fields["drafted_for"]
    again = browser.http.post("/consent", data=fields)
    assert not again.is_redirect
    assert form_to(again, "/consent").fields["drafted_for"] == site.world.company_id()


@pytest.fixture
def two_offices(site: Site) -> Iterator[Site]:
    """The agent represents two legal persons, for the time of a test."""
    with site.world.working() as work:
        held = [
            add_mandate(
                work, account="agent", code=code, role="legal_representative",
                powers=["licences", "mandates"],
            )
            for code in (COMPANY_CODE, OTHER_COMPANY_CODE)
        ]  # fmt: skip
    yield site
    with site.world.working() as work:
        for mandate in held:
            work.store.mandates.revoke(mandate.mandate_id, work.now)


def test_a_mandate_is_granted_only_for_whom_it_was_written(two_offices: Site) -> None:
    browser = signed_in(two_offices, COMPANY)
    page = browser.http.get("/mandates")
    fields = next(f.fields for f in read_forms(page.text) if f.fields.get("act") == "grant")
    offer = {"account": "reader", "name": "演示·赵静", "role": "agent", "power.licences": "on"}
    act_for(browser, OTHER)
    refused = browser.http.post("/mandates", data={**fields, **offer, "days": "30"})
    assert refused.status_code == 400
    assert "您在别的窗口换了身份" in refused.text
    act_for(browser, COMPANY)
    granted = browser.http.post("/mandates", data={**fields, **offer, "days": "30"})
    assert granted.headers["location"] == "/mandates?done=grant"


def test_people_see_who_answers_for_an_app_and_that_nobody_does_for_one_that_registered_itself(
    site: Site,
) -> None:
    browser = signed_in(site, "为自己办事")
    app = browser.http.post(
        "/register", json={"redirect_uris": [REDIRECT], "client_name": "国家税务总局"}
    ).json()
    shown = asked(browser, client_id=app["client_id"], scope="openid").text
    assert "国家税务总局" in shown
    assert "没有单位为它负责" in shown
    known = asked(browser).text
    assert "没有单位为它负责" not in known
    assert COMPANY in known
