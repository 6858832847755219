"""Apps that ask over the back channel, and people who find the requests on their page."""

from typing import Any

import httpx

from identity.apps.clients import SERVICE
from identity.apps.options import Options
from identity.asking.decoupled import CIBA_GRANT
from identity.operating.registry import NewClient, add_client
from identity.people.sessions import cookie_name
from service.tour.forms import Form, read_forms
from tests.identity.browser import Browser, basic
from tests.identity.conftest import Site
from tests.identity.holding import encode
from tests.identity.signing import JWKS, assertion, proving, signed
from tests.identity.world import EVERYTHING, OTHER_COMPANY_CODE, World

SECRET = "the secret of a window"
SCOPE = "openid profile"
Begun = dict[str, Any]


def add_apps(world: World, ping_at: str = "") -> None:
    """Register `bank`, which signs what it asks, `window`, which does not, and more; once."""
    grants = (CIBA_GRANT, "refresh_token")
    signing = Options(
        grant_types=grants,
        backchannel_token_delivery_mode="poll",
        backchannel_authentication_request_signing_alg="ES256",
    )
    plain = Options(grant_types=grants, backchannel_token_delivery_mode="poll")
    apps = [
        _app("bank", signing, jwks=JWKS),
        _app("bank-2", Options(grant_types=grants), jwks=JWKS),
        _app("window", plain),
        _app("window-2", plain),
        _app("no-ciba", Options()),
    ]
    if ping_at:
        pinged = Options(
            grant_types=grants,
            backchannel_token_delivery_mode="ping",
            backchannel_client_notification_endpoint=ping_at,
        )
        apps.append(_app("pinged", pinged))
    with world.working() as work:
        for app in apps:
            if work.store.clients.find(app.client_id) is None:
                add_client(work, app, "" if app.jwks else SECRET)


def _app(client_id: str, options: Options, **more: Any) -> NewClient:
    return NewClient(
        client_id, "演示·窗口系统", OTHER_COMPANY_CODE, SERVICE, EVERYTHING, options=options, **more
    )


def request_object(site: Site, alg: str = "ES256", key: Any = None, **changes: Any) -> str:
    """A signed request of the app `bank`; None leaves a claim out."""
    now = site.world.clock.now
    usual = {
        "iss": "bank",
        "aud": site.url,
        "exp": now + 120,
        "iat": now,
        "nbf": now,
        "jti": site.world.realm.fresh_id(),
        "scope": SCOPE,
        "login_hint": "reader",
        "binding_message": "窗口 7 号",
    }
    claims = {name: value for name, value in (usual | changes).items() if value is not None}
    if alg == "none":
        return f"{encode({'alg': 'none'})}.{encode(claims)}."
    return signed(claims, alg, key)


def ask_signed(site: Site, text: str = "", **more: str) -> httpx.Response:
    """The app `bank` asks with a signed request."""
    form = {"request": text or request_object(site), **proving(assertion(site.world, "bank"))}
    return httpx.post(f"{site.url}/bc-authorize", data=form | more)


def ask(site: Site, client_id: str = "window", **changes: str | None) -> httpx.Response:
    """An app with a secret asks with a form; None leaves a parameter out."""
    usual: dict[str, str | None] = {"scope": SCOPE, "login_hint": "reader"}
    form = {name: value for name, value in (usual | changes).items() if value is not None}
    headers = basic(client_id, SECRET)
    return httpx.post(f"{site.url}/bc-authorize", data=form, headers=headers)


def begun(answer: httpx.Response) -> Begun:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


def poll(site: Site, begun: Begun, client_id: str = "window", **changes: str) -> httpx.Response:
    form = {"grant_type": CIBA_GRANT, "auth_req_id": begun["auth_req_id"], **changes}
    return httpx.post(f"{site.url}/token", data=form, headers=basic(client_id, SECRET))


def poll_signed(site: Site, begun: Begun, **changes: Any) -> httpx.Response:
    form = {"grant_type": CIBA_GRANT, "auth_req_id": begun["auth_req_id"]}
    form |= proving(assertion(site.world, "bank"))
    return httpx.post(f"{site.url}/token", data=form | changes)


def refused(answer: httpx.Response, *errors: str) -> None:
    assert answer.status_code in {400, 401, 403}, answer.text
    assert answer.json()["error"] in errors, answer.text


def waiting(page: httpx.Response) -> list[Form]:
    """The requests on a person's page."""
    forms = read_forms(page.text)
    return [form for form in forms if form.action == "/approvals"]


def person_at(site: Site, account: str = "reader", party: str = "") -> Browser:
    """A browser whose person is signed in."""
    browser = site.browser(account)
    cookie, _ = site.world.sign_in(account, party)
    browser.http.cookies.set(cookie_name(site.url), cookie)
    return browser


def answer_first(browser: Browser, decision: str = "allow") -> httpx.Response:
    """Open the latest request of a person and answer it; the last page."""
    form = waiting(browser.http.get("/approvals"))[0]
    page = browser.http.post("/approvals", data={**form.fields, "decision": "open"})
    for _ in range(12):
        while page.is_redirect:
            page = browser.http.get(page.headers["location"])
        if page.url.path == "/approvals":
            return page
        choice = {"decision": decision} if page.url.path == "/consent" else {}
        page = browser.submit(page, **choice)
    raise AssertionError("too many pages")
