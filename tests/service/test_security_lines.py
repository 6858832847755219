"""Lines of the checklist that every page of the whole service has to hold, seen from outside."""

import re
from urllib.parse import urlsplit

import httpx
import pytest

from service import demo
from service.tour.forms import read_forms
from tests.service.coming import FILLED, REQUEST
from tests.service.running import Running

PAGES = (
    "/", "/sign-in", "/account", "/account/password", "/account/passkeys", "/account/second-factor",
    "/act-for", "/apps", "/apps/new", "/mandates", "/device", "/sign-out", "/logout", "/verify",
    "/docs", "/authorize?client_id=nobody", "/consent?flow=x", "/problems/not-found", "/nowhere",
)  # fmt: skip
HTML = {"Accept": "text/html"}


@pytest.fixture
def shown(running: Running) -> list[httpx.Response]:
    """Pages as a stranger gets them and as somebody who is signed in does."""
    with httpx.Client(base_url=running.url, headers=HTML) as http:
        found = [http.get(path) for path in PAGES]
        found += [http.get("/authorize", params=REQUEST, follow_redirects=True)]
        form = read_forms(found[-1].text)[0]
        names = {"account", "password"}
        filled = {name: value for name, value in FILLED.items() if name in names}
        signed_in = http.post(form.action, data={**form.fields, **filled})
        assert signed_in.status_code == 303
        found += [http.get(path) for path in PAGES]
        found += [http.get("/authorize", params=REQUEST, follow_redirects=True)]
    pages = [each for each in found if each.headers.get("content-type", "").startswith("text/html")]
    assert len(pages) > 24
    return pages


def policy_of(page: httpx.Response) -> dict[str, str]:
    parts = page.headers["content-security-policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


@pytest.mark.line(13)
def test_line_13_no_page_lets_itself_be_framed(shown: list[httpx.Response]) -> None:
    for page in shown:
        assert policy_of(page)["frame-ancestors"] == "'none'", page.url


@pytest.mark.line(14)
def test_line_14_no_page_runs_what_was_slipped_into_it(shown: list[httpx.Response]) -> None:
    for page in shown:
        policy = policy_of(page)
        assert policy["default-src"] == "'none'", page.url
        assert "unsafe" not in page.headers["content-security-policy"], page.url
        assert page.headers["referrer-policy"] == "no-referrer", page.url
        assert not re.search(r"\son[a-z]+\s*=|javascript:|\sstyle\s*=", page.text), page.url
        nonce = re.search(r"'nonce-([^']+)'", policy["script-src"])
        for attributes in re.findall(r"<script\b([^>]*)>", page.text):
            own = nonce is not None and f'nonce="{nonce[1]}"' in attributes
            assert own or ' src="/' in attributes, (page.url, attributes)


@pytest.mark.line(14)
def test_line_14_no_page_fetches_anything_from_elsewhere(shown: list[httpx.Response]) -> None:
    for page in shown:
        fetched = re.findall(r'<(?:script|img|iframe|source)\b[^>]*\ssrc="([^"]*)"', page.text)
        fetched += re.findall(r'<link\b[^>]*\shref="([^"]*)"', page.text)
        assert fetched
        for address in fetched:
            parts = urlsplit(address)
            assert (parts.scheme, parts.netloc) in {("", ""), ("data", "")}, (page.url, address)


@pytest.mark.line(14)
def test_line_14_a_nonce_is_of_one_answer(running: Running) -> None:
    policies = {
        httpx.get(running.url + "/sign-in").headers["content-security-policy"] for _ in "ab"
    }
    assert len(policies) == 2


@pytest.mark.line(9)
def test_line_9_a_password_is_no_grant(running: Running) -> None:
    form = {"grant_type": "password", "username": "person", "password": demo.PASSWORD}
    auth = (demo.WEB_CLIENT, demo.WEB_SECRET)
    answer = httpx.post(running.url + "/token", data=form, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.line(3)
@pytest.mark.parametrize(
    "wish",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "https:evil.example", "javascript:alert(1)", "/\t/evil.example",
    ],
)  # fmt: skip
def test_line_3_signing_in_leads_to_nobody_elses_place(running: Running, wish: str) -> None:
    with httpx.Client(base_url=running.url, headers=HTML) as http:
        form = read_forms(http.get("/sign-in", params={"return_to": wish}).text)[0]
        fields = form.fields | {"return_to": wish, "account": "person", "password": demo.PASSWORD}
        answer = http.post(form.action, data=fields)
        if answer.status_code == 303:
            place = answer.headers["location"]
            assert place.startswith("/"), place
            assert not re.match(r"/[\s\\/]", place), place
        else:
            assert answer.status_code == 400
