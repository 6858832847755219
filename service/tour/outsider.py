"""Somebody outside the service: a browser without script and an app, over HTTP only."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx

from service.tour.forms import Form, read_forms

MOST_PAGES = 8
SECONDS = 30


class TourFailed(Exception):
    """A step did not go as it should."""


@dataclass(frozen=True)
class App:
    """A registered client, as its developer knows it."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Caller:
    """An app that holds a person's access token."""

    url: str
    token: str
    id_token: str

    def get(self, path: str) -> httpx.Response:
        """GET with the token."""
        return httpx.get(self.url + path, headers=self._headers(), timeout=SECONDS)

    def post(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        """POST JSON with the token."""
        return httpx.post(self.url + path, json=body, headers=self._headers(), timeout=SECONDS)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}


def sign_in(url: str, app: App, account: tuple[str, str], party: str, scope: str) -> Caller:
    """Take one person through sign-in, the choice for whom to act, and consent.

    Args:
        url: address of the service.
        app: the app that sends the person.
        account: name and password.
        party: for whom to act, a name on the page; empty for oneself.
        scope: what the app asks for, divided by spaces.

    Raises:
        TourFailed: the flow did not lead back to the app with a code.
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": scope,
        "state": state,
        "nonce": secrets.token_urlsafe(16),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with httpx.Client(base_url=url, timeout=SECONDS) as browser:
        answer = _walk(browser, "/authorize?" + urlencode(query), app, account, party)
    if answer.get("state") != [state] or "code" not in answer:
        raise TourFailed(f"the app was answered {sorted(answer)} instead of a code")
    return _redeem(url, app, answer["code"][0], verifier)


def _walk(
    browser: httpx.Client, address: str, app: App, account: tuple[str, str], party: str
) -> dict[str, list[str]]:
    """Follow redirects and fill in forms until the browser is sent back to the app."""
    response = browser.get(address)
    for _ in range(MOST_PAGES):
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if target.startswith(app.redirect_uri):
                return parse_qs(urlsplit(target).query)
            response = browser.get(target)
        if response.status_code >= 400:
            raise TourFailed(f"{response.url.path} answered {response.status_code}")
        response = _fill_in(browser, response, account, party)
    raise TourFailed("too many pages between the app and its code")


def _fill_in(
    browser: httpx.Client, response: httpx.Response, account: tuple[str, str], party: str
) -> httpx.Response:
    path = urlsplit(str(response.url)).path
    forms = [form for form in read_forms(response.text) if form.method.lower() == "post"]
    for form in forms:
        if "password" in form.fields:
            filled = {"account": account[0], "password": account[1]}
            return _submit(browser, response, form, filled)
    if path == "/act-for":
        form, chosen = _card(forms, party)
        return _submit(browser, response, form, chosen)
    return _submit(browser, response, *_allow(forms, path))


def _card(forms: list[Form], party: str) -> tuple[Form, dict[str, str]]:
    for form in forms:
        for button in form.buttons:
            if button.name == "party" and (party in button.text if party else True):
                return form, {button.name: button.value}
    raise TourFailed(f"nobody to act for named {party!r}")


def _allow(forms: list[Form], path: str) -> tuple[Form, dict[str, str]]:
    for form in forms:
        for button in form.buttons:
            if (button.name, button.value) == ("decision", "allow"):
                return form, {"decision": "allow"}
    raise TourFailed(f"no form to go on with at {path}")


def _submit(
    browser: httpx.Client, page: httpx.Response, form: Form, filled: Mapping[str, str]
) -> httpx.Response:
    target = urljoin(str(page.url), form.action)
    return browser.post(target, data={**form.fields, **filled})


def _redeem(url: str, app: App, code: str, verifier: str) -> Caller:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        "code_verifier": verifier,
    }
    secret = (app.client_id, app.client_secret)
    answer = httpx.post(url + "/token", data=form, auth=secret, timeout=SECONDS)
    if answer.status_code != 200:
        raise TourFailed(f"/token answered {answer.status_code}: {answer.text[:200]}")
    tokens = answer.json()
    return Caller(url, tokens["access_token"], tokens.get("id_token", ""))
