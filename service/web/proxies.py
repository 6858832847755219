"""Who stands before us: what proxies of ours say about a connection is believed, and nobody else.

A proxy that ends TLS says for whom it speaks (`X-Forwarded-For`) and which certificate the other
side showed. Everything behind this middleware finds both where a server without proxy would put
them: `client`, and the TLS extension of ASGI.
"""

import base64
import binascii
import re
import ssl
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network

MOST_BYTES = 16 * 1024
_FRAME = re.compile(rb"-----(BEGIN|END) CERTIFICATE-----|[\s:]")


def read_networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks, separated by commas.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


class TrustedProxies:
    """ASGI middleware that reads what trusted proxies say, and hides what others say."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network], certificate_header: str) -> None:
        """Stand before `app`.

        Args:
            app: what is behind.
            proxies: where proxies of ours are.
            certificate_header: in which header they put a client's certificate, empty for none.
        """
        self._app = app
        self._proxies = tuple(proxies)
        self._header = certificate_header.lower().encode("latin-1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as if it had come without proxy."""
        if scope["type"] == "http":
            scope = self._as_if_direct(scope)
        await self._app(scope, receive, send)

    def _as_if_direct(self, scope: Scope) -> Scope:
        trusted = self._is_proxy((scope.get("client") or ("",))[0])
        if self._header and any(name == self._header for name, _ in scope["headers"]):
            scope = self._with_certificate(scope, trusted=trusted)
        return self._with_client(scope) if trusted else scope

    def _with_certificate(self, scope: Scope, *, trusted: bool) -> Scope:
        sent = [value for name, value in scope["headers"] if name == self._header]
        kept = [pair for pair in scope["headers"] if pair[0] != self._header]
        pem = read_certificate(sent[0]) if trusted and len(sent) == 1 else ""
        extensions = dict(scope.get("extensions") or {})
        if pem:
            extensions["tls"] = {"client_cert_chain": [pem]}
        return {**scope, "headers": kept, "extensions": extensions}

    def _with_client(self, scope: Scope) -> Scope:
        said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        hops = [hop.strip() for hop in said.decode("latin-1").split(",") if hop.strip()]
        own = next((hop for hop in reversed(hops) if not self._is_proxy(hop)), "")
        return {**scope, "client": (own, 0)} if own else scope

    def _is_proxy(self, address: str) -> bool:
        return _lies_in(address, self._proxies)


@lru_cache(maxsize=1024)
def _lies_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        at = ip_address(address)
    except ValueError:
        return False
    return any(at in network for network in networks if network.version == at.version)


def read_certificate(value: bytes) -> str:
    """Read a certificate as proxies write it: PEM, URL-encoded or not (nginx, Apache), the same
    without its frame, or RFC 9440. Empty for anything else.
    """
    if len(value) > MOST_BYTES:
        return ""
    try:
        der = base64.b64decode(_FRAME.sub(b"", unquote_to_bytes(value)), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return ssl.DER_cert_to_PEM_cert(der) if der else ""
