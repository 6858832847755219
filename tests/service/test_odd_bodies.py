"""Bodies and tokens that are odd in one thing each, at everything that reads one.

A database must not be the first to refuse them: PostgreSQL has no NUL in a text and no lone
surrogate, SQLite no number beyond 64 bits.
"""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest

from service import demo
from service.tour.forms import read_forms
from service.tour.steps import WEB_APP, sign_in
from tests.service.running import Running, free_port
from tests.tools_found import postgres

SECONDS = 2.0
OPEN = {"HAIHE_REGISTRATION": "open"}
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
HUGE = b"A" * 10_000_000
TEXTS = ("\x00", "a\x00b", "\x01\x1f\x7f", "\u2028\u202e", "\ufdd0\U0010ffff", "A" * 5000)
RAW_TEXTS = (*(each.encode() for each in TEXTS), b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\x80")
# What JSON can write beyond what a text can hold, and numbers beyond what a column can.
JSON_VALUES = (
    *(json.dumps(each) for each in TEXTS),
    '"\\ud800"', '"\\udc00\\ud800"', "1e400", "-1e400", "NaN", "Infinity", "9" * 400, "1e19",
    "9223372036854775808", "-1", "0.5", "null", "true", "[]", "{}", '[[["x"]]]', '{"a":{"b":1}}',
)  # fmt: skip
WHOLE = (
    b"", b"\x00", b"null", b"1e400", b'"x"', b"[" * 100_000, b'{"a":' * 100_000, b'{"a":1',
    b'{"a":1}{"a":2}', b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'{"a":"\xed\xa0\x80"}', HUGE,
    b'{"a":"' + HUGE + b'"}',
)  # fmt: skip
TYPES = (
    "", "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=",
    "application/json; charset=utf-7", "application/x-www-form-urlencoded; charset=utf-16",
    "application/JSON;;;", "*/*", "application/jose", "x" * 3000,
)  # fmt: skip

FORMS = {
    "/token": (
        {"grant_type": "authorization_code", "redirect_uri": demo.WEB_REDIRECT, "code": "x"},
        {"grant_type": "refresh_token", "refresh_token": "x", "scope": "openid"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
        {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": "x"},
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": "x",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        },
    ),
    "/introspect": ({"token": "x", "token_type_hint": "x"},),
    "/revoke": ({"token": "x", "token_type_hint": "x"},),
    "/par": (
        {
            "response_type": "code", "redirect_uri": demo.WEB_REDIRECT, "scope": "openid",
            "state": "x", "nonce": "x", "claims": "x", "request": "x", "login_hint": "x",
            "id_token_hint": "x", "acr_values": "x", "resource": "x", "dpop_jkt": "x",
            "authorization_details": "x", "ui_locales": "x", "code_challenge": "x",
        },
    ),
    "/device_authorization": ({"scope": "openid", "acr_values": "x"},),
    "/bc-authorize": (
        {"scope": "openid", "login_hint": "x", "binding_message": "x", "requested_expiry": "9"},
        {"scope": "openid", "id_token_hint": "x", "client_notification_token": "x"},
    ),
    "/logout": ({"id_token_hint": "x", "client_id": "x", "post_logout_redirect_uri": "x"},),
    "/userinfo": ({"access_token": "x"},),
    "/authorize": ({"client_id": "x", "redirect_uri": "x", "state": "x", "request": "x"},),
}  # fmt: skip
PAGES = (
    ("/sign-in", {"account": "x", "password": "x", "method": "password", "return_to": "/"}),
    ("/sign-in", {"method": "scan"}),
    ("/sign-in/scan", {}),
    ("/act-for", {"party": "x", "return_to": "/"}),
    ("/consent", {"decision": "allow", "flow": "x", "drafted_for": "x"}),
    ("/account", {"act": "withdraw", "party": "x", "client": "x"}),
    ("/account", {"act": "end", "session": "x"}),
    ("/account/password", {"password": "x", "new": "x"}),
    ("/account/second-factor", {"act": "x", "code": "x", "key": "x"}),
    ("/account/passkeys", {"act": "x", "passkey": "x", "name": "x", "credential": "x"}),
    ("/mandates", {"act": "grant", "account": "x", "name": "x", "role": "agent", "days": "9"}),
    ("/mandates", {"act": "revoke", "mandate": "x"}),
    ("/device", {"user_code": "x"}),
    ("/scan", {"c": "x", "number": "x", "decision": "allow"}),
    ("/second-factor", {"code": "x", "half_way": "x"}),
    ("/apps/new", {"client_name": "x", "redirect_uris": "x", "kind": "x"}),
    ("/language", {"lang": "x", "after": "x"}),
    ("/view", {"view": "x", "after": "x"}),
)
QUERIES = (
    ("/authorize", ("client_id", "redirect_uri", "state", "request", "request_uri", "claims")),
    ("/logout", ("id_token_hint", "client_id", "post_logout_redirect_uri", "logout_hint")),
    ("/scan", ("c",)),
    ("/device", ("user_code",)),
    ("/api/licences", ("before", "limit")),
    ("/api/records", ("role", "before", "limit")),
)
PATHS = ("/register/", "/apps/", "/api/licences/", "/api/records/", "/licence-types/", "/r/")
JWT_FIELDS = ("iss", "sub", "aud", "jti", "exp", "iat", "nbf", "client_id", "sid", "htu", "htm")


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        running = Running(folder / "data", free_port(), more=OPEN).start()
        yield running
        running.stop()
        return
    with postgres(folder / "pg") as url:
        running = Running(folder / "data", free_port(), database_url=url, more=OPEN).start()
        yield running
        running.stop()


@pytest.fixture
def http(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=20) as client:
        yield client


def send(
    http: httpx.Client, path: str, body: bytes, kind: str = FORM, **more: object
) -> httpx.Response:
    """Send a body; whatever it is, the answer is no 5xx and does not take long."""
    method = str(more.pop("method", "POST"))
    headers = {"Content-Type": kind, **more.pop("headers", {})}  # type: ignore[dict-item]
    began = time.monotonic()
    answer = http.request(method, path, content=body, headers=headers, **more)  # type: ignore[arg-type]
    where = f"{answer.status_code} to {method} {path} {kind[:60]} {body[:200]!r}"
    assert answer.status_code < 500, f"{where}: {answer.text[:300]}"
    assert time.monotonic() - began < SECONDS, where
    return answer


@contextmanager
def caller(http: httpx.Client, account: str, party: str, scope: str) -> Iterator[httpx.Client]:
    """Somebody's app, with its token."""
    url = str(http.base_url).rstrip("/")
    token = sign_in(url, WEB_APP, (account, demo.PASSWORD), party, scope).token
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, timeout=20, headers=headers) as client:
        yield client


def written(fields: dict[str, str], name: str, value: bytes) -> bytes:
    return urlencode({**fields, name: value}).encode()


def unsigned(header: str, payload: str) -> str:
    parts = [
        base64.urlsafe_b64encode(each.encode()).rstrip(b"=").decode() for each in (header, payload)
    ]
    return ".".join([*parts, "AAAA"])


def odd_tokens() -> Iterator[str]:
    """JWTs whose claims or headers are odd in one thing each."""
    usual = {"iss": "a", "sub": "a", "aud": "a", "jti": "a", "exp": 9**9, "iat": 1}
    plain = '{"alg":"ES256","typ":"JWT","kid":"k"}'
    for value in JSON_VALUES:
        for name in JWT_FIELDS:
            rest = json.dumps({key: each for key, each in usual.items() if key != name})
            yield unsigned(plain, f'{rest[:-1]}, "{name}": {value}}}')
        for name in ("alg", "typ", "kid", "crit", "jwk", "x5c", "enc", "zip"):
            yield unsigned(f'{{"alg":"ES256","{name}":{value}}}', json.dumps(usual))
    for whole in ("[" * 20_000, '{"a":' * 20_000, "1e400", '"x"', '{"iss":"a","iss":"\\u0000"}'):
        yield unsigned(plain, whole)
        yield unsigned(whole, json.dumps(usual))


@pytest.mark.parametrize("path", FORMS)
def test_fields_of_a_form_that_no_column_can_hold(http: httpx.Client, path: str) -> None:
    auth = (demo.WEB_CLIENT, demo.WEB_SECRET)
    for fields in FORMS[path]:
        for name in fields:
            for value in RAW_TEXTS:
                body = written(fields, name, value)
                send(http, path, body, auth=auth)
                send(http, path, body + b"&client_id=" + urlencode({"": value})[1:].encode())
    for value in RAW_TEXTS:
        name = urlencode({"": value})[1:]
        pair = base64.b64encode(f"{name}:{name}".encode()).decode()
        answer = send(http, path, b"", headers={"Authorization": f"Basic {pair}"})
        assert answer.status_code >= 300


@pytest.mark.parametrize("path", [*FORMS, "/register"])
def test_whole_bodies_and_kinds_that_nobody_sends(http: httpx.Client, path: str) -> None:
    auth = (demo.WEB_CLIENT, demo.WEB_SECRET)
    for body in WHOLE:
        for kind in (FORM, JSON):
            try:
                send(http, path, body, kind, auth=auth)
            except httpx.TransportError:  # hung up on while it was still sending
                assert len(body) >= len(HUGE)
    for kind in TYPES:
        for body in (
            b"grant_type=authorization_code&code=x",
            b'{"redirect_uris":["https://a.example"]}',
        ):
            send(http, path, body, kind, auth=auth)


def test_client_metadata_that_no_column_can_hold(http: httpx.Client) -> None:
    usual = '"redirect_uris":["https://a.example/cb"]'
    known = http.get("/.well-known/openid-configuration").json()
    assert known["registration_endpoint"]
    names = (
        "client_name", "scope", "contacts", "jwks", "jwks_uri", "logo_uri", "default_max_age",
        "token_endpoint_auth_method", "grant_types", "response_types", "subject_type",
        "default_acr_values", "request_uris", "backchannel_logout_uri", "software_id",
        "software_statement", "tls_client_auth_subject_dn", "authorization_details_types",
        "application_type", "client_id", "client_secret", "redirect_uris", "profile",
    )  # fmt: skip
    for name in names:
        for value in JSON_VALUES:
            for form in (value, f"[{value}]"):
                send(http, "/register", f'{{{usual},"{name}":{form}}}'.encode(), JSON)


def test_tokens_that_are_odd_in_one_claim(http: httpx.Client) -> None:
    for token in odd_tokens():
        for path in ("/userinfo", "/api/licences"):
            for kind in ("Bearer", "DPoP"):
                headers = {"Authorization": f"{kind} {token}", "DPoP": token}
                assert send(http, path, b"", method="GET", headers=headers).status_code >= 400
        form = {"grant_type": "client_credentials", "client_assertion_type": BEARER}
        body = urlencode({**form, "client_assertion": token}).encode()
        for headers in ({}, {"DPoP": token}):
            assert send(http, "/token", body, headers=headers).status_code >= 400
        body = urlencode({"client_id": demo.WEB_CLIENT, "request": token}).encode()
        send(http, "/authorize", body)
        send(http, "/logout", urlencode({"id_token_hint": token}).encode())
        headers = {"Authorization": f"Bearer {token}"}
        assert (
            send(http, "/register/x", b"{}", JSON, method="PUT", headers=headers).status_code == 401
        )


def test_queries_and_paths_that_no_column_can_hold(http: httpx.Client) -> None:
    with caller(http, "person", "", "openid licence.read ledger.read") as web:
        for value in RAW_TEXTS:
            quoted = urlencode({"": value})[1:]
            targets = [f"{path}?{name}={quoted}" for path, names in QUERIES for name in names]
            for target in (*targets, *(path + quoted for path in PATHS)):
                for client in (http, web):
                    send(client, target, b"", method="GET")


def signed_in(http: httpx.Client) -> str:
    """Sign in as the head of a company, and act for it; the browser's token against forgery."""
    csrf = http.get("/sign-in").text.split('name="csrf" value="')[1].partition('"')[0]
    form = {"csrf": csrf, "account": "owner", "password": demo.PASSWORD}
    assert http.post("/sign-in", data=form).status_code == 303
    choices = read_forms(http.get("/act-for").text)
    (*_, last) = (each for form in choices for each in form.buttons if each.name == "party")
    assert http.post("/act-for", data={"csrf": csrf, "party": last.value}).status_code == 303
    return csrf


@pytest.mark.parametrize("path", sorted({path for path, _ in PAGES}))
def test_pages_take_texts_that_no_column_can_hold(http: httpx.Client, path: str) -> None:
    csrf = signed_in(http) if path != "/sign-in" else ""
    for fields in (each for place, each in PAGES if place == path):
        for name in fields or ("act",):
            for value in RAW_TEXTS:
                csrf = csrf or http.get(path).text.split('name="csrf" value="')[1][:32]
                send(http, path, written({**fields, "csrf": csrf}, name, value))


BODIES = {
    "/api/licences": ("issuer", demo.MARKET, ("type", "holder", "fields", "number", "valid_to")),
    "/api/licences/x/shows": ("issuer", demo.MARKET, ("matter", "purpose", "fields")),
    "/api/licences/x/downloads": ("issuer", demo.MARKET, ("matter", "purpose", "fields")),
    "/api/licences/x/status": ("issuer", demo.MARKET, ("operation", "reason", "status")),
    "/api/verifications": ("clerk", demo.CENTRE, ("presentation", "matter", "purpose", "code")),
}
ALL_SCOPES = "openid licence.read licence.show licence.issue licence.verify"


@pytest.mark.parametrize("path", BODIES)
def test_our_interfaces_take_bodies_that_are_odd_in_one_thing(
    http: httpx.Client, path: str
) -> None:
    account, party, names = BODIES[path]
    with caller(http, account, party, ALL_SCOPES) as client:
        for body in WHOLE:
            try:
                assert send(client, path, body, JSON).status_code >= 400
            except httpx.TransportError:  # hung up on while it was still sending
                assert len(body) >= len(HUGE)
        for kind in TYPES:
            assert send(client, path, b"{}", kind).status_code >= 400
        for value in JSON_VALUES:
            for name in names:
                rest = ",".join(f'"{each}":"x"' for each in names if each != name)
                body = f'{{{rest},"{name}":{value},"{name}":{value}}}'.encode()
                answer = send(client, path, body, JSON, headers={"Idempotency-Key": "k"})
                assert answer.status_code >= 400
