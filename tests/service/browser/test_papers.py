"""A licence as PDF, through the pages: the holder downloads it, the clerk uploads it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from service import demo
from tests.service.browser import windows
from tests.service.browser.conftest import Opening, sign_in
from tests.service.browser.looking import DESKTOP, LOOKS, Look, find_faults


@pytest.fixture
def holder(phone: Page, service_url: str) -> Page:
    sign_in(phone, service_url, "agent", demo.COMPANY)
    return phone


@pytest.fixture
def clerk(opening: Opening, service_url: str) -> Iterator[Page]:
    with opening(service_url, size=DESKTOP) as context:
        page = context.new_page()
        sign_in(page, service_url, "clerk", demo.CENTRE)
        yield page


def open_licence(page: Page, url: str) -> None:
    page.goto(f"{url}/licences")
    page.locator("main li:has(.badge-ok)", has_text=windows.LICENCE).first.locator("h2 a").click()


def download(page: Page) -> bytes:
    page.fill("#download input[name=purpose]", "演示 投标")
    with page.expect_download() as started:
        page.click("#download button")
    assert started.value.suggested_filename.endswith(".pdf")
    return started.value.path().read_bytes()


def upload(page: Page, url: str, pdf: bytes) -> None:
    windows.fill_in_matter(page, url)
    page.set_input_files(
        "input[name=picture]", {"name": "证照.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    page.locator("main form button.button-large").click()


def test_a_pdf_from_the_holders_page_is_valid_at_the_clerks(
    holder: Page, clerk: Page, service_url: str
) -> None:
    open_licence(holder, service_url)
    pdf = download(holder)
    upload(clerk, service_url, pdf)
    expect(clerk.locator("main .verdict")).to_have_class(re.compile("verdict-ok"))
    expect(clerk.locator(".checks .failed")).to_have_count(0)
    holder.goto(f"{service_url}/uses")
    expect(holder.locator("main")).to_contain_text("下载了")


def test_a_touched_pdf_is_named_on_the_page(holder: Page, clerk: Page, service_url: str) -> None:
    open_licence(holder, service_url)
    pdf = download(holder)
    upload(clerk, service_url, pdf + b"%%EOF\n")
    expect(clerk.locator("main .verdict")).to_have_class(re.compile("verdict-forged"))
    expect(clerk.locator("main .verdict")).to_contain_text("签名后被追加")


def test_the_department_downloads_it_as_well(opening: Opening, service_url: str) -> None:
    with opening(service_url, size=DESKTOP) as context:
        page = context.new_page()
        sign_in(page, service_url, "issuer", demo.MARKET)
        page.goto(f"{service_url}/issue")
        page.locator("main table a.mono").first.click()
        assert download(page).startswith(b"%PDF")


def test_a_download_without_purpose_says_so(without_script: Page, service_url: str) -> None:
    sign_in(without_script, service_url, "agent", demo.COMPANY)
    open_licence(without_script, service_url)
    without_script.fill("#download input[name=purpose]", "  ")
    without_script.click("#download button")
    expect(without_script.locator("[role=alert]")).to_contain_text("请写明用途")


def test_the_offline_code_is_scanned_off_the_screen(
    holder: Page, clerk: Page, service_url: str
) -> None:
    open_licence(holder, service_url)
    holder.locator("main a[href$='/code']").click()
    picture = holder.locator(".qr").screenshot()
    windows.fill_in_matter(clerk, service_url)
    code = {"name": "code.png", "mimeType": "image/png", "buffer": picture}
    clerk.set_input_files("input[name=picture]", code)
    clerk.locator("main form button.button-large").click()
    expect(clerk.locator("main .verdict")).to_have_class(re.compile("verdict-ok"))


def test_an_identifier_is_typed_in(holder: Page, clerk: Page, service_url: str) -> None:
    open_licence(holder, service_url)
    identifier = windows.identifier_in(holder.url)
    expect(windows.verify(clerk, service_url, identifier)).to_have_class(re.compile("verdict-ok"))
    expect(clerk.locator("main")).to_contain_text("只查到状态")


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_nothing_is_wrong_with_the_page_of_a_licence(
    opening: Opening, service_url: str, look: Look
) -> None:
    with opening(service_url, look) as context:
        page = context.new_page()
        sign_in(page, service_url, "agent", demo.COMPANY)
        open_licence(page, service_url)
        faults = find_faults(page, look)
        page.locator("main a[href$='/code']").click()
        faults += find_faults(page, look)
    assert not faults, "\n".join(faults)
