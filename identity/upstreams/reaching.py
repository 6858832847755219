"""Speaking to a provider: little time, few bytes, no redirects; its documents are kept a while."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpx

from identity.apps.client_keys import PublicKey, usable_keys
from identity.errors import UpstreamFailed
from identity.strangers.addresses import is_public
from identity.strangers.resolving import resolve
from identity.upstreams.configured import Upstream, is_address

SECONDS = 5.0
MOST_BYTES = 256 * 1024
KEPT_SECONDS = 10 * 60
AGAIN_SECONDS = 30  # how often an unknown key may make us read its keys again


@dataclass(frozen=True)
class Metadata:
    """What we need of a provider's metadata (OpenID Connect Discovery §3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool


class _Few(httpx.SyncByteStream):
    """A body that ends with an error when it is too long or too slow."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        seen, until = 0, time.monotonic() + SECONDS
        for part in self._stream:
            seen += len(part)
            if seen > MOST_BYTES or time.monotonic() > until:
                raise httpx.ReadError("too much or too slow")
            yield part

    def close(self) -> None:
        self._stream.close()


class Bounded(httpx.HTTPTransport):
    """Connections whose answers are bounded, to a provider and to whom it names.

    The provider's own host is the operator's word and may be in a network of the city's. Any
    other host is the provider's word: it is called only at a public address.
    """

    def __init__(self, upstream: Upstream) -> None:
        super().__init__()
        self._named = httpx.URL(upstream.issuer).host

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; nothing packed is asked for, so nothing can swell."""
        if request.url.host != self._named:
            _pin(request)
        request.headers["Accept-Encoding"] = "identity"
        answer = super().handle_request(request)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise httpx.ReadError("a packed answer")
        assert isinstance(answer.stream, httpx.SyncByteStream)  # noqa: S101  # it is not async
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Few(answer.stream),
            extensions=answer.extensions,
        )


def _pin(request: httpx.Request) -> None:
    """Let a request go to the one address that its host was found to have, if it is public.

    Raises:
        ConnectError: it is not, or there is none.
    """
    host, usual = request.url.host, 443 if request.url.scheme == "https" else 80
    try:
        target = resolve(host, request.url.port or usual, SECONDS)
    except OSError:
        raise httpx.ConnectError("the name of the host is not known") from None
    if not is_public(ip_address(target)):
        raise httpx.ConnectError("the address of the host is not public")
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=target)


class Documents:
    """A provider's metadata and keys, read when needed and kept for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def metadata(self, upstream: Upstream) -> Metadata:
        """Return a provider's metadata, whose issuer is exactly the one named (§4.3).

        Raises:
            UpstreamFailed: it cannot be read, or is somebody else's.
        """
        address = f"{upstream.issuer}/.well-known/openid-configuration"
        found = self._read(upstream, address, KEPT_SECONDS)
        if found.get("issuer") != upstream.issuer:
            raise UpstreamFailed("the metadata is of another issuer")
        endpoints = [
            found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        ]
        if not all(isinstance(each, str) and is_address(each) for each in endpoints):
            raise UpstreamFailed("the metadata lacks an endpoint")
        iss = found.get("authorization_response_iss_parameter_supported") is True
        there, tokens, keys = map(str, endpoints)
        return Metadata(there, tokens, keys, iss)

    def keys(self, upstream: Upstream, address: str, kid: object) -> list[PublicKey]:
        """Return the keys of a provider that may have signed; an unknown name reads them anew.

        Raises:
            UpstreamFailed: they cannot be read.
        """
        for kept in (KEPT_SECONDS, AGAIN_SECONDS):
            known = usable_keys(json.dumps(self._read(upstream, address, kept)))
            named = [key for key in known if kid is None or key.get("kid") == kid]
            if named:
                return named
        return []

    def _read(self, upstream: Upstream, address: str, kept: float) -> dict[str, Any]:
        with self._lock:
            at, document = self._kept.get(address, (float("-inf"), {}))
        if time.monotonic() - at < kept:
            return document
        document = dict(_fetch(upstream, address))
        with self._lock:
            self._kept[address] = (time.monotonic(), document)
        return document


def _fetch(upstream: Upstream, address: str) -> Mapping[str, Any]:
    try:
        transport = Bounded(upstream)
        with httpx.Client(transport=transport, timeout=SECONDS, trust_env=False) as http:
            answer = http.get(address, headers={"Accept": "application/json"})
        document = answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UpstreamFailed("a document of the provider could not be read")
    return document


DOCUMENTS = Documents()
