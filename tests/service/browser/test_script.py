"""The behaviours of the one script, and what is left without it."""

import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import BrowserContext, Page, expect

from tests.service.browser.conftest import DESKTOP, Opening
from tests.service.browser.gallery import make_gallery
from tests.service.browser.looking import Look
from tests.service.serving import served


@pytest.fixture(scope="module")
def gallery() -> FastAPI:
    return make_gallery()


@pytest.fixture(scope="module")
def gallery_url(gallery: FastAPI) -> Iterator[str]:
    with served(gallery) as url:
        yield url


@pytest.fixture
def context(opening: Opening, gallery_url: str) -> Iterator[BrowserContext]:
    with opening(gallery_url, Look(), DESKTOP) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, gallery_url: str) -> Page:
    page = context.new_page()
    page.goto(f"{gallery_url}/gallery")
    return page


def test_typed_values_survive_a_change_of_language_but_passwords_do_not(page: Page) -> None:
    page.fill("#name", "演示·王秀兰")
    page.fill("#password", "secret")
    page.select_option("#matter", "2")
    page.check("input[name='field.name']")
    page.uncheck("input[name='field.kind']")
    page.check("input[value='other']")
    page.click("button[name=lang]")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.input_value("#name") == "演示·王秀兰"
    assert page.input_value("#matter") == "2"
    assert page.is_checked("input[name='field.name']")
    assert not page.is_checked("input[name='field.kind']")
    assert page.is_checked("input[value='other']")
    assert page.input_value("#password") == ""
    assert page.evaluate("JSON.stringify(sessionStorage)") == "{}"


def test_a_password_can_be_seen_and_is_not_kept_even_then(page: Page) -> None:
    page.fill("#password", "secret")
    page.click("[data-show-password]")
    assert page.locator("#password").get_attribute("type") == "text"
    expect(page.locator("[data-show-password]")).to_have_text("隐藏密码")
    page.click("button[name=lang]")
    assert page.input_value("#password") == ""


def test_typed_values_are_not_brought_to_another_page(page: Page, gallery_url: str) -> None:
    page.fill("#name", "甲")
    page.click("button[name=view]")
    assert page.input_value("#name") == "甲"
    page.goto(f"{gallery_url}/help")
    page.goto(f"{gallery_url}/gallery")
    assert page.input_value("#name") == ""


def test_the_code_field_has_the_focus_and_gets_it_back(page: Page) -> None:
    code = page.locator("#code")
    expect(code).to_be_focused()
    page.locator("h1").click()
    expect(code).to_be_focused()
    page.focus("#name")
    page.keyboard.press("Escape")
    expect(code).to_be_focused()
    page.select_option("#matter", "2")
    expect(code).to_be_focused()


def test_the_summary_of_errors_has_the_focus_first(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/gallery?bad=1")
    expect(page.locator(".error-summary")).to_be_focused()
    page.click(".error-summary a")
    expect(page.locator("#name")).to_be_focused()


def test_a_masked_number_can_be_shown_and_hidden(page: Page) -> None:
    button = page.locator("[data-reveal]")
    expect(page.get_by_text("120101192504120013")).to_be_hidden()
    button.click()
    expect(page.get_by_text("120101192504120013")).to_be_visible()
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    expect(page.get_by_text("120101192504120013")).to_be_hidden()


def test_copying_puts_the_number_on_the_clipboard_and_says_so(page: Page) -> None:
    page.click("[data-copy]")
    expect(page.locator("[data-copy]")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "9144030071526726XG"


def test_a_second_press_sends_nothing(page: Page, gallery: FastAPI) -> None:
    gallery.state.received = []
    page.locator("main form button").filter(has_text="核验").dblclick(no_wait_after=True)
    page.wait_for_load_state("networkidle")
    assert len(gallery.state.received) == 1


def test_the_camera_is_read_frame_by_frame_until_a_code_is_seen(
    page: Page, gallery: FastAPI
) -> None:
    gallery.state.received, gallery.state.frames = [], 0
    page.click("[data-camera-start]")
    expect(page.locator("body")).to_contain_text('"code":"123456"')
    assert gallery.state.frames == 3
    assert gallery.state.received[0]["code"] == "123456"


def test_without_a_camera_the_page_says_so(page: Page) -> None:
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(Error()); }")
    page.click("[data-camera-start]")
    expect(page.locator("[data-camera-state]")).to_have_text("没有可用的摄像头")
    expect(page.locator("[data-camera-start]")).to_be_enabled()


def test_news_appears_by_itself(page: Page) -> None:
    expect(page.locator("#news")).to_have_text("窗口已核验")
    expect(page.locator("[role=status].visually-hidden")).to_have_text("窗口已核验")


def test_a_shown_code_counts_down_and_renews_itself_with_one_announcement(
    page: Page, gallery_url: str
) -> None:
    page.goto(f"{gallery_url}/show")
    voice = page.locator("[role=status].visually-hidden")
    expect(page.locator("[data-countdown]")).to_have_text("2")
    expect(voice).to_have_text("")
    expect(page.locator(".digits")).to_have_text("223 456")
    expect(voice).to_have_text("二维码已更新 1")
    expect(page.locator(".digits")).to_have_text("323 456")
    assert page.locator("#show").count() == 1


def test_when_showing_is_over_the_page_leads_on(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/show")
    page.wait_for_url("**/help", timeout=15_000)


def test_a_countdown_goes_by_the_servers_clock(page: Page, gallery_url: str) -> None:
    page.clock.install(time=time.time() + 86_400)
    page.goto(f"{gallery_url}/show")
    expect(page.locator("[data-countdown]")).to_have_text("2")


def test_without_script_everything_but_the_camera_is_there(
    opening: Opening, gallery_url: str
) -> None:
    with opening(gallery_url, script=False) as context:
        page = context.new_page()
        page.goto(f"{gallery_url}/gallery")
        expect(page.locator("[data-camera]")).to_be_hidden()
        expect(page.locator("[data-copy]")).to_be_hidden()
        page.click("button[name=lang]")
        assert page.url == f"{gallery_url}/gallery"
        assert page.locator("html").get_attribute("lang") == "en"
        page.goto(f"{gallery_url}/show")
        page.click("#show button")
        assert page.locator(".digits").inner_text() == "223 456"


def test_the_whole_frame_is_reached_by_keyboard(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/help")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 8)"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert seen[1:] == ["English", "长辈版", "帮助"]
