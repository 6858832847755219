"""Every page that a person of each role can reach by links, in every look, at every width."""

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlencode, urljoin, urlsplit

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
NOT_PAGES = ("/static/", "/api/", "/jwks", "/.well-known/", "/status-lists/")
ASKING = urlencode(
    {
        "response_type": "code",
        "client_id": demo.WEB_CLIENT,
        "redirect_uri": demo.WEB_REDIRECT,
        "scope": "openid profile legal_person licence.read",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
)
STARTS = {
    "nobody": (
        *("/", "/sign-in", "/verify", "/sign-out", "/docs", "/problems/not-found", "/nowhere"),
        *("/device", "/device?user_code=BCDFGHJK", "/device?done=allowed", "/device?done=refused"),
    ),
    "person": (f"/authorize?{ASKING}", "/authorize?client_id=nobody", "/?person", "/act-for"),
}
SEEN: set[tuple[Look, str]] = set()


def shape_of(path: str) -> str:
    """The address with identifiers left out, so that one page of a kind is looked at."""
    return re.sub(r"/[^/]*\d[^/]*", "/*", path)


def pages_from(page: Page, url: str, starts: tuple[str, ...], look: Look) -> Iterator[str]:
    """Walk the links breadth first; gives each kind of page once per look, whoever finds it."""
    queue, followed = deque(starts), set[str]()
    while queue:
        path = queue.popleft()
        if shape_of(path) in followed or not is_page(page, url + path):
            continue
        followed.add(shape_of(path))
        shown = urlsplit(page.url)
        kind = (look, shape_of(shown.path) if shown.path != "/" else path)
        if kind not in SEEN:
            SEEN.add(kind)
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
        starts = STARTS.get(role, (f"/?{role}", "/act-for"))
        for _path in pages_from(page, service_url, starts, look):
            faults += find_faults(page, look)
    assert not faults, "\n".join(faults)
    assert strange == []


def test_the_header_says_that_somebody_is_signed_in_before_they_chose(
    opening: Opening, service_url: str
) -> None:
    with opening(service_url) as context:
        page = context.new_page()
        page.goto(f"{service_url}/sign-in")
        page.locator("input[name=account]").fill("agent")
        page.locator("input[name=password]").fill(demo.PASSWORD)
        page.locator("main form:has(#password) button:not([type])").click()
        assert page.url.startswith(f"{service_url}/act-for")
        assert page.locator("text=尚未登录").count() == 0
        assert page.locator(".acting button", has_text="退出").count() == 1
