"""Apps that register themselves and sign a person in: what most exercises need."""

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.identity.browser import VERIFIER, Browser, basic, challenge_of
from tests.identity.conftest import Site
from tests.identity.signing import JWKS, assertion, proving
from tests.identity.suite import asked, complete
from tests.identity.test_client_certificates import GOOD, SELF
from tests.identity.test_registration import registered
from tests.identity.world import COMPANY, REDIRECT

PKCE = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
App = dict[str, Any]


def proof_of(site: Site, app: App, alg: str = "ES256") -> dict[str, Any]:
    """How an app proves itself: arguments of a request."""
    name = app["client_id"]
    match app["token_endpoint_auth_method"]:
        case "client_secret_basic":
            return {"headers": basic(name, app["client_secret"])}
        case "client_secret_post":
            return {"data": {"client_id": name, "client_secret": app["client_secret"]}}
        case "private_key_jwt":
            return {"data": proving(assertion(site.world, name, alg))}
        case "tls_client_auth":
            return {"data": {"client_id": name}, "headers": GOOD.headers()}
        case "self_signed_tls_client_auth":
            return {"data": {"client_id": name}, "headers": SELF.headers()}
        case "none":
            return {"data": {"client_id": name}}
    raise AssertionError("write how this app proves itself")


def send(site: Site, path: str, app: App, form: dict[str, str], alg: str = "ES256") -> Any:
    proof = proof_of(site, app, alg)
    data = {**form, **proof.pop("data", {})}
    return site.browser("reader").http.post(path, data=data, **proof)


def sign_in(site: Site, app: App, browser: Browser | None = None, **changes: Any) -> App:
    """Go through a whole code flow; the answer of the token endpoint."""
    browser = browser or site.browser("reader")
    told = browser.authorize(asked(client_id=app["client_id"], **PKCE, **changes))
    assert "code" in told, told
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    answer = send(site, "/token", app, {**form, "code": told["code"], "code_verifier": VERIFIER})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def signing_app(site: Site, **changes: Any) -> App:
    """An app that proves itself by its keys."""
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(JWKS)}
    return registered(site.browser(), **(keys | changes))


def verified(site: Site, token: str, alg: str) -> dict[str, Any]:
    """Check a token of ours by the published keys and one algorithm; its claims."""
    keys = KeySet.import_key_set(site.browser().http.get("/jwks").json())
    return dict(jwt.decode(token, keys, [alg]).claims)


def agent(site: Site) -> Browser:
    """The company's agent, who acts for it."""
    browser = site.browser("agent")
    browser.party = COMPANY
    return browser


def acting(site: Site, scope: str = "openid profile legal_person") -> tuple[Browser, App]:
    browser = agent(site)
    return browser, complete(browser, scope=scope)
