"""A browser without script, and an app, against identity's real server."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote_plus, urlencode, urljoin, urlsplit

import httpx

from service.tour.forms import Form, read_forms
from tests.identity.world import COMPANY, PASSWORD, REDIRECT, WEB_SECRET

OUR_PAGES = ("/sign-in", "/act-for", "/consent")
VERIFIER = "v" * 43


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def request_of(**changes: str | None) -> dict[str, str]:
    """An authorization request of the app `web`; None leaves a parameter out."""
    usual: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "web",
        "redirect_uri": REDIRECT,
        "scope": "openid profile legal_person offline_access licence.read",
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def basic(client_id: str = "web", secret: str = WEB_SECRET) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


@dataclass
class Browser:
    """Keeps cookies, follows redirects within the site, fills in forms."""

    url: str
    account: str = "agent"
    party: str = COMPANY
    pages: list[str] = field(default_factory=list)
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def authorize(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Go through with an authorization request; what the app is told."""
        return self.walk(self.http.get("/authorize", params=parameters))

    def walk(self, response: httpx.Response) -> dict[str, str]:
        for _ in range(16):
            while response.is_redirect:
                target = urljoin(str(response.url), response.headers["location"])
                if not target.startswith(self.url):
                    return told(target)
                response = self.http.get(target)
            assert response.status_code == 200, (response.url, response.text)
            away = [form for form in read_forms(response.text) if form.action.startswith("http")]
            if away:  # the answer to the app (Form Post Response Mode §2)
                return {**told(away[0].action), **away[0].fields}
            response = self.submit(response)
        raise AssertionError("too many pages")

    def submit(self, page: httpx.Response, **filled: str) -> httpx.Response:
        form = form_of(page)
        self.pages.append(form.action)
        return self.http.post(form.action, data={**form.fields, **(filled or self._answer(form))})

    def _answer(self, form: Form) -> dict[str, str]:
        if form.action == "/sign-in":
            return {"account": self.account, "password": PASSWORD}
        if form.action == "/act-for":
            return {"party": next(b.value for b in form.buttons if self.party in b.text)}
        return {"decision": "allow"}

    def token(self, headers: Mapping[str, str] | None = None, **form: str) -> httpx.Response:
        return self.http.post("/token", data=form, headers=headers or basic())

    def redeem(self, code: str, /, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return self.token(**(form | changes))

    def tokens(self, **changes: str | None) -> dict[str, str]:
        """Sign in, choose, allow, redeem."""
        answer = self.redeem(self.authorize(request_of(**changes))["code"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def form_of(page: httpx.Response) -> Form:
    """The form of the page itself; the frame has one to sign out behind it."""
    forms = read_forms(page.text)
    ours = [form for path in OUR_PAGES for form in forms if form.action == path]
    return ours[0] if ours else next(form for form in forms if form.action == "/sign-out")


def told(address: str) -> dict[str, str]:
    """Read the parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def fresh_state() -> str:
    return secrets.token_urlsafe(8)


def query(parameters: Mapping[str, str]) -> str:
    return urlencode(parameters)
