"""The main job in real browsers: the holder's phone, the clerk's desk, department and audit."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from service import demo
from tests.service.browser import windows
from tests.service.browser.conftest import ARGUMENTS, CHROMIUM, Opening, sign_in
from tests.service.browser.looking import DESKTOP, LOOKS, Look, find_faults


@pytest.fixture
def holder(phone: Page, service_url: str) -> Page:
    sign_in(phone, service_url, "agent", demo.COMPANY)
    return phone


@pytest.fixture
def clerk(desktop: Page, service_url: str) -> Page:
    sign_in(desktop, service_url, "clerk", demo.CENTRE)
    return desktop


@pytest.fixture
def issuer(opening: Opening, service_url: str) -> Iterator[Page]:
    with opening(service_url, size=DESKTOP) as context:
        page = context.new_page()
        sign_in(page, service_url, "issuer", demo.MARKET)
        yield page


@pytest.fixture
def auditor(opening: Opening, service_url: str) -> Iterator[Page]:
    with opening(service_url, size=DESKTOP) as context:
        page = context.new_page()
        sign_in(page, service_url, "auditor", demo.AUDIT)
        yield page


def test_one_signs_in_without_script(without_script: Page, service_url: str) -> None:
    sign_in(without_script, service_url, "agent", demo.COMPANY)
    without_script.goto(service_url)
    header = without_script.locator(".acting")
    expect(header).to_contain_text("演示·张强")
    expect(header).to_contain_text(demo.COMPANY)
    without_script.locator("button[form=leave]").click()
    without_script.goto(service_url)
    expect(without_script.locator("button[form=leave]")).to_have_count(0)


def test_a_licence_is_shown_without_script(without_script: Page, service_url: str) -> None:
    sign_in(without_script, service_url, "agent", demo.COMPANY)
    first = windows.show(without_script, service_url)
    without_script.locator("#show form button").click()
    assert without_script.locator(".digits").inner_text().replace(" ", "") != first.digits


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_nothing_is_wrong_with_the_shown_code_and_its_verdict(
    opening: Opening, service_url: str, look: Look
) -> None:
    with opening(service_url, look) as phone, opening(service_url, look, DESKTOP) as desk:
        holder, clerk = phone.new_page(), desk.new_page()
        sign_in(holder, service_url, "agent", demo.COMPANY)
        sign_in(clerk, service_url, "clerk", demo.CENTRE)
        shown = windows.show(holder, service_url)
        faults = find_faults(holder, look)
        windows.verify(clerk, service_url, shown.digits).wait_for()
        faults += find_faults(clerk, look)
        windows.verify(clerk, service_url, shown.digits).wait_for()
        faults += find_faults(clerk, look)
    assert not faults, "\n".join(faults)


def read_code(picture: bytes) -> str:
    return str(zxingcpp.read_barcodes(Image.open(BytesIO(picture)))[0].text)


def test_the_code_on_the_screen_can_be_scanned(holder: Page, service_url: str) -> None:
    shown = windows.show(holder, service_url)
    box = holder.locator(".qr svg, .qr img").first.bounding_box()
    assert box is not None
    assert box["width"] >= 240
    assert read_code(holder.screenshot()) == read_code(shown.picture)


def test_digits_are_verified_once(holder: Page, clerk: Page, service_url: str) -> None:
    shown = windows.show(holder, service_url)
    expect(windows.verify(clerk, service_url, shown.digits)).to_have_class(re.compile("verdict-ok"))
    expect(clerk.locator(".checks .failed")).to_have_count(0)
    again = windows.verify(clerk, service_url, shown.digits)
    expect(again).to_have_class(re.compile("verdict-used"))


def test_the_second_use_of_a_scanned_code_looks_different(
    holder: Page, clerk: Page, service_url: str
) -> None:
    text = read_code(windows.show(holder, service_url).picture)
    expect(windows.verify(clerk, service_url, text)).to_have_class(re.compile("verdict-ok"))
    expect(windows.verify(clerk, service_url, text)).to_have_class(re.compile("verdict-used"))
    expect(clerk.locator(".checks .failed")).to_have_count(1)


def test_an_uploaded_picture_gives_the_same_verdict(
    holder: Page, clerk: Page, service_url: str
) -> None:
    shown = windows.show(holder, service_url)
    windows.fill_in_matter(clerk, service_url)
    picture = {"name": "code.png", "mimeType": "image/png", "buffer": shown.picture}
    clerk.set_input_files("input[type=file]", picture)
    if clerk.locator(".verdict").count() == 0:
        clerk.locator("main form button:not([type=button])").first.click()
    expect(clerk.locator("main .verdict")).to_have_class(re.compile("verdict-ok"))


def test_the_camera_gives_the_same_verdict(
    holder: Page, playwright: Playwright, service_url: str, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.mjpeg"
    arguments = [*ARGUMENTS, f"--use-file-for-fake-video-capture={scene}"]
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
    clerk = browser.new_context(permissions=["camera"], locale="zh-CN").new_page()
    sign_in(clerk, service_url, "clerk", demo.CENTRE)
    windows.fill_in_matter(clerk, service_url)
    windows.film(windows.show(holder, service_url).picture, scene)
    clerk.click("[data-camera-start]")
    expect(clerk.locator("main .verdict")).to_have_class(re.compile("verdict-ok"), timeout=15_000)
    browser.close()


def test_after_a_verdict_the_focus_is_back_for_the_next_person(
    holder: Page, clerk: Page, service_url: str
) -> None:
    windows.verify(clerk, service_url, windows.show(holder, service_url).digits).wait_for()
    expect(clerk.locator("input[name=code]")).to_be_focused()
    expect(clerk.locator("select[name=matter]")).to_have_value(demo.TOUR_MATTER)
    expect(clerk.locator("main .verdict")).to_be_in_viewport()


def test_a_suspended_licence_is_told_apart_and_a_restored_one_passes(
    holder: Page, clerk: Page, issuer: Page, service_url: str
) -> None:
    identifier = windows.issue(issuer, service_url)
    shown = windows.show(holder, service_url, identifier)
    windows.change_state(issuer, service_url, identifier, "suspended")
    verdict = windows.verify(clerk, service_url, shown.digits)
    expect(verdict).to_have_class(re.compile("verdict-suspended"))
    windows.change_state(issuer, service_url, identifier, "valid")
    shown = windows.show(holder, service_url, identifier)
    expect(windows.verify(clerk, service_url, shown.digits)).to_have_class(re.compile("verdict-ok"))


def test_the_clerks_page_refuses_others_in_plain_words(holder: Page, service_url: str) -> None:
    answer = holder.goto(f"{service_url}/verify")
    assert answer is not None
    assert answer.status == 403
    expect(holder.locator("main h1")).to_be_visible()
    expect(holder.locator("main a[href='/act-for']")).to_be_visible()


def test_every_use_is_in_the_holders_record_and_its_proof_in_the_ledger(
    holder: Page, clerk: Page, auditor: Page, service_url: str
) -> None:
    windows.verify(clerk, service_url, windows.show(holder, service_url).digits).wait_for()
    record = str(clerk.locator("main a[href^='/ledger/records/']").first.get_attribute("href"))
    holder.goto(f"{service_url}/uses")
    expect(holder.locator(f"main a[href='{record}']")).to_have_count(1)
    answer = auditor.goto(service_url + record)
    assert answer is not None
    assert answer.status == 200


def test_a_reload_keeps_the_verdict_and_uses_nothing_up(
    holder: Page, clerk: Page, service_url: str
) -> None:
    shown = windows.show(holder, service_url)
    expect(windows.verify(clerk, service_url, shown.digits)).to_have_class(re.compile("verdict-ok"))
    clerk.reload()
    expect(clerk.locator("main .verdict")).to_have_class(re.compile("verdict-ok"))
    clerk.goto(service_url + "/verify/verdicts/0000")
    assert "/ledger/records/0000" in clerk.url


def test_the_holder_is_told_when_the_code_was_used(
    holder: Page, clerk: Page, service_url: str
) -> None:
    shown = windows.show(holder, service_url)
    windows.verify(clerk, service_url, shown.digits)
    expect(holder.locator("#show [role=status]")).to_contain_text("已被核验")
