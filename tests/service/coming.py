"""An app whose person is signed in and has agreed: it can ask for codes as fast as it likes."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx

from service import demo
from service.tour.forms import Form, read_forms

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
SCOPE = "openid profile offline_access"
REQUEST = {
    "response_type": "code",
    "client_id": demo.WEB_CLIENT,
    "redirect_uri": demo.WEB_REDIRECT,
    "scope": SCOPE,
    "code_challenge": CHALLENGE.decode(),
    "code_challenge_method": "S256",
}
# Making a client costs more than a request: with one of its own for each, many are never at once.
APP = httpx.Client(timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
FILLED = {"account": "person", "password": demo.PASSWORD, "party": "self", "decision": "allow"}


def new_code(url: str) -> str:
    """A code for somebody who signs in for it."""
    with httpx.Client(base_url=url, timeout=60) as http:
        return Visitor(http).code()


@dataclass
class Visitor:
    """A browser and the app behind it."""

    http: httpx.Client

    def code(self) -> str:
        """Get a code, filling in whatever page comes first."""
        answer = self.http.get("/authorize?" + urlencode(REQUEST))
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if target.startswith(demo.WEB_REDIRECT):
                    return parse_qs(urlsplit(target).query)["code"][0]
                answer = self.http.get(target)
            else:
                assert answer.status_code == 200, answer.text
                answer = self._submit(read_forms(answer.text)[0])
        raise AssertionError("too many pages")

    def _submit(self, form: Form) -> httpx.Response:
        buttons = {button.name for button in form.buttons}
        wanted = form.fields.keys() | buttons
        filled = {name: value for name, value in FILLED.items() if name in wanted}
        return self.http.post(form.action, data={**form.fields, **filled})


def redeem(url: str, code: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": demo.WEB_REDIRECT,
        "code_verifier": VERIFIER,
    }
    return ask(url, form)


def refresh(url: str, token: str) -> httpx.Response:
    return ask(url, {"grant_type": "refresh_token", "refresh_token": token})


def ask(url: str, form: dict[str, str]) -> httpx.Response:
    """Ask the token endpoint, on a connection of one's own."""
    auth = (demo.WEB_CLIENT, demo.WEB_SECRET)
    return APP.post(url + "/token", data=form, auth=auth)


def all_at_once(times: int, act: Any, *arguments: Any) -> list[httpx.Response]:
    """Do the same many times at once."""
    with ThreadPoolExecutor(times) as pool:
        return [each.result() for each in [pool.submit(act, *arguments) for _ in range(times)]]
