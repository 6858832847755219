"""Garbage at every address of identity: never a 5xx, never longer than two seconds."""

import json
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx
import pytest

from service import demo
from service.tour.forms import read_forms
from tests.service.running import Running

SECONDS = 2.0
SEED = 20261124
SESSION = b"haihe_session="
FORM = "application/x-www-form-urlencoded"
GETS = (
    "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks",
    "/authorize", "/userinfo", "/logout", "/register/x", "/sign-in", "/act-for", "/consent",
    "/sign-out", "/account", "/second-factor", "/account/second-factor", "/account/password",
    "/account/passkeys", "/device", "/apps", "/apps/new", "/apps/x", "/apps/x/edit", "/mandates",
    "/metrics", "/health", "/ready",
)  # fmt: skip
POSTS = (
    "/token", "/introspect", "/revoke", "/par", "/device_authorization", "/bc-authorize",
    "/register", "/authorize", "/userinfo", "/logout", "/sign-in", "/act-for", "/consent",
    "/sign-out", "/account", "/second-factor", "/device", "/apps/new", "/language", "/view",
)  # fmt: skip
NAMES = (
    "client_id", "client_secret", "grant_type", "code", "redirect_uri", "scope", "state", "nonce",
    "response_type", "response_mode", "request", "request_uri", "claims", "prompt", "max_age",
    "id_token_hint", "login_hint", "acr_values", "ui_locales", "code_challenge", "code_verifier",
    "code_challenge_method", "refresh_token", "token", "token_type_hint", "client_assertion",
    "client_assertion_type", "flow", "return_to", "account", "password", "party", "user_code",
    "device_code", "auth_req_id", "logout_hint", "post_logout_redirect_uri", "half_way", "method",
    "subject_token", "subject_token_type", "actor_token", "resource", "authorization_details",
    "binding_message", "csrf", "kind", "act", "change", "after", "lang", "view",
)  # fmt: skip
WORDS = (
    b"", b"\x00", b"%00", b"%", b"%zz", b"%ff%fe", b"\xff\xfe\xfd", b"\xed\xa0\x80", b"\r\n\r\n",
    b"' OR 1=1 --", b"../../etc/passwd", b"<script>", b"{{7*7}}", b"\xe2\x80\xae", b"-1", b"1e400",
    b"99999999999999999999", b"null", b"[]", b"{}", b"true", b"none", b"a.b.c", b"...", b"eyJ.eyJ.",
    b"authorization_code", b"client_credentials", b"refresh_token", b"code", b"openid", b"S256",
    demo.WEB_CLIENT.encode(), demo.WEB_REDIRECT.encode(), b"urn:ietf:params:oauth:request_uri:x",
    b"A" * 3000, b"\xf0\x9f\x98\x80" * 500, quote("演示").encode(),
)  # fmt: skip
DEEP = b"[" * 20_000, b'{"a":' * 20_000, b'{"redirect_uris":' + b"[" * 5000
TYPES = (FORM, "application/json", "text/plain", "multipart/form-data; boundary=x", "", "x" * 500)


@dataclass
class Garbage:
    """Random requests, the same at each run."""

    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def word(self) -> bytes:
        if self.chance.random() < 0.3:
            return self.chance.randbytes(self.chance.randrange(40))
        return self.chance.choice(WORDS)

    def pairs(self) -> bytes:
        names = [self.chance.choice(NAMES).encode() for _ in range(self.chance.randrange(8))]
        if names and self.chance.random() < 0.3:
            names += [names[0]]  # twice
        return b"&".join(name + b"=" + self.word() for name in names)

    def body(self) -> bytes:
        kind = self.chance.random()
        if kind < 0.7:
            return self.pairs()
        if kind < 0.8:
            return self.chance.choice(DEEP)
        if kind < 0.9:
            names = [self.chance.choice(NAMES) for _ in range(4)]
            values = [self.word().decode("latin-1"), None, 10**30, [[]], {"a": {}}, True, 1.5]
            return json.dumps({name: self.chance.choice(values) for name in names}).encode()
        return self.chance.randbytes(self.chance.randrange(4000))

    def headers(self) -> dict[bytes, bytes]:
        found = {b"content-type": self.chance.choice(TYPES).encode()}
        for name in (b"authorization", b"cookie", b"dpop", b"accept-language", b"x-request-id"):
            if self.chance.random() < 0.3:
                start = self.chance.choice(
                    (b"", b"Bearer ", b"Basic ", b"DPoP ", b"haihe_session=")
                )
                value = start + self.word()
                found[name] = bytes(byte for byte in value if byte >= 32 and byte != 127).strip()
        return found


