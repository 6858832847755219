"""Every component and every page of the frame, in every look, at every width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.service.browser.conftest import Opening, strangers
from tests.service.browser.gallery import make_gallery
from tests.service.browser.looking import LOOKS, Look, find_faults
from tests.service.serving import served

PATHS = (
    "/",
    "/help",
    "/gallery",
    "/gallery?bad=1",
    "/show",
    "/refusal",
    "/error",
    "/problems/not-found",
    "/docs",
)
LARGEST = (Look("zh-CN", "elder-max"), Look("en", "elder-max"))


@pytest.fixture(scope="module")
def gallery_url() -> Iterator[str]:
    with served(make_gallery()) as url:
        yield url


@pytest.mark.parametrize(("lang", "words"), [("en", "Passed"), ("zh-CN", "核验通过")])
def test_a_verdict_is_spoken_in_the_language_of_the_page(
    opening: Opening, gallery_url: str, lang: str, words: str
) -> None:
    look = Look(lang)
    with opening(gallery_url, look) as context:
        page = context.new_page()
        page.goto(gallery_url + "/who")
        page.route("**/news", lambda route: route.fulfill(status=204))
        page.goto(gallery_url + "/gallery")
        expect(page.locator("[role=status].visually-hidden")).to_have_text(words)
        assert find_faults(page, look) == []


@pytest.mark.parametrize("look", [*LOOKS, *LARGEST], ids=str)
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "signed out"])
def test_nothing_is_wrong_with_any_page_of_the_frame(
    opening: Opening, gallery_url: str, look: Look, *, signed_in: bool
) -> None:
    faults: list[str] = []
    with opening(gallery_url, look) as context, strangers(context, gallery_url) as strange:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.goto(gallery_url + ("/who" if signed_in else "/"))
        for path in PATHS if signed_in else PATHS[:2]:
            page.goto(gallery_url + path)
            faults += find_faults(page, look)
    assert not faults, "\n".join(faults)
    assert strange == []
