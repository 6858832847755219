"""A browser without script and the app that sends it, for any provider on this machine."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from service.tour.forms import Button, Form, read_forms
from service.tour.outsider import App
from tests.benchmarks.peer.line import Answer, Line

MOST_STEPS = 20
VERIFIER = "a-verifier-of-a-benchmark-is-no-secret-at-all-0123456789"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


class Unexpected(Exception):
    """A provider answered something else than it should."""


@dataclass(frozen=True)
class Party:
    """A provider that is measured, and how to speak with it.

    Attributes:
        name: in the table.
        url: its issuer.
        pid: its process; what that started is counted with it.
        web: the app that people sign in to.
        service: the app that acts on its own.
        person: fields of the sign-in page.
        wish: parameters of client credentials beside the grant.
        lasting: parameters with which an app gets a refresh token.
    """

    name: str
    url: str
    pid: int
    web: App
    service: App
    person: Mapping[str, str]
    wish: Mapping[str, str]
    lasting: Mapping[str, str] = field(default_factory=dict)

    def endpoints(self) -> dict[str, Any]:
        """Read its metadata."""
        line = Line(self.url)
        answer = line.ask("GET", "/.well-known/openid-configuration", {})
        line.close()
        return dict(json.loads(answer.body))


def basic(app: App) -> dict[str, str]:
    pair = f"{app.client_id}:{app.client_secret}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


class Visitor:
    """One person in one browser, on one connection."""

    def __init__(self, party: Party) -> None:
        """Open a browser."""
        self.party = party
        self.line = Line(party.url)
        self.paths = {
            name: urlsplit(address).path
            for name, address in party.endpoints().items()
            if name.endswith("_endpoint") or name == "jwks_uri"
        }
        self._cookies: dict[str, str] = {}

    def get(self, address: str) -> Answer:
        """Open a page."""
        return self._ask("GET", address)

    def post(self, name: str, form: Mapping[str, str], app: App | None = None) -> Answer:
        """Send a form to an endpoint, as an app does: without cookies."""
        body = urlencode(form).encode()
        return self.line.ask("POST", self.paths[name], basic(app) if app else {}, body)

    def authorize(self, **more: str) -> str:
        """Return the code that a provider gives to somebody who is signed in."""
        code = self._code_in(self.get(self._wish(more)))
        if code is None:
            raise Unexpected("no code at once")
        return code

    def sign_in(self, **more: str) -> str:
        """Follow redirects and fill in forms until there is a code."""
        address = self._wish(more)
        answer = self.get(address)
        for _ in range(MOST_STEPS):
            if code := self._code_in(answer):
                return code
            if "location" in answer.headers:
                address = urljoin(address, answer.headers["location"])
                answer = self.get(address)
                continue
            form, pressed = _choose(answer)
            filled = {name: self.party.person.get(name, form.fields[name]) for name in form.fields}
            if pressed is not None and pressed.name:
                filled[pressed.name] = pressed.value
            address = urljoin(address, form.action)
            answer = self._ask("POST", address, urlencode(filled).encode())
        raise Unexpected(f"no code after {MOST_STEPS} pages, the last {answer.status} at {address}")

    def redeem(self, code: str) -> dict[str, Any]:
        """Trade a code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.party.web.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return read(self.post("token_endpoint", form, self.party.web))

    def _wish(self, more: Mapping[str, str]) -> str:
        query = {
            "response_type": "code",
            "client_id": self.party.web.client_id,
            "redirect_uri": self.party.web.redirect_uri,
            "scope": "openid profile",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return self.paths["authorization_endpoint"] + "?" + urlencode(query)

    def _code_in(self, answer: Answer) -> str | None:
        target = answer.headers.get("location", "")
        if not target.startswith(self.party.web.redirect_uri):
            return None
        given = parse_qs(urlsplit(target).query)
        if "code" not in given:
            raise Unexpected(f"the app was answered {sorted(given)}")
        return given["code"][0]

    def _ask(self, method: str, address: str, body: bytes = b"") -> Answer:
        parts = urlsplit(address)
        path = parts.path + ("?" + parts.query if parts.query else "")
        headers = {"Accept": "text/html"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={it}" for name, it in self._cookies.items())
        answer = self.line.ask(method, path, headers, body)
        for cookie in answer.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer


def _choose(page: Answer) -> tuple[Form, Button | None]:
    """Return the form to send and the button to press: sign in, act for oneself, agree."""
    forms = [form for form in read_forms(page.body.decode()) if form.method.lower() == "post"]
    for form in forms:
        if "password" in form.fields:
            return form, None
    for form in forms:
        for button in form.buttons:
            if button.name == "party" or (button.name, button.value) == ("decision", "allow"):
                return form, button
    if not forms:
        raise Unexpected(f"{page.status} and no form: {page.body[:200]!r}")
    return forms[0], None


def read(answer: Answer) -> dict[str, Any]:
    """Read a good answer."""
    if answer.status != 200:
        raise Unexpected(f"{answer.status}: {answer.body[:200]!r}")
    return dict(json.loads(answer.body))