def requests(paths: tuple[str, ...], each: int) -> Iterator[tuple[str, Garbage]]:
    garbage = Garbage()
    for path in paths:
        for _ in range(each):
            yield path, garbage


def ask(http: httpx.Client, method: str, target: bytes, garbage: Garbage, body: bytes) -> None:
    url = http.base_url.copy_with(raw_path=target)
    began = time.monotonic()
    answer = http.request(method, url, content=body, headers=list(garbage.headers().items()))
    took = time.monotonic() - began
    where = f"{method} {target[:300]!r} {body[:300]!r}"
    assert answer.status_code < 500, f"{answer.status_code} to {where}: {answer.text[:300]}"
    assert took < SECONDS, f"{took:.1f} s for {where}"


def target_of(path: str, garbage: Garbage) -> bytes:
    """A path with a garbled query, in the characters that a client can send at all."""
    return f"{path}?{quote(garbage.pairs(), safe='=&%+[]{}:/')}".encode()


def test_garbage_in_queries(running: Running) -> None:
    with httpx.Client(base_url=running.url, timeout=20) as http:
        for path, garbage in requests(GETS, 60):
            ask(http, "GET", target_of(path, garbage), garbage, b"")


def test_garbage_in_bodies(running: Running) -> None:
    with httpx.Client(base_url=running.url, timeout=20) as http:
        for path, garbage in requests(POSTS, 80):
            method = garbage.chance.choice(("POST", "POST", "POST", "PUT", "DELETE", "PATCH"))
            ask(http, method, path.encode(), garbage, garbage.body())


def test_garbage_from_somebody_who_is_signed_in_and_from_an_app_that_proves_itself(
    running: Running,
) -> None:
    with httpx.Client(base_url=running.url, timeout=20) as http:
        page = http.get("/sign-in").text
        csrf = page.split('name="csrf" value="')[1].partition('"')[0]
        form = {"csrf": csrf, "account": "owner", "password": demo.PASSWORD}
        assert http.post("/sign-in", data=form).status_code == 303
        choices = read_forms(http.get("/act-for").text)
        buttons = [each for form in choices for each in form.buttons if each.name == "party"]
        chosen = {"csrf": csrf, "party": buttons[-1].value}
        assert http.post("/act-for", data=chosen).status_code == 303
        assert http.get("/apps").status_code == 200
        cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        garbage = Garbage()
        for path in (*POSTS, *GETS):
            for _ in range(20):
                body = f"csrf={csrf}&".encode() + garbage.pairs()
                headers = {"content-type": FORM, "cookie": cookies}
                began = time.monotonic()
                answer = http.post(path, content=body, headers=headers)
                assert answer.status_code < 500, (path, body, answer.text[:300])
                assert time.monotonic() - began < SECONDS
        for path in ("/token", "/introspect", "/revoke", "/par", "/device_authorization"):
            for _ in range(30):
                body = garbage.pairs()
                auth = (demo.WEB_CLIENT, demo.WEB_SECRET)
                answer = http.post(path, content=body, headers={"content-type": FORM}, auth=auth)
                assert answer.status_code < 500, (path, body, answer.text[:300])


RAW = (
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET /authorize?\x00\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /sign-in HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
)


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_what_is_hardly_http_is_refused_or_hung_up_on(running: Running, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=SECONDS) as stream:
        began = time.monotonic()
        answer = b""
        try:
            stream.sendall(raw)
            stream.shutdown(socket.SHUT_WR)
            while part := stream.recv(65536):
                answer += part
        except ConnectionError:
            pass
        assert time.monotonic() - began < SECONDS
        assert not answer.startswith(b"HTTP/1.1 5"), answer[:300]
    assert httpx.get(running.url + "/health").status_code == 200
