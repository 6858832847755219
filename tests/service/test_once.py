"""What works once works once, however many ask at the same moment: in one process, and in two."""

import base64
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from identity.proofs.dpop import token_hash
from identity.sign_in.totp import STEP_SECONDS, code_at
from service import demo
from service.tour.forms import Form, read_forms
from tests.service.coming import APP, REQUEST, VERIFIER, Visitor, all_at_once, ask, new_code
from tests.service.running import Running, free_port
from tests.service.test_elsewhere import choose, go_on
from tests.tools_found import postgres

TIMES = 200
FEWER = 50
AUTH = (demo.WEB_CLIENT, demo.WEB_SECRET)
CLERK = (demo.WINDOW_CLIENT, demo.WINDOW_SECRET)
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ECKey.generate_key("P-256", {"kid": "signing", "alg": "ES256", "use": "sig"})
SIGNER = "once-signer"

line = pytest.mark.line


@pytest.fixture(scope="module", params=["one", pytest.param("two", marks=pytest.mark.postgres)])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """One process on SQLite; two on PostgreSQL."""
    folder = tmp_path_factory.mktemp("once")
    more = {"HAIHE_REGISTRATION": "token"}
    if request.param == "one":
        running = Running(folder / "data", free_port(), more=more).start()
        yield running
        running.stop()
        return
    with postgres(folder / "pg") as url:
        data = folder / "data"
        running = Running(data, free_port(), database_url=url, workers=2, more=more).start()
        yield running
        running.stop()


def only_one(answers: list[httpx.Response], good: int, *others: int) -> httpx.Response:
    """The one answer that says yes; all others say no in the way that is meant."""
    statuses = [each.status_code for each in answers]
    assert statuses.count(good) == 1, statuses
    assert set(statuses) <= {good, *others}, statuses
    return answers[statuses.index(good)]


def post(service: Running, path: str, **sent: Any) -> Callable[[], httpx.Response]:
    """One request, on a connection of its own."""
    return lambda: APP.post(service.url + path, **sent)


def proof(url: str, key: ECKey, method: str, token: str = "") -> str:
    """A proof of the key for one request (RFC 9449 §4.2)."""
    claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_hex(8)}
    claims |= {"ath": token_hash(token)} if token else {}
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return jws.serialize_compact(head, json.dumps(claims), key, registry=registry)


def redemption(service: Running) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": new_code(service.url)}
    return form | {"redirect_uri": demo.WEB_REDIRECT, "code_verifier": VERIFIER}


@line(16)
def test_of_200_uses_of_one_pushed_request_one_gets_a_code(service: Running) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as http:
        Visitor(http).code()
        cookies = dict(http.cookies)
    pushed = httpx.post(service.url + "/par", data=REQUEST, auth=AUTH)
    assert pushed.status_code == 201, pushed.text
    link = {"client_id": demo.WEB_CLIENT, "request_uri": pushed.json()["request_uri"]}

    def follow() -> httpx.Response:
        return APP.get(service.url + "/authorize", params=link, headers=cookie_of(cookies))

    answers = all_at_once(TIMES, follow)
    good = [each for each in answers if "code=" in each.headers.get("location", "")]
    assert len(good) == 1
    assert {each.status_code for each in answers} <= {303, 400}


