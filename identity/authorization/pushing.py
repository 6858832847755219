"""Pushed authorization requests (RFC 9126): an app shows its request before a person does.

1. The app proves itself, in the way it registered.
2. The request is read, from the form or from a request object, and names no other one.
3. It is checked in every way in which the authorization endpoint would check it.
4. The app gets an address that means this request, for a short time.
"""

from dataclasses import replace
from urllib.parse import urlencode

from identity.apps.clients import Client
from identity.asking.flow import Flow
from identity.asking.parameters import REPEATABLE, Parameters, read_parameters
from identity.asking.pushed import MOST_CHARACTERS, PUSHED_SECONDS, Pushed, seal_pushed
from identity.asking.request_objects import Resolved, resolve
from identity.errors import BadAuthorizeRequest, BadRequestObject
from identity.grants.messages import Answer, Refusal
from identity.parties.request_senders import expect_from
from identity.proofs.shown import HELD_BY_PROOF
from identity.provider import Server, authenticate_app, examine_authorization
from identity.realm import Work

CREATED, BAD_REQUEST, TOO_LARGE = 201, 400, 413
INVALID = "invalid_request"
_PROOFS = {"client_secret", "client_assertion", "client_assertion_type"}


def push(work: Work, sent: Parameters) -> Answer:
    """Answer an app that pushes its request."""
    server = Server(work)
    client = authenticate_app(server, sent, "/par")  # 1
    if isinstance(client, Answer):
        return client
    try:
        answer = _take(server, client, sent)
    except BadRequestObject as error:
        answer = _refuse(Refusal(error.code, str(error)))
    except BadAuthorizeRequest as error:
        answer = _refuse(Refusal(INVALID, str(error)))
    return replace(answer, headers=server.possession.headers)


def _take(server: Server, client: Client, sent: Parameters) -> Answer:
    work = server.work
    resolved = _bind(_read(work, client, sent), server.confirmation)  # 2
    pushed = _name(work, client, resolved)
    flow = Flow(resolved.query, work.now, pushed=pushed.name, signed=resolved.signed)
    found = examine_authorization(server, flow)  # 3
    if isinstance(found, Refusal):
        return _refuse(found)
    if len(resolved.query) > MOST_CHARACTERS:
        return _refuse(Refusal(INVALID, "the request is too long"), TOO_LARGE)  # RFC 9126 §2.3
    request_uri = seal_pushed(work.realm.seals, pushed)
    return Answer(CREATED, {"request_uri": request_uri, "expires_in": PUSHED_SECONDS}, ())  # 4


def _read(work: Work, client: Client, sent: Parameters) -> Resolved:
    """Read the request that is pushed; in the form, the app is named by its proof alone.

    Raises:
        BadRequestObject: a request object cannot be taken, or another one is named.
        KeysWanted: the app's keys have to be read first.
    """
    if "request_uri" in sent.values:
        raise BadRequestObject("a pushed request names no other one", INVALID)
    if text := sent.get("request"):
        return resolve(text, None, expect_from(work.realm, client), work.now)
    left_out = {*_PROOFS, *REPEATABLE}
    kept = {name: value for name, value in sent.values.items() if name not in left_out}
    pairs = [*(kept | {"client_id": client.client_id}).items()]
    repeated = [("resource", each) for each in sent.resources]
    return Resolved(urlencode([*pairs, *repeated]), signed=False)


def _bind(resolved: Resolved, confirmation: str) -> Resolved:
    """Bind the code to come to the key that the app proved while it pushed (RFC 9449 §10.1).

    Raises:
        BadRequestObject: the request names another one.
    """
    method, _, thumbprint = confirmation.partition(":")
    named = read_parameters(resolved.query).get("dpop_jkt")
    if method != HELD_BY_PROOF or named == thumbprint:
        return resolved
    if named:
        raise BadRequestObject("dpop_jkt is not the key of the proof", INVALID)
    return replace(resolved, query=f"{resolved.query}&dpop_jkt={thumbprint}")


def _name(work: Work, client: Client, resolved: Resolved) -> Pushed:
    expires_at = work.now + PUSHED_SECONDS
    name = work.realm.fresh_id()
    return Pushed(name, client.client_id, expires_at, resolved.query, resolved.signed)


def _refuse(refusal: Refusal, status: int = BAD_REQUEST) -> Answer:
    body = {"error": refusal.code, "error_description": refusal.description}
    return Answer(status, body, ())
