"""The pushed authorization request endpoint (RFC 9126 §2)."""

from fastapi import APIRouter, Response

from identity.authorization.pushing import push
from identity.realm import Realm
from identity.routes.back_channel import answer_app, leaves_trace
from identity.routes.requests import Sent


def add_pushing(routes: APIRouter, realm: Realm) -> None:
    """Add the endpoint."""

    @routes.post("/par")
    def par(sent: Sent) -> Response:
        """Take an app's authorization request."""
        transaction = realm.writing if leaves_trace(sent) else realm.reading
        return answer_app(transaction, realm, push, sent)
