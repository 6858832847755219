"""How requests of the protocol are read, and answers written."""

import json
from typing import Annotated, Any

from fastapi import Depends, Request

from identity.asking.parameters import MOST_BYTES, Parameters, read_parameters
from identity.proofs.shown import NOTHING, Shown
from identity.standing.bound import BEARER, DPOP, Presented

FORM = b"application/x-www-form-urlencoded"
JSON = "application/json"
UNAUTHORIZED, FORBIDDEN = 401, 403
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def read_request(request: Request) -> Parameters:
    """Read the parameters of a request: of its body if it is a POST, else of its query."""
    named = dict(reversed(request.scope["headers"]))  # of two that are the same, the first
    authorization = named.get(b"authorization", b"").decode("latin-1")
    shown = shown_by(request)
    if request.method == "GET":
        return read_parameters(
            request.scope["query_string"].decode("latin-1"), authorization, shown
        )
    if named.get(b"content-type", b"").partition(b";")[0].strip().lower() != FORM:
        return Parameters({}, authorization=authorization, shown=shown)
    body = await _read_body(request)
    if body is None:
        return Parameters({}, unreadable="the request is too long")
    return read_parameters(body.decode("latin-1"), authorization, shown)


async def _read_body(request: Request) -> bytes | None:
    """Read a short body; None if it is long, or breaks off."""
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            return None
    return body


def _extensions(request: Request) -> dict[str, Any]:
    return request.scope.get("extensions") or {}


def shown_by(request: Request) -> Shown:
    """Return what a request shows of the keys its sender holds."""
    headers = request.scope["headers"]
    proofs = [value.decode("latin-1") for name, value in headers if name == b"dpop"]
    tls = _extensions(request).get("tls")  # ASGI's TLS extension
    if not proofs and not tls:
        return NOTHING
    return Shown(tuple(proofs), next(iter(tls["client_cert_chain"]), "") if tls else "")


Sent = Annotated[Parameters, Depends(read_request)]


def presented_by(request: Request, issuer: str, *, body_token: str = "") -> Presented:
    """Return the access token of a request, its scheme and what its sender shows with it.

    Args:
        request: the request.
        issuer: how the outside calls us.
        body_token: token in a form body (RFC 6750 §2.2), counts when the header has none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    scheme = scheme.lower()
    if scheme not in {BEARER, DPOP}:
        return Presented(BEARER, body_token)
    if scheme == BEARER:  # most requests: nothing else matters unless the token is bound
        return Presented(BEARER, token.strip(), shown_by(request))
    address = issuer + request.scope.get("raw_path", b"").decode("latin-1")
    return Presented(DPOP, token.strip(), shown_by(request), request.method, address)


def serialised(document: Any) -> bytes:
    """Write an answer as compact JSON."""
    return _ENCODER.encode(document).encode()
