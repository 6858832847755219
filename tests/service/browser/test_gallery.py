"""Every component and every page of the frame, in every look, at every width."""

from collections.abc import Iterator

import pytest

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
