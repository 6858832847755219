"""Makes docs/images/main-job.png from a running service with demo data.

Usage: screenshots.py URL    (needs Chromium and Chinese fonts)
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from service import demo
from tests.service.browser.conftest import ARGUMENTS, sign_in
from tests.tools_found import chromium

HEIGHT, GAP, WIDTH = 1180, 24, 390
OUT = Path(__file__).resolve().parents[2] / "docs" / "images" / "main-job.png"


def main(url: str) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        pages = list(main_job(browser, url))
        browser.close()
    strip = Image.new("RGB", (len(pages) * (WIDTH + GAP) + GAP, HEIGHT + 2 * GAP), "#dfe7ea")
    for place, page in enumerate(pages):
        cut = page.crop((0, 0, WIDTH, min(page.height, HEIGHT)))
        strip.paste(cut, (GAP + place * (WIDTH + GAP), GAP))
    strip.quantize(128).save(OUT, optimize=True)


def main_job(browser: Browser, url: str) -> Iterator[Image.Image]:
    """The licence on the phone, the clerk's verdict, the proof of the record."""
    holder = visitor(browser, url, "owner", demo.COMPANY)
    holder.goto(url + "/licences")
    holder.locator("main li.card h2 a", has_text="食品经营许可证").first.click()
    holder.goto(holder.url + "/show")
    holder.locator("main form button").last.click()
    holder.locator(".digits").wait_for()
    yield picture(holder)
    digits = holder.locator(".digits").inner_text()
    clerk = visitor(browser, url, "clerk", demo.CENTRE)
    clerk.goto(url + "/verify")
    clerk.select_option("#matter", demo.TOUR_MATTER)
    clerk.fill("#purpose", "开办餐饮店窗口核验")
    clerk.fill("#code", digits)
    clerk.keyboard.press("Enter")
    clerk.locator(".verdict").wait_for()
    yield picture(clerk)
    holder.goto(url + "/uses")
    yield picture(holder)
    auditor = visitor(browser, url, "auditor", demo.AUDIT)
    auditor.wait_for_timeout(5000)
    auditor.goto(url + clerk.locator("a[href^='/ledger/records/']").last.get_attribute("href"))
    yield picture(auditor)


def visitor(browser: Browser, url: str, account: str, party: str) -> Page:
    page = browser.new_context(viewport={"width": WIDTH, "height": 844}, locale="zh-CN").new_page()
    sign_in(page, url, account, party)
    return page


def picture(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


if __name__ == "__main__":
    main(sys.argv[1])
