"""Device authorization (RFC 8628 §3.1): a terminal gets a code that a person types elsewhere."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError, UnauthorizedClientError

from identity.apps.clients import AUTH_METHODS
from identity.asking.decoupled import (
    DEVICE,
    DEVICE_GRANT,
    INTERVAL_SECONDS,
    Decoupled,
    make_handle,
    make_user_code,
    seal_user_code,
    show_user_code,
)
from identity.asking.scopes import split
from identity.realm import Work

DEVICE_SECONDS = 600
DRAWS = 5  # codes drawn before we believe that something is broken
_HEADERS = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))


class DeviceAuthorization:
    """Begins a request that waits for whoever types its code."""

    ENDPOINT_NAME = "device_authorization"

    def __init__(self, server: Any) -> None:
        self.server = server

    def create_endpoint_request(self, request: Any) -> Any:
        """Return it: it was made for Authlib already."""
        return request

    def __call__(self, request: Any) -> tuple[int, dict[str, Any], Any]:
        """Answer a terminal (RFC 8628 §3.2).

        Raises:
            OAuth2Error: the app may not ask so.
        """
        work: Work = self.server.work
        known = self.server.authenticate_client(request, AUTH_METHODS, "device authorization")
        if not known.check_grant_type(DEVICE_GRANT):
            raise UnauthorizedClientError("this app is not registered for the device grant")
        allowed = known.get_allowed_scope(request.form.get("scope"))
        if not allowed:
            raise InvalidScopeError("scope names nothing that this app is registered for")
        asked, code = _add(work, known.client.client_id, split(allowed))
        page = f"{work.realm.issuer}{asked.page}"
        body = {
            "device_code": make_handle(work.realm.seals, DEVICE, asked.request_id),
            "user_code": code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={code}",
            "expires_in": DEVICE_SECONDS,
            "interval": INTERVAL_SECONDS,
        }
        return 200, body, _HEADERS


def _add(work: Work, client_id: str, scopes: frozenset[str]) -> tuple[Decoupled, str]:
    """Write the request under a code that no other request has."""
    for _ in range(DRAWS):
        code = make_user_code(work.realm.random)
        asked = Decoupled(
            request_id=work.realm.fresh_id(),
            kind=DEVICE,
            client_id=client_id,
            scopes=scopes,
            created_at=work.now,
            expires_at=work.now + DEVICE_SECONDS,
            user_code=seal_user_code(work.realm.seals, code),
        )
        if work.store.decoupled.add(asked):
            return asked, show_user_code(code)
    raise RuntimeError("random numbers repeat themselves")
