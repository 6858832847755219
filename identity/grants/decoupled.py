"""Polling for the answer to a request that waits on another device (RFC 8628 §3.4, CIBA §10.1)."""

from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    BaseGrant,
    InvalidGrantError,
    InvalidRequestError,
    TokenEndpointMixin,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc8628 import AuthorizationPendingError, ExpiredTokenError, SlowDownError

from identity.asking.decoupled import CIBA, CIBA_GRANT, DEVICE, DEVICE_GRANT, read_handle
from identity.asking.scopes import join
from identity.grants.base import Ours, check_still_allowed
from identity.grants.possession import kept_confirmation
from identity.issued.authorizations import Authorization


class PollingGrant(Ours, BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """Gives tokens once the person has said yes, and this once."""

    KIND: ClassVar[str]
    HANDLE: ClassVar[str]  # the parameter that names the request
    request: Any

    def validate_token_request(self) -> None:
        """Find out how the request stands.

        Raises:
            OAuth2Error: no tokens, or not yet.
        """
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("this app is not registered for this grant")
        handle = self.request.form.get(self.HANDLE)
        if not handle:
            raise InvalidRequestError(f"{self.HANDLE} is required")
        self.request.client = client
        self.request.user = self._collect(handle)

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Give the tokens."""
        user: Authorization = self.request.user
        token = self.generate_token(user=user, scope=join(user.scopes))
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER

    def _collect(self, handle: str) -> Authorization:
        request_id = read_handle(self.work.realm.seals, self.KIND, handle)
        client_id, now = self.request.client.client.client_id, self.work.now
        store = self.work.store.decoupled
        asked = store.poll(request_id, client_id, now) if request_id else None
        if asked is None:
            raise InvalidGrantError(f"no such {self.HANDLE} was given to this app")
        if asked.authorization_id is not None:
            return self._redeem(asked.authorization_id)
        if asked.decided_at is not None:
            raise AccessDeniedError("the person refused", status_code=400)
        if now >= asked.expires_at:
            raise ExpiredTokenError("nobody answered in time")
        raise SlowDownError if asked.hurried else AuthorizationPendingError

    def _redeem(self, authorization_id: str) -> Authorization:
        """Take the yes, in the one statement that decides between parallel polls.

        A poll that comes second takes nothing back: an app may well ask twice at once.
        """
        store, now = self.work.store.authorizations, self.work.now
        found = store.find(authorization_id)
        if found is not None:
            check_still_allowed(self.work, found)
            self.narrow(found)
        kept = kept_confirmation(self.request.client.client, self.server.confirmation)
        redeemed = store.redeem(authorization_id, now, kept)
        if redeemed is None:
            raise InvalidGrantError(f"this {self.HANDLE} has been used")
        return redeemed


class DeviceGrant(PollingGrant):
    """A terminal polls with its device code (RFC 8628 §3.4)."""

    GRANT_TYPE = DEVICE_GRANT
    KIND = DEVICE
    HANDLE = "device_code"


class CibaGrant(PollingGrant):
    """An app polls, or fetches after a ping, with its request's id (CIBA §10.1)."""

    GRANT_TYPE = CIBA_GRANT
    KIND = CIBA
    HANDLE = "auth_req_id"