def cookie_of(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


@line(27)
def test_of_200_uses_of_one_proof_one_is_answered(service: Running) -> None:
    key = ECKey.generate_key("P-256")
    headers = {"DPoP": proof(service.url + "/token", key, "POST")}
    answer = httpx.post(
        service.url + "/token", data=redemption(service), auth=AUTH, headers=headers
    )
    assert answer.status_code == 200, answer.text
    token, place = answer.json()["access_token"], service.url + "/userinfo"
    bound = {"Authorization": f"DPoP {token}", "DPoP": proof(place, key, "GET", token)}
    answers = all_at_once(TIMES, lambda: APP.get(place, headers=bound))
    only_one(answers, 200, 401)


@line(28)
def test_200_uses_of_one_refresh_token_give_one_successor_that_is_used_once(
    service: Running,
) -> None:
    given = httpx.post(service.url + "/token", data=redemption(service), auth=AUTH).json()
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    answers = all_at_once(TIMES, ask, service.url, form)
    assert {each.status_code for each in answers} == {200}
    (successor,) = {each.json()["refresh_token"] for each in answers}
    form["refresh_token"] = successor
    later = ask(service.url, form)
    assert later.status_code == 200
    # What comes back after its successor was used is stolen, or lost for good: it ends them all.
    old = ask(service.url, form | {"refresh_token": given["refresh_token"]})
    assert (old.status_code, old.json()["error"]) == (400, "invalid_grant")
    last = ask(service.url, form | {"refresh_token": later.json()["refresh_token"]})
    assert last.status_code == 400


def test_of_200_redemptions_of_one_code_with_one_proof_one_succeeds(service: Running) -> None:
    headers = {"DPoP": proof(service.url + "/token", ECKey.generate_key("P-256"), "POST")}
    form = redemption(service)
    answers = all_at_once(TIMES, post(service, "/token", data=form, auth=AUTH, headers=headers))
    only_one(answers, 200, 400)


@line(43)
def test_of_many_polls_with_one_device_code_one_gets_tokens(service: Running) -> None:
    client = {"client_id": demo.TERMINAL_CLIENT}
    asked = client | {"scope": "openid profile"}
    begun = httpx.post(service.url + "/device_authorization", data=asked).json()
    with httpx.Client(base_url=service.url, timeout=60) as phone:
        go_on(phone, phone.get(begun["verification_uri_complete"]), choose)
    form = client | {"grant_type": DEVICE, "device_code": begun["device_code"]}
    only_one(all_at_once(FEWER, post(service, "/token", data=form)), 200, 400)


def test_of_many_polls_with_one_request_of_a_clerk_one_gets_tokens(service: Running) -> None:
    asked = {"scope": "openid profile", "login_hint": "person", "binding_message": "W-1"}
    begun = httpx.post(service.url + "/bc-authorize", data=asked, auth=CLERK).json()
    with httpx.Client(base_url=service.url, timeout=60) as phone:
        go_on(phone, phone.get("/approvals"), choose)
    form = {"grant_type": CIBA, "auth_req_id": begun["auth_req_id"]}
    only_one(all_at_once(FEWER, post(service, "/token", data=form, auth=CLERK)), 200, 400)


@pytest.fixture(scope="module")
def signer(service: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An app that signs what it sends: its assertions, and what it asks at a window."""
    metadata: Path = tmp_path_factory.mktemp("signer") / "metadata.json"
    metadata.write_text(
        json.dumps(
            {
                "client_name": "Once",
                "redirect_uris": [demo.WEB_REDIRECT],
                "grant_types": ["authorization_code", CIBA],
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [KEY.as_dict(private=False)]},
                "scope": "openid profile",
                "backchannel_token_delivery_mode": "poll",
                "backchannel_authentication_request_signing_alg": "ES256",
            }
        )
    )
    owner = demo.LEGAL_PERSONS[demo.CENTRE]
    added = service.haihe("clients", "add", SIGNER, f"--owner={owner}", f"--metadata={metadata}")
    assert added.returncode == 0, added.stdout + added.stderr
    return SIGNER


def signed(service: Running, **claims: Any) -> str:
    now = int(time.time())
    own = {"iss": SIGNER, "aud": service.url, "iat": now, "exp": now + 120}
    own |= {"jti": secrets.token_hex(8)} | claims
    return jwt.encode({"alg": "ES256", "kid": "signing"}, own, KEY, ["ES256"])


def proving(service: Running) -> dict[str, str]:
    return {
        "client_assertion_type": BEARER,
        "client_assertion": signed(service, sub=SIGNER),
    }


@line(20)
def test_of_many_uses_of_one_assertion_one_is_believed(service: Running, signer: str) -> None:
    form = {**REQUEST, "client_id": signer, "scope": "openid", **proving(service)}
    only_one(all_at_once(FEWER, post(service, "/par", data=form)), 201, 400, 401)


def test_of_many_uses_of_one_signed_request_of_a_clerk_one_is_taken(
    service: Running, signer: str
) -> None:
    now = int(time.time())
    wanted = {"scope": "openid", "login_hint": "person", "binding_message": "W-2", "nbf": now}
    request = signed(service, **wanted)

    def begin() -> httpx.Response:
        return post(service, "/bc-authorize", data={"request": request, **proving(service)})()

    only_one(all_at_once(FEWER, begin), 200, 400)


def test_of_many_uses_of_one_registration_token_one_registers(service: Running) -> None:
    said = service.haihe("registration-tokens", "add", "once").stdout
    token = max(said.split(), key=len)
    headers = {"Authorization": f"Bearer {token}"}
    wanted = {"client_name": "Once", "redirect_uris": ["https://app.example/cb"]}
    register = post(service, "/register", json=wanted, headers=headers)
    only_one(all_at_once(FEWER, register), 201, 401)


@line(37)
@pytest.mark.parametrize(("account", "recovery"), [("auditor", False), ("clerk", True)])
def test_of_many_uses_of_one_code_one_is_the_second_step(
    service: Running, account: str, recovery: bool
) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as http:
        key, codes = take_up_second_step(http, account)
    digits = code_at(key, int(time.time()) // STEP_SECONDS + 1)
    with httpx.Client(base_url=service.url, timeout=60) as http:
        page = form_of(enter(http, account), "/second-factor")
        cookies = cookie_of(dict(http.cookies))
    form = page.fields | {"code": codes[0] if recovery else digits}
    use = post(service, "/second-factor", data=form, headers=cookies)
    answers = all_at_once(FEWER, use)
    assert "haihe_session" in only_one(answers, 303, 400, 429).cookies


def take_up_second_step(http: httpx.Client, account: str) -> tuple[bytes, list[str]]:
    """Give an account an authenticator app; its key, and the recovery codes."""
    enter(http, account)
    page = http.get("/account/second-factor").text
    form = form_of(page, "/account/second-factor")
    spelled = re.search(r'class="mono">([A-Z2-7 ]+)<', page)
    assert spelled is not None
    key = base64.b32decode(spelled[1].replace(" ", ""))
    code = code_at(key, int(time.time()) // STEP_SECONDS)
    filled = {**form.fields, "password": demo.PASSWORD, "code": code}
    shown = http.post("/account/second-factor", data=filled)
    assert shown.status_code == 200, shown.text
    return key, re.findall(r"\b(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}\b", shown.text)


def enter(http: httpx.Client, account: str) -> str:
    """Sign in with the password; the page that comes then."""
    form = form_of(http.get("/sign-in").text, "/sign-in")
    return http.post(
        "/sign-in", data={**form.fields, "account": account, "password": demo.PASSWORD}
    ).text


def form_of(page: str, action: str) -> Form:
    return next(form for form in read_forms(page) if form.action == action)
