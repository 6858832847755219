"""How requests of the protocol are read, and answers written."""

import json
from typing import Annotated, Any

from fastapi import Depends, Request

from identity.parameters import MOST_BYTES, Parameters, read_parameters

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
UNAUTHORIZED, FORBIDDEN = 401, 403
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def read_request(request: Request) -> Parameters:
    """Read the parameters of a request: of its body if it is a POST, else of its query."""
    authorization = request.headers.get("authorization", "")
    if request.method == "GET":
        return read_parameters(request.url.query, authorization)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return Parameters({}, authorization=authorization)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return Parameters({}, unreadable="the request is too long")
    return read_parameters(body.decode("latin-1"), authorization)


Sent = Annotated[Parameters, Depends(read_request)]


def serialised(document: Any) -> bytes:
    """Write an answer as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
