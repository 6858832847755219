"""A real Chromium, and people who use the pages in it."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from service import demo
from tests.service.browser.looking import DESKTOP, PHONE, Look

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
WAIT_MS = 10_000
USUAL = Look()

Opening = Callable[..., AbstractContextManager[BrowserContext]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        reason = f"needs Chromium at {CHROMIUM} (or another place named by CHROMIUM)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def opening(chromium: Browser) -> Opening:
    """Gives fresh browsers: `with opening(url, look, size=..., script=...) as context`."""

    @contextmanager
    def open_context(
        url: str, look: Look = USUAL, size: tuple[int, int] = PHONE, *, script: bool = True
    ) -> Iterator[BrowserContext]:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            java_script_enabled=script,
            permissions=["camera", "clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(WAIT_MS)
        context.add_cookies(
            [
                {"name": "lang", "value": look.lang, "url": url},
                {"name": "view", "value": look.view, "url": url},
            ]
        )
        yield context
        context.close()

    return open_context


@pytest.fixture
def phone(opening: Opening, service_url: str) -> Iterator[Page]:
    with opening(service_url, size=PHONE) as context:
        yield context.new_page()


@pytest.fixture
def desktop(opening: Opening, service_url: str) -> Iterator[Page]:
    with opening(service_url, size=DESKTOP) as context:
        yield context.new_page()


@pytest.fixture
def without_script(opening: Opening, service_url: str) -> Iterator[Page]:
    with opening(service_url, script=False) as context:
        yield context.new_page()


@contextmanager
def strangers(context: BrowserContext, url: str) -> Iterator[list[str]]:
    """Collect the requests that go anywhere but to the service."""
    found: list[str] = []

    def note(address: str) -> None:
        if not address.startswith((url + "/", "blob:", "about:")):
            found.append(address)

    context.on("request", lambda request: note(request.url))
    yield found


def sign_in(page: Page, url: str, account: str, party: str = "") -> None:
    """Sign in through the real pages, and choose for whom to act (empty: for oneself)."""
    page.goto(f"{url}/sign-in")
    page.locator("input[name=account]").fill(account)
    page.locator("input[name=password]").fill(demo.PASSWORD)
    page.locator(
        "main form:has(input[name=password]) button[type=submit], "
        "main form:has(input[name=password]) button:not([type])"
    ).first.click()
    if not page.url.startswith(f"{url}/act-for"):
        page.goto(f"{url}/act-for")
    choose(page, party)


def choose(page: Page, party: str) -> None:
    """Choose a card on the page that asks for whom to act."""
    cards = page.locator("main button[name=party]")
    if not party:
        cards.first.click()
        return
    card = page.locator("main :is(li, form, article):has(button[name=party])", has_text=party)
    card.last.locator("button[name=party]").last.click()
