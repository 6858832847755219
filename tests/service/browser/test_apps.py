"""Managing apps in a real browser: without script, on a phone, on a desktop, in every look."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from service import demo
from tests.identity.signing import JWKS
from tests.service.browser.conftest import Opening, sign_in, strangers
from tests.service.browser.looking import DESKTOP, LOOKS, PHONE, Look, find_faults

CALLBACK = "https://shop.example/cb"


def register(page: Page, url: str, kind: str = "web") -> str:
    """Register an app as a person does; gives its id."""
    page.goto(f"{url}/apps")
    page.click("main a[href='/apps/new']")
    page.click(f"main a[href='/apps/new?kind={kind}']")
    page.fill("#client_name", "演示·海河点餐")
    if kind != "service":
        page.fill("#redirect_uris", CALLBACK)
        page.fill("#post_logout_redirect_uris", "https://shop.example/bye")
    else:
        page.check("input[name='scope-licence.read']")
    page.click("main form button:not([type])")
    return page.locator("#client-id").inner_text()


def walk(page: Page, url: str) -> Iterator[None]:
    """Go through every page, stopping at each."""
    page.goto(f"{url}/apps/new")
    yield
    for kind in ("web", "public", "service"):
        page.goto(f"{url}/apps/new?kind={kind}")
        yield
    page.fill("#client_name", "演示·海河点餐")
    page.check("input[name='scope-licence.read']")
    page.locator("summary").click()
    page.fill("#jwks", "{")
    page.click("main form button:not([type])")
    assert page.locator(".error-summary").count() == 1
    yield
    client_id = register(page, url)
    yield
    page.click("main a.button")
    assert page.url.endswith(client_id)
    page.click("button:has-text('检查这个应用'), button:has-text('Check this app')")
    assert page.locator("table tbody tr").count() == 8
    yield
    page.fill("#tried", CALLBACK + "/")
    page.press("#tried", "Enter")
    page.locator(".field-error").wait_for()
    yield
    page.goto(f"{url}/apps/new?kind=web")
    page.fill("#client_name", "演示·海河银行")
    page.fill("#redirect_uris", CALLBACK)
    page.check("input[name=profile][value=fapi2]")
    page.locator("summary").click()
    page.fill("#jwks", JWKS)
    page.click("main form button:not([type])")
    page.click("main a.button")
    page.click("main a.button[href$='/edit']")
    page.fill("#redirect_uris", CALLBACK + "/second")
    page.click("main form button:not([type])")
    assert page.locator("section.notice").count() == 1  # it waits for somebody else
    yield
    for act in ("edit", "secret", "remove"):
        page.goto(f"{url}/apps/{client_id}/{act}")
        yield
    page.goto(f"{url}/apps")
    yield
    page.goto(f"{url}/apps/nothing-of-that-name")
    yield


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_nothing_is_wrong_with_the_pages_of_apps(
    opening: Opening, service_url: str, look: Look
) -> None:
    faults: list[str] = []
    with opening(service_url, look, DESKTOP) as context, strangers(context, service_url) as strange:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        sign_in(page, service_url, "owner", demo.COMPANY)
        for _stop in walk(page, service_url):
            faults += find_faults(page, look)
    assert not faults, "\n".join(faults)
    assert strange == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_an_app_is_registered_checked_and_removed_without_script(
    opening: Opening, service_url: str, size: tuple[int, int]
) -> None:
    with opening(service_url, size=size, script=False) as context:
        page = context.new_page()
        sign_in(page, service_url, "owner", demo.COMPANY)
        assert page.locator("nav a[href='/apps']").count() == 1
        client_id = register(page, service_url)
        assert re.fullmatch("[0-9a-f]{64}", page.locator("#client-secret").inner_text())
        page.click("main a.button")
        page.click("button:has-text('检查这个应用')")
        assert page.locator("text=应用可能还没有接好").count() == 1
        page.goto(f"{service_url}/apps/{client_id}/remove")
        page.check("#sure")
        page.click("main form button")
        assert page.locator("[role=status]").inner_text().strip()
        assert client_id not in page.content()
