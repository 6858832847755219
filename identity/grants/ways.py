"""The ways on which an authorization request may come: straight, pushed, signed."""

from authlib.oauth2.rfc6749 import InvalidRequestError

from identity.apps.clients import Client
from identity.apps.profiles import policy_of
from identity.asking.flow import Flow
from identity.realm import Realm


def check_way(realm: Realm, client: Client, flow: Flow) -> None:
    """Check that a request came as its app, or the whole realm, has it.

    Raises:
        InvalidRequestError: it had to be pushed (RFC 9126 §5, §6), or signed (RFC 9101 §10.5).
    """
    options = client.options
    must_push = (
        realm.pushing_required
        or options.require_pushed_authorization_requests
        or policy_of(client).pushed
    )
    if must_push and not flow.pushed:
        raise InvalidRequestError("this request has to be pushed first")
    if options.require_signed_request_object and not flow.signed:
        raise InvalidRequestError("this request has to be signed")
