"""The addresses at which apps register themselves (RFC 7591 §3, RFC 7592 §2)."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from identity.clients import Client
from identity.errors import BadRegistrationRequest, BadRegistrationToken
from identity.fetching import fetch
from identity.metadata.allowances import BY_ITSELF
from identity.metadata.reading import read_client
from identity.realm import Realm
from identity.registration import change, describe_client, find_registered, register

CREATED, NO_CONTENT, BAD_REQUEST, UNAUTHORIZED = 201, 204, 400, 401
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
    own = realm.is_on_loopback

    def read(sent: object, client_id: str) -> Client:
        return read_client(sent, client_id, BY_ITSELF, lambda at: fetch(at, loopback=own))

    @routes.post("/register")
    def add(sent: Sent) -> Response:
        """Register an app."""
        try:
            client = read(sent, realm.fresh_id())
        except BadRegistrationRequest as error:
            refusal = {"error": error.code, "error_description": str(error)}
            return _answer(refusal, BAD_REQUEST)
        with realm.writing() as store:
            return _answer(register(realm.work(store), client), CREATED)

    @routes.get("/register/{client_id}")
    def show(client_id: str, request: Request) -> Response:
        """Tell an app what it registered."""
        try:
            with realm.reading() as store:
                work = realm.work(store)
                client = find_registered(work, client_id, _token(request))
                return _answer(describe_client(work, client))
        except BadRegistrationToken:
            return _refuse()

    @routes.put("/register/{client_id}")
    def put(client_id: str, request: Request, sent: Sent) -> Response:
        """Let an app register anew under its name."""
        try:
            with realm.reading() as store:
                find_registered(realm.work(store), client_id, _token(request))
            new = read(sent, client_id)
            with realm.writing() as store:
                work = realm.work(store)
                old = find_registered(work, client_id, _token(request))
                return _answer(change(work, old, new))
        except BadRegistrationToken:
            return _refuse()
        except BadRegistrationRequest as error:
            refusal = {"error": error.code, "error_description": str(error)}
            return _answer(refusal, BAD_REQUEST)

    @routes.delete("/register/{client_id}")
    def remove(client_id: str, request: Request) -> Response:
        """Remove an app at its own wish."""
        try:
            with realm.writing() as store:
                client = find_registered(realm.work(store), client_id, _token(request))
                store.clients.remove(client.client_id)
        except BadRegistrationToken:
            return _refuse()
        return Response(status_code=NO_CONTENT, headers=NO_STORE)

    return routes


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _refuse() -> Response:
    headers = {"WWW-Authenticate": 'Bearer realm="haihe", error="invalid_token"', **NO_STORE}
    return Response(b"", UNAUTHORIZED, headers)


def _answer(document: Any, status: int = 200) -> Response:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(content, status, NO_STORE, "application/json")
