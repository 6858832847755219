"""Who calls the API: an access token in the Authorization header, checked each time."""

from collections.abc import Callable

from fastapi import Request

from identity.access import verify_access
from identity.errors import BadAccessToken
from identity.realm import Realm
from service.acting import Acting, acting_by_token


def bearer(realm: Realm) -> Callable[[Request], Acting]:
    """Make the dependency that finds who calls (RFC 6750 §2.1).

    Raises:
        BadAccessToken: there is no token, or it does not count at this moment.
    """

    def find_caller(request: Request) -> Acting:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise BadAccessToken("send an access token: Authorization: Bearer …")
        with realm.reading() as store:
            return acting_by_token(verify_access(realm.work(store), token.strip()))

    return find_caller
