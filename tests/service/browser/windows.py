"""What people do at the window, in their browsers: show, verify, issue."""

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Locator, Page

from service import demo

LICENCE = re.compile("食品经营许可证|Food business licence", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """What the holder's phone shows."""

    digits: str
    picture: bytes


def identifier_in(address: str) -> str:
    """The licence's identifier in the address of one of its pages."""
    parts = urlsplit(address).path.split("/")
    return next(part for part in reversed(parts) if any(sign.isdigit() for sign in part))


def show(page: Page, url: str, identifier: str = "") -> Shown:
    """Show a licence (the first valid one for the matter, or the one named) and read the screen."""
    if not identifier:
        page.goto(f"{url}/licences")
        valid = page.locator("main li:has(.badge-ok)", has_text=LICENCE).first
        link = valid.locator("a[href$='/show']")
        identifier = identifier_in(str(link.get_attribute("href")).removesuffix("/show"))
    page.goto(f"{url}/licences/{identifier}/show")
    if not page.locator(".digits").count():
        page.locator("main form[action$='/show'] button").click()
    digits = re.sub(r"\D", "", page.locator(".digits").inner_text())
    return Shown(digits, page.locator(".qr").screenshot())


def fill_in_matter(page: Page, url: str) -> None:
    """Open the clerk's desk and say what is handled."""
    page.goto(f"{url}/verify")
    page.select_option("select[name=matter]", demo.TOUR_MATTER)
    page.fill("input[name=purpose]", "演示 窗口核验")


def verify(page: Page, url: str, digits: str) -> Locator:
    """Type six digits and press Enter; gives the verdict."""
    fill_in_matter(page, url)
    page.fill("input[name=code]", digits)
    page.press("input[name=code]", "Enter")
    return page.locator("main .verdict")


def issue(page: Page, url: str) -> str:
    """Fill in the form of the demo's licence type; gives the identifier of what was issued."""
    page.goto(f"{url}/issue/new/{demo.TOUR_TYPE}")
    page.fill("input[name='holder.code']", demo.COMPANY_CODE)
    page.fill("input[name='holder.name']", demo.COMPANY)
    for name, value in demo.TOUR_FIELDS.items():
        field = page.locator(f"main [name='{name}']")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(r"/issue/[^/]*\d[^/]*$"))
    return identifier_in(page.url)


def change_state(page: Page, url: str, identifier: str, state: str) -> None:
    """Suspend, restore or revoke a licence on its page."""
    page.goto(f"{url}/issue/{identifier}")
    page.fill("input[name=reason]", "演示")
    page.click(f"button[name=state][value={state}]")
    page.locator("main [role=status]").wait_for()


def film(picture: bytes, path: Path) -> None:
    """Write what a camera sees that is held before the picture: a motion JPEG."""
    code = Image.open(BytesIO(picture)).convert("RGB").resize((400, 400))
    scene = Image.new("RGB", (640, 480), "#888")
    scene.paste(code, (120, 40))
    frame = BytesIO()
    scene.save(frame, "JPEG", quality=90)
    path.write_bytes(frame.getvalue() * 5)
