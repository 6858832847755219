"""An app that asks as the OpenID Foundation's suite does: no PKCE unless a module says so.

It is registered by an operator or registers itself, and is answered in the query or by a form:
`use` says which. Every module has to pass in each of these ways.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.identity.browser import Browser, basic
from tests.identity.conftest import Site
from tests.identity.world import EXACT_SECRET, GOODBYE, REDIRECT

STATIC, DYNAMIC = "static", "dynamic"
QUERY, FORM_POST = "query", "form_post"
WITH_QUERY = REDIRECT + "?foo=bar"
Tokens = dict[str, Any]


@dataclass
class Way:
    """Who asks, and how it is answered."""

    client_id: str = "exact"
    secret: str = EXACT_SECRET
    mode: str = QUERY


WAY = Way()


@contextmanager
def use(site: Site, client: str, mode: str) -> Iterator[None]:
    """Ask in another way for a while."""
    WAY.mode = mode
    if client == DYNAMIC:
        document = {
            "client_name": "演示·测试台",
            "redirect_uris": [REDIRECT, WITH_QUERY],
            "post_logout_redirect_uris": [GOODBYE],
            "contacts": ["certification@app.example"],
        }
        answer = httpx.post(f"{site.url}/register", json=document)
        assert answer.status_code == 201, answer.text
        app = answer.json()
        WAY.client_id, WAY.secret = app["client_id"], app["client_secret"]
    yield
    WAY.client_id, WAY.secret, WAY.mode = "exact", EXACT_SECRET, QUERY


def asked(**changes: str | None) -> dict[str, str]:
    """The suite's usual request; None leaves a parameter out."""
    usual: dict[str, str | None] = {
        "response_type": "code",
        "client_id": WAY.client_id,
        "redirect_uri": REDIRECT,
        "scope": "openid",
        "state": "the state",
        "nonce": "the nonce",
        "response_mode": WAY.mode if WAY.mode != QUERY else None,
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def proof() -> dict[str, str]:
    """How the app proves itself."""
    return basic(WAY.client_id, WAY.secret)


def redeem(browser: Browser, code: str, **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return browser.token(proof(), **(form | more))


def complete(browser: Browser, **changes: str | None) -> Tokens:
    """Authorize and redeem; check what every module checks."""
    request = asked(**changes)
    return complete_with(browser, request)


def complete_with(browser: Browser, request: Mapping[str, str]) -> Tokens:
    """The same with a request as it stands."""
    answer = browser.authorize(request)
    assert answer.get("state") == request.get("state")
    assert answer["iss"] == browser.url
    tokens = redeem(browser, answer["code"])
    assert tokens.status_code == 200, tokens.text
    assert tokens.headers["cache-control"] == "no-store"
    body: Tokens = tokens.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] > 0
    claims = id_token(browser, body)
    assert claims["iss"] == browser.url
    assert claims["aud"] == request["client_id"]
    assert claims.get("nonce") == request.get("nonce")
    assert claims["sub"]
    return body


def id_token(browser: Browser, tokens: Tokens) -> dict[str, Any]:
    keys = KeySet.import_key_set(browser.http.get("/jwks").json())
    return dict(jwt.decode(tokens["id_token"], keys, ["ES256", "RS256", "EdDSA"]).claims)


def userinfo(browser: Browser, tokens: Tokens) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = browser.http.get("/userinfo", headers=headers)
    assert answer.status_code == 200
    return dict(answer.json())
