"""The look at a page finds what it should: one broken page per fault."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.service.browser.conftest import Opening
from tests.service.browser.gallery import make_gallery
from tests.service.browser.looking import Look, find_faults
from tests.service.serving import served

BREAKS = {
    "main.append('纯中文')": "not translated: 纯中文",
    "main.querySelector('h1').title = '标题'": "title not translated",
    "document.title = '标题'": "title not translated",
    "document.documentElement.lang = 'zh-CN'": "lang is zh-CN",
    "main.firstElementChild.style.width = '400px'": "at 320 px: ",
    "main.querySelector('.button').style.cssText = 'min-height:20px;padding:0'": "target ",
    "main.querySelector('h1').style.fontSize = '11px'": "text of 11 px",
    "main.querySelector('h1').style.lineHeight = '1.1'": "line height 1.1",
    "main.querySelector('.lead').style.color = '#aaa'": "axe color-contrast",
    "main.append(document.createElement('img'))": "axe image-alt",
}


@pytest.fixture(scope="module")
def gallery_url() -> Iterator[str]:
    with served(make_gallery()) as url:
        yield url


@pytest.fixture
def page(opening: Opening, gallery_url: str) -> Iterator[Page]:
    with opening(gallery_url, Look("en")) as context:
        page = context.new_page()
        page.goto(gallery_url)
        yield page


def test_nothing_is_found_where_nothing_is_wrong(page: Page) -> None:
    assert find_faults(page, Look("en")) == []


@pytest.mark.parametrize(("broken", "fault"), BREAKS.items(), ids=BREAKS.values())
def test_every_kind_of_fault_is_found(page: Page, broken: str, fault: str) -> None:
    page.evaluate(f"() => {{ const main = document.querySelector('main'); {broken}; }}")
    found = find_faults(page, Look("en"))
    assert any(fault in each for each in found), found
