"""Calling an address that a stranger named, without being led astray.

The name is resolved once and that very address is used; private networks are out of reach, but for
those that an operator names; no redirects; little time and few bytes (OWASP, Server-Side Request
Forgery Prevention).
"""

import ipaddress
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

import httpcore

from identity.errors import AppUnreachable, BadRegistrationRequest
from identity.strangers.addresses import Address, is_public
from identity.strangers.bounded import FAILURES, Bounded
from identity.strangers.deliveries import Message
from identity.strangers.resolving import resolve

MOST_BYTES = 64 * 1024
SECONDS = 3.0  # for all of a call, the resolver among it, however slowly somebody drips
_SHOWN = 200
_PORTS = {"https": 443, "http": 80}
_FAILURES = (*FAILURES, OSError, ValueError)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _NotToCall(Exception):
    """An address at which nobody may be called."""


@dataclass(frozen=True)
class Reach:
    """Where apps may be called, beside all public addresses.

    Attributes:
        loopback: whether this machine itself may be asked, and then with any certificate: so
            only where we ourselves are only on this machine.
        networks: private networks in which apps of the operator are.
    """

    loopback: bool = False
    networks: tuple[Network, ...] = ()

    def covers(self, address: Address) -> bool:
        """Tell whether somebody may be called there."""
        if address.is_loopback:
            return self.loopback
        if is_public(address):
            return True
        return _is_in(address, self.networks) and not _is_in(address, _NEVER)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


PUBLIC = Reach()
# Other names of this machine, and what answers without belonging to anybody: even where the
# operator named a network around them. 169.254.169.254 hands out the secrets of a cloud's machine.
_NEVER = tuple(
    ipaddress.ip_network(each)
    for each in ("0.0.0.0/8", "169.254.0.0/16", "::/128", "fe80::/10", "::ffff:0:0/96")
)


def fetch(address: str, reach: Reach) -> bytes:
    """Read a document.

    Args:
        address: where; https.
        reach: where apps may be called.

    Raises:
        BadRegistrationRequest: it cannot or must not be read.
    """
    try:
        with _call("GET", address, {"Accept": "application/json"}, reach=reach) as answer:
            return _read(answer)
    except (*_FAILURES, _NotToCall) as error:
        unread = f"{address[:_SHOWN]} could not be read"
        why = str(error) if isinstance(error, _NotToCall) else unread
        raise BadRegistrationRequest(why) from None


def post(address: str, message: Message, reach: Reach) -> int:
    """Post a message to an app; return the status it answers. What else it says is not read.

    Args:
        address: where to; https, and plain http on this machine alone.
        message: what to post.
        reach: where apps may be called.

    Raises:
        AppUnreachable: it does not answer, or its address is not one to call.
    """
    headers = {"Content-Type": message.media_type}
    if message.bearer:
        headers["Authorization"] = f"Bearer {message.bearer}"
    try:
        with _call("POST", address, headers, message.body, reach=reach) as answer:
            return answer.status
    except (*_FAILURES, _NotToCall):
        raise AppUnreachable("an app does not answer") from None


@contextmanager
def _call(
    method: str, address: str, headers: Mapping[str, str], body: bytes = b"", *, reach: Reach
) -> Iterator[httpcore.Response]:
    """Call an address, at the one place that its name was found to mean.

    Raises:
        _NotToCall: nobody may be called there.
    """
    parts = urlsplit(address)
    schemes = {"https"} if method == "GET" else {"https", "http"}
    if not parts.hostname or parts.scheme not in schemes or parts.username or parts.port == 0:
        raise _NotToCall("an address is https and names a host")
    port, until = parts.port or _PORTS[parts.scheme], time.monotonic() + SECONDS
    target = _resolve(parts.hostname, port, reach)
    own = ipaddress.ip_address(target).is_loopback
    if parts.scheme == "http" and not own:
        raise _NotToCall("plain http leads to this machine alone")
    left = until - time.monotonic()
    sent = {"Host": parts.netloc, "Accept-Encoding": "identity", **headers}
    with (
        httpcore.ConnectionPool(_tls(own=own), network_backend=Bounded(target, left)) as pool,
        pool.stream(method, address, headers=list(sent.items()), content=body) as answer,
    ):
        yield answer


@cache
def _tls(*, own: bool) -> ssl.SSLContext:
    """Read the roots once; that costs more than a call."""
    context = ssl.create_default_context()
    if own:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _resolve(host: str, port: int, reach: Reach) -> str:
    try:
        target = resolve(host, port, SECONDS)
    except OSError:
        raise _NotToCall("the name of the host is not known") from None
    if not reach.covers(ipaddress.ip_address(target)):
        raise _NotToCall("the address of the host is not public")
    return target


def _read(answer: httpcore.Response) -> bytes:
    if answer.status != HTTPStatus.OK:
        raise ValueError(answer.status)
    content = b""
    for part in answer.iter_stream():  # nothing is unpacked, so nothing can swell
        content += part
        if len(content) > MOST_BYTES:
            raise ValueError("too much")
    return content
