"""A person's phone answers a terminal and a window: each page looked at, none needs script."""

import httpx
import pytest
from playwright.sync_api import Page

from service import demo
from tests.service.browser.conftest import Opening, sign_in
from tests.service.browser.looking import Look, find_faults

LOOKS = (Look(), Look("en", "elder"))


def ask_terminal(url: str) -> dict[str, str]:
    form = {"client_id": demo.TERMINAL_CLIENT, "scope": demo.ELSEWHERE_SCOPES}
    return dict(httpx.post(f"{url}/device_authorization", data=form).json())


def ask_at_window(url: str) -> None:
    form = {"scope": demo.ELSEWHERE_SCOPES, "login_hint": "person", "binding_message": "7 号窗口"}
    auth = (demo.WINDOW_CLIENT, demo.WINDOW_SECRET)
    assert httpx.post(f"{url}/bc-authorize", data=form, auth=auth).status_code == 200


def press(page: Page, value: str) -> None:
    page.locator(f"main button[name=decision][value={value}]").first.click()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_phone_answers_a_terminal_and_a_window(
    opening: Opening, service_url: str, look: Look
) -> None:
    faults: list[str] = []
    begun = ask_terminal(service_url)
    with opening(service_url, look) as context:
        page = context.new_page()
        sign_in(page, service_url, "person")
        page.goto(f"{service_url}/device")
        page.locator("#user_code").fill(begun["user_code"].lower())
        page.locator("main form button").first.click()
        faults += find_faults(page, look)
        press(page, "continue")
        faults += find_faults(page, look)
        press(page, "allow")
        assert page.url == f"{service_url}/device?done=allowed"
        ask_at_window(service_url)
        page.goto(f"{service_url}/approvals")
        faults += find_faults(page, look)
        press(page, "open")
        faults += find_faults(page, look)
        press(page, "refuse")
        faults += find_faults(page, look)
        assert page.url == f"{service_url}/approvals?done=refused"
    assert not faults, "\n".join(faults)


def test_a_phone_without_script_answers_too(without_script: Page, service_url: str) -> None:
    page, begun = without_script, ask_terminal(service_url)
    page.goto(begun["verification_uri_complete"])
    press(page, "continue")
    page.locator("input[name=account]").fill("person")
    page.locator("input[name=password]").fill(demo.PASSWORD)
    page.locator("main form:has(input[name=password]) button:not([type])").first.click()
    press(page, "allow")
    assert page.url == f"{service_url}/device?done=allowed"
