"""Looking at a page as it stands in a browser: everything that is wrong with it, as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE = (390, 844)
DESKTOP = (1440, 900)
WIDTHS = (320, 390, 768, 1440)
TARGET_PX = {"normal": 44, "elder": 60, "elder-max": 60}
TEXT_PX = {"normal": 14, "elder": 18, "elder-max": 18}
READ_PX = {"normal": 16, "elder": 20, "elder-max": 30}

SCRIPT = Path(__file__).with_name("looking.js").read_text("utf-8")
AXE = Axe()


@dataclass(frozen=True)
class Look:
    """How a person has set up the pages."""

    lang: str = "zh-CN"
    view: str = "normal"

    def __str__(self) -> str:
        return f"{self.lang}-{self.view}"


LOOKS = tuple(Look(*pair) for pair in product(("zh-CN", "en"), ("normal", "elder")))


def find_faults(page: Page, look: Look) -> list[str]:
    """All faults of the page that is open, at all widths."""
    where = page.url.split("/", 3)[-1]
    return [f"/{where} {fault}" for fault in _faults(page, look)]


def _faults(page: Page, look: Look) -> Iterator[str]:
    page.evaluate(SCRIPT)
    yield from page.evaluate("lang => haiheLooking.language(lang)", look.lang)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        for fault in page.evaluate("() => haiheLooking.sideways()"):
            yield f"at {width} px: {fault}"
    for width, height in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        sizes = [TARGET_PX[look.view], TEXT_PX[look.view], READ_PX[look.view]]
        for fault in page.evaluate("sizes => haiheLooking.sizes(...sizes)", sizes):
            yield f"at {width} px: {fault}"
        yield from (f"at {width} px: {fault}" for fault in _axe(page))


def _axe(page: Page) -> Iterator[str]:
    for violation in AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]:
        nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
        yield f"axe {violation['id']}: {violation['help']}: {nodes}"
