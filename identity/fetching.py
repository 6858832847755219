"""Calling an address that a stranger named, without being led astray.

The name is resolved once and that very address is used; private networks are out of reach; no
redirects; little time and few bytes (OWASP, Server-Side Request Forgery Prevention).
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

import httpx

from identity.deliveries import Message
from identity.errors import AppUnreachable, BadRegistrationRequest

MOST_BYTES = 64 * 1024
SECONDS = 3.0


def fetch(address: str, *, loopback: bool) -> bytes:
    """Read a document.

    Args:
        address: where; https.
        loopback: whether this machine itself may be asked, and then with any certificate: so
            only where we ourselves are only on this machine.

    Raises:
        BadRegistrationRequest: it cannot or must not be read.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme != "https" or parts.username:
        raise BadRegistrationRequest("a document is read by https only")
    target = _resolve(parts.hostname, parts.port or 443, loopback=loopback)
    try:
        with _call("GET", address, target, {"Accept": "application/json"}) as answer:
            return _read(answer)
    except (httpx.HTTPError, OSError, ValueError):
        raise BadRegistrationRequest(f"{parts.netloc} could not be read") from None


def post(address: str, message: Message, *, loopback: bool) -> int:
    """Post a message to an app; return the status it answers. What else it says is not read.

    Args:
        address: where to; https, and plain http on this machine alone.
        message: what to post.
        loopback: as for `fetch`.

    Raises:
        AppUnreachable: it does not answer, or its address is not one to call.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in {"https", "http"} or parts.username:
        raise AppUnreachable("the address of an app is https")
    headers = {"Content-Type": message.media_type}
    if message.bearer:
        headers["Authorization"] = f"Bearer {message.bearer}"
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        target = _resolve(parts.hostname, port, loopback=loopback)
        if parts.scheme == "http" and not ipaddress.ip_address(target).is_loopback:
            raise AppUnreachable("plain http leads to this machine alone")
        with _call("POST", address, target, headers, message.body) as answer:
            return answer.status_code
    except (httpx.HTTPError, OSError, ValueError, BadRegistrationRequest):
        raise AppUnreachable(f"{parts.netloc} does not answer") from None


@contextmanager
def _call(
    method: str, address: str, target: str, headers: Mapping[str, str], body: bytes = b""
) -> Iterator[httpx.Response]:
    """Call the address that was resolved and checked, under the name that was asked for."""
    parts = urlsplit(address)
    own = ipaddress.ip_address(target).is_loopback
    url = httpx.URL(address).copy_with(host=f"[{target}]" if ":" in target else target)
    sent = {"Host": parts.netloc, "Accept-Encoding": "identity", **headers}
    named = {"sni_hostname": parts.hostname}
    with (
        httpx.Client(verify=_tls(own=own), timeout=SECONDS, trust_env=False) as http,
        http.stream(method, url, headers=sent, content=body, extensions=named) as answer,
    ):
        yield answer


@cache
def _tls(*, own: bool) -> ssl.SSLContext:
    """Read the roots once; that costs more than a call."""
    return httpx.create_ssl_context(verify=not own)


def _resolve(host: str, port: int, *, loopback: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadRegistrationRequest("the name of a host is not known") from None
    target = str(found[0][4][0])
    address = ipaddress.ip_address(target)
    if not address.is_global and not (loopback and address.is_loopback):
        raise BadRegistrationRequest("the address of a host is not public")
    return target


def _read(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise ValueError(answer.status_code)
    content, until = b"", time.monotonic() + SECONDS
    for part in answer.iter_raw():  # nothing is unpacked, so nothing can swell
        content += part
        if len(content) > MOST_BYTES or time.monotonic() > until:
            raise ValueError("too much or too slow")
    return content
