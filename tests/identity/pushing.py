"""A bank: an app of the profile fapi2 that pushes its requests, plain or signed."""

from typing import Any

import httpx

from identity.apps.clients import FAPI2, WEB
from identity.apps.options import Options
from tests.identity.browser import Browser, request_of
from tests.identity.conftest import Site
from tests.identity.signing import add_signer, assertion, proving, signed
from tests.identity.world import EVERYTHING, REDIRECT, World

BANK = "banking-app"
URN = "urn:ietf:params:oauth:request_uri:"


def add_bank(world: World, client_id: str = BANK, **changes: Any) -> None:
    """Register a bank, once; options may be given by name."""
    fields = {name for name in changes if name in {"profile", "redirect_uris", "jwks"}}
    options = Options(**{name: value for name, value in changes.items() if name not in fields})
    usual = {
        "kind": WEB,
        "scopes": EVERYTHING,
        "redirect_uris": (REDIRECT,),
        "profile": FAPI2,
        "options": options,
    }
    add_signer(world, client_id, **(usual | {name: changes[name] for name in fields}))


def push(site: Site, client_id: str = BANK, **changes: str | None) -> httpx.Response:
    """Push a request in the form; None leaves a parameter out."""
    form = request_of(client_id=client_id, **changes)
    return send(site, client_id, form)


def send(site: Site, client_id: str, form: dict[str, str]) -> httpx.Response:
    proof = proving(assertion(site.world, client_id))
    return site.browser().http.post("/par", data={**form, **proof})


def pushed(site: Site, client_id: str = BANK, **changes: str | None) -> dict[str, str]:
    """Push a request, and return what the person's browser brings."""
    answer = push(site, client_id, **changes)
    assert answer.status_code == 201, answer.text
    return link(answer, client_id)


def link(answer: httpx.Response, client_id: str = BANK) -> dict[str, str]:
    return {"client_id": client_id, "request_uri": answer.json()["request_uri"]}


def request_object(
    world: World, app: str = BANK, *, alg: str = "ES256", key: Any = None, **changes: Any
) -> str:
    """A signed request; None leaves a claim out."""
    now = world.clock.now
    usual: dict[str, Any] = {
        **request_of(client_id=app),
        "iss": app,
        "aud": world.realm.issuer,
        "nbf": now,
        "iat": now,
        "exp": now + 300,
    }
    claims = {name: value for name, value in (usual | changes).items() if value is not None}
    return signed(claims, alg, key)


def push_object(site: Site, text: str, client_id: str = BANK, **beside: str) -> httpx.Response:
    """Push a request object, and perhaps something beside it."""
    return send(site, client_id, {"client_id": client_id, "request": text, **beside})


def told_of(site: Site, browser: Browser, answer: httpx.Response) -> dict[str, str]:
    """Go through with a pushed request; what the app is told."""
    assert answer.status_code == 201, answer.text
    return browser.authorize(link(answer))
