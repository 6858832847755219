"""The addresses at which apps register themselves (RFC 7591 §3, RFC 7592 §2)."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from identity.apps.clients import Client
from identity.errors import BadRegistrationRequest, BadRegistrationToken, TooManyRegistrations
from identity.metadata.allowances import BY_ITSELF
from identity.metadata.reading import read_client
from identity.operating.apps import remove_app
from identity.operating.registering import (
    check_offered,
    check_token,
    count_registration,
    spend_token,
)
from identity.operating.registration import (
    change,
    check_change,
    describe_client,
    find_registered,
    register,
)
from identity.pages.frame import address_of
from identity.realm import Realm
from identity.trail.events import ITSELF

CREATED, NO_CONTENT, BAD_REQUEST, UNAUTHORIZED, TOO_MANY = 201, 204, 400, 401, 429
MOST_BYTES = 32 * 1024
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def read_document(request: Request) -> object:
    """Read a JSON body; None for anything else."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


Sent = Annotated[object, Depends(read_document)]


def router(realm: Realm) -> APIRouter:
    """Make the routes of registration."""
    routes = APIRouter(include_in_schema=False)

    def read(sent: object, client_id: str) -> Client:
        client = read_client(sent, client_id, BY_ITSELF, realm.fetch)
        check_offered(realm, client)
        return client

    @routes.post("/register")
    def add(request: Request, sent: Sent) -> Response:
        """Register an app."""
        token = _token(request)
        with _refusing() as refused:
            count_registration(realm, address_of(request))
            with realm.reading() as store:
                check_token(realm.work(store), token)
            client = read(sent, realm.fresh_id())
            with realm.writing() as store:
                work = realm.work(store)
                spend_token(work, token)
                return _answer(register(work, client), CREATED)
        return refused[0]

    @routes.get("/register/{client_id}")
    def show(client_id: str, request: Request) -> Response:
        """Tell an app what it registered."""
        token = _token(request)
        with _refusing() as refused, realm.reading() as store:
            work = realm.work(store)
            return _answer(describe_client(work, find_registered(work, client_id, token), token))
        return refused[0]

    @routes.put("/register/{client_id}")
    def put(client_id: str, request: Request, sent: Sent) -> Response:
        """Let an app register anew under its name."""
        token = _token(request)
        with _refusing() as refused:
            with realm.reading() as store:
                work = realm.work(store)
                check_change(sent, find_registered(work, client_id, token), work.now)
            new = read(sent, client_id)
            with realm.writing() as store:
                work = realm.work(store)
                old = find_registered(work, client_id, token)
                return _answer(change(work, old, new, token))
        return refused[0]

    @routes.delete("/register/{client_id}")
    def remove(client_id: str, request: Request) -> Response:
        """Remove an app at its own wish."""
        with _refusing() as refused, realm.writing() as store:
            client = find_registered(realm.work(store), client_id, _token(request))
            remove_app(realm.work(store), client.client_id, ITSELF)
            return Response(status_code=NO_CONTENT, headers=NO_STORE)
        return refused[0]

    return routes


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


@contextmanager
def _refusing() -> Iterator[list[Response]]:
    """Catch a refusal and give its answer."""
    refused: list[Response] = []
    try:
        yield refused
    except BadRegistrationToken:
        headers = {"WWW-Authenticate": 'Bearer realm="haihe", error="invalid_token"'}
        refused.append(Response(b"", UNAUTHORIZED, headers | NO_STORE))
    except BadRegistrationRequest as error:
        refusal = {"error": error.code, "error_description": str(error)}
        refused.append(_answer(refusal, BAD_REQUEST))
    except TooManyRegistrations as error:
        refusal = {"error": "temporarily_unavailable", "error_description": str(error)}
        refused.append(_answer(refusal, TOO_MANY, {"Retry-After": str(error.wait)}))


def _answer(document: Any, status: int = 200, headers: Mapping[str, str] = NO_STORE) -> Response:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(content, status, {**NO_STORE, **headers}, "application/json")
