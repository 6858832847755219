"""Every page that a person of each role can reach by links, in every look, at every width."""

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Error, Page

from service import demo
from tests.service.browser.conftest import Opening, sign_in, strangers
from tests.service.browser.looking import DESKTOP, LOOKS, Look, find_faults

ROLES = {
    "nobody": ("", ""),
    "person": ("person", ""),
    "agent": ("agent", demo.COMPANY),
    "issuer": ("issuer", demo.MARKET),
    "clerk": ("clerk", demo.CENTRE),
    "auditor": ("auditor", demo.AUDIT),
}
NOT_PAGES = ("/static/", "/api/", "/jwks", "/.well-known/", "/ledger/checkpoint", "/status-lists/")
SEEN: set[tuple[Look, str]] = set()


def shape_of(path: str) -> str:
    """The address with identifiers left out, so that one page of a kind is looked at."""
    return re.sub(r"/[^/]*\d[^/]*", "/*", path)


def pages_from(page: Page, url: str, starts: tuple[str, ...], look: Look) -> Iterator[str]:
    """Walk the links breadth first; each kind of page once per look."""
    queue = deque(starts)
    while queue:
        path = queue.popleft()
        if (look, shape_of(path)) in SEEN:
            continue
        SEEN.add((look, shape_of(path)))
        if not is_page(page, url + path):
            continue
        yield path
        links = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        targets = [urlsplit(urljoin(page.url, link)) for link in links]
        queue += [
            target.path
            for target in targets
            if f"{target.scheme}://{target.netloc}" == url and not target.path.startswith(NOT_PAGES)
        ]


def is_page(page: Page, address: str) -> bool:
    """Open an address; whether a page came, and not a file."""
    try:
        answer = page.goto(address)
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    return answer is not None and "text/html" in answer.headers.get("content-type", "")


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_wrong_with_any_page(
    opening: Opening, service_url: str, role: str, look: Look
) -> None:
    account, party = ROLES[role]
    faults: list[str] = []
    with opening(service_url, look, DESKTOP) as context, strangers(context, service_url) as strange:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        if account:
            sign_in(page, service_url, account, party)
        starts = (f"/?{role}", "/act-for") if account else ("/", "/sign-in", "/verify")
        for _path in pages_from(page, service_url, starts, look):
            faults += find_faults(page, look)
    assert not faults, "\n".join(faults)
    assert strange == []
