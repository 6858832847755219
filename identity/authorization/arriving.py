"""An authorization request arrives: what it names elsewhere is looked up once, here.

1. It names a pushed request       opened for the app that pushed it, while it lasts.
2. It holds a request object       checked, and replaced by what it says.
3. It names a request object       the same, read from an address that the app registered.
4. Anything else                   is taken as it is.

From then on the flow carries the request itself, sealed: no later page looks at anything foreign.
"""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256

from identity.apps.clients import Client
from identity.asking.flow import Flow
from identity.asking.parameters import Parameters
from identity.asking.pushed import PUSHED, URN, open_pushed
from identity.asking.request_objects import resolve
from identity.errors import BadAuthorizeRequest, BadRegistrationRequest, BadRequestObject
from identity.grants.authentication import find_client
from identity.grants.messages import Answer, Refusal
from identity.parties.request_senders import expect_from
from identity.provider import Server, refuse_authorization
from identity.realm import Realm, Work

Fetch = Callable[[str], bytes]
NAMING = frozenset({"request", "request_uri"})
BAD_URI = "invalid_request_uri"


def arrive(realm: Realm, sent: Parameters, fetch: Fetch) -> Flow:
    """Begin a flow. May read a document from elsewhere, so no transaction may be open.

    Raises:
        BadAuthorizeRequest: nobody can be told but the person at the browser.
        BadRequestObject: the app may be told, see `refuse`.
        KeysWanted: the app's keys have to be read first.
    """
    if not NAMING & sent.values.keys() or sent.fault:
        return Flow(sent.encoded, realm.clock())  # 4
    with realm.reading() as store:
        work = realm.work(store)
        client = find_client(work, sent.get("client_id"))
        if client is None:
            raise BadAuthorizeRequest("no app with this client_id is registered here")
        if sent.values.keys() >= NAMING:
            raise BadRequestObject("request and request_uri exclude each other", "invalid_request")
        if sent.get("request_uri").startswith(URN):
            return _open(work, client, sent.get("request_uri"))  # 1
    text = sent.get("request") or _fetched(client, sent.get("request_uri"), fetch)  # 2, 3
    expected = expect_from(realm, client)
    resolved = resolve(text, sent, expected, realm.clock())
    return Flow(resolved.query, realm.clock(), signed=resolved.signed)


def refuse(work: Work, sent: Parameters, error: BadRequestObject) -> Answer:
    """Tell the app why its request object is refused, if the address beside it can be trusted.

    Raises:
        BadAuthorizeRequest: it cannot.
    """
    said = Refusal(error.code, str(error))
    return refuse_authorization(Server(work), Flow(sent.encoded, work.now), said)


def _open(work: Work, client: Client, request_uri: str) -> Flow:
    """Open a pushed request. It may be opened again until a code was given for it."""
    pushed = open_pushed(work.realm.seals, request_uri)
    if pushed is None or pushed.client_id != client.client_id:
        raise BadAuthorizeRequest("this request_uri was not given to this app")
    if work.now >= pushed.expires_at:
        raise BadAuthorizeRequest("this request_uri has expired")
    if work.store.replays.is_used(PUSHED, client.client_id, pushed.name):
        raise BadAuthorizeRequest("this pushed request has been used")
    return Flow(pushed.query, work.now, pushed=pushed.name, signed=pushed.signed)


def _fetched(client: Client, address: str, fetch: Fetch) -> str:
    """Read a request object from a registered address, and check the hash in its fragment.

    Raises:
        BadRequestObject: it is not registered, or what lies there is not what was meant.
    """
    place, _, digest = address.partition("#")
    if not {address, place} & set(client.options.request_uris):
        raise BadRequestObject("this request_uri is not registered", BAD_URI)
    try:
        content = fetch(place)
        text = content.decode("ascii").strip()
    except (BadRegistrationRequest, ValueError):
        raise BadRequestObject("the request_uri could not be read", BAD_URI) from None
    found = base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=")  # Core §6.2
    if digest and not hmac.compare_digest(found, digest.encode()):
        raise BadRequestObject("the request_uri holds something else than its hash says", BAD_URI)
    return text
