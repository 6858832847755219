"""Which addresses are called at all, and for how long anybody waits for their names."""

import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import pytest

from identity.errors import AppUnreachable, BadRegistrationRequest
from identity.strangers.addresses import is_public
from identity.strangers.deliveries import Message
from identity.strangers.fetching import PUBLIC as PUBLIC_ONLY
from identity.strangers.fetching import SECONDS, Reach, fetch, post
from identity.strangers.resolving import MOST_AT_ONCE, resolve
from identity.upstreams.configured import Upstream
from identity.upstreams.reaching import Bounded

# From RFC 6890, RFC 6052 (NAT64), RFC 3056 (6to4) and RFC 4380 (Teredo).
PUBLIC = [
    "8.8.8.8",
    "9.255.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "224.0.1.1",
    "239.255.255.250",
    "255.255.255.255",
    "::1",
    "::",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::e000:1",
    "64:ff9b:1::808:808",
    "64:ff9b:1:ffff::a00:1",
    "2002:a00:1::1",
    "2002:7f00:1::1",
    "2002:c0a8:101::",
    "2001:0:808:808:0:0:f5ff:fffe",
    "2001:0:a00:1::",
    "2001:db8::1",
    "4000::1",
    "1fff::1",
]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A resolver that says nothing until the test is over."""
    over = threading.Event()

    def wait(*_: Any, **__: Any) -> list[Any]:
        over.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield over
    over.set()


def named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let every name be one address."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.line(19)
@pytest.mark.parametrize("address", PRIVATE)
def test_line_19_no_message_and_no_question_goes_to_what_is_not_public(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    assert not is_public(ip_address(address))
    named(monkeypatch, address)
    with pytest.raises(BadRegistrationRequest, match="not public"):
        fetch("https://innocent.example/keys", PUBLIC_ONLY)
    with pytest.raises(AppUnreachable):
        post("https://innocent.example/", Message(b"x", "text/plain"), PUBLIC_ONLY)
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(BadRegistrationRequest, match="not public"):
        fetch(f"https://{literal}/keys", PUBLIC_ONLY)


def test_an_operators_network_opens_no_address_that_only_carries_one_of_it() -> None:
    reach = Reach(networks=(ip_network("10.0.0.0/8"),))
    assert reach.covers(ip_address("10.0.0.1"))
    for address in ("64:ff9b::a00:1", "2002:a00:1::1", "::ffff:10.0.0.1"):
        assert not reach.covers(ip_address(address))


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1"])
def test_no_port_is_called_that_is_none(port: str) -> None:
    with pytest.raises(BadRegistrationRequest):
        fetch(f"https://127.0.0.1:{port}/", Reach(loopback=True))


@pytest.mark.line(19)
def test_line_19_a_resolver_that_does_not_answer_holds_nobody_up(slow: threading.Event) -> None:
    began = time.monotonic()
    with pytest.raises(BadRegistrationRequest, match="name of the host"):
        fetch("https://slow.example/keys", PUBLIC_ONLY)
    assert time.monotonic() - began < SECONDS + 1
    assert not slow.is_set()


@pytest.mark.usefixtures("slow")
def test_questions_that_nobody_waits_for_any_more_are_bounded() -> None:
    before = threading.active_count()
    for _ in range(MOST_AT_ONCE + 8):
        with pytest.raises(OSError, match="resolver"):
            resolve("slow.example", 443, 0.01)
    assert threading.active_count() - before <= MOST_AT_ONCE


def test_a_name_that_cannot_be_one_is_not_known() -> None:
    with pytest.raises(OSError, match="name"):
        resolve("a" * 70 + ".example", 443, 1.0)


def upstream(issuer: str) -> Upstream:
    return Upstream("gov", "国家平台", "National platform", issuer, "haihe", "secret")


@pytest.mark.line(44)
@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "64:ff9b::a00:1", "127.0.0.1"])
def test_line_44_a_provider_leads_us_to_no_address_of_ours(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    named(monkeypatch, address)
    with (
        httpx.Client(transport=Bounded(upstream("https://id.gov.example"))) as http,
        pytest.raises(httpx.ConnectError, match="not public"),
    ):
        http.get("https://elsewhere.example/token")


def test_a_provider_may_be_in_a_network_of_the_citys(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        raise OSError("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", note)
    with (
        httpx.Client(transport=Bounded(upstream("https://id.gov.example"))) as http,
        pytest.raises(httpx.ConnectError),
    ):
        http.get("https://id.gov.example/token")
    assert asked == ["id.gov.example"]


def test_a_public_host_that_a_provider_names_is_called_at_its_one_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named(monkeypatch, "8.8.8.8")
    seen: list[httpx.Request] = []

    def keep(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", keep)
    with httpx.Client(transport=Bounded(upstream("https://id.gov.example"))) as http:
        http.get("https://elsewhere.example/keys")
    (request,) = seen
    assert request.url == "https://8.8.8.8/keys"
    assert request.headers["Host"] == "elsewhere.example"
    assert request.extensions["sni_hostname"] == "elsewhere.example"
