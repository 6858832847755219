"""The backchannel authentication endpoint (CIBA Core §7)."""

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import UnauthorizedClientError

from identity.apps.clients import PROVING_METHODS
from identity.asking.decoupled import CIBA, CIBA_GRANT, make_handle
from identity.elsewhere.ciba import ask
from identity.errors import BackchannelRefused
from identity.grants.messages import Refusal
from identity.realm import Work

FORBIDDEN, BAD_REQUEST = 403, 400
_HEADERS = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))


class BackchannelAuthentication:
    """Begins a request that waits for one person."""

    ENDPOINT_NAME = "backchannel_authentication"

    def __init__(self, server: Any) -> None:
        self.server = server

    def create_endpoint_request(self, request: Any) -> Any:
        """Return it: it was made for Authlib already."""
        return request

    def __call__(self, request: Any) -> tuple[int, dict[str, Any], Any]:
        """Answer an app (§7.3, §13).

        Raises:
            OAuth2Error: the app may not ask so.
        """
        work: Work = self.server.work
        known = self.server.authenticate_client(request, PROVING_METHODS, self.ENDPOINT_NAME)
        if not known.check_grant_type(CIBA_GRANT):
            raise UnauthorizedClientError("this app is not registered for CIBA")
        try:
            asked = ask(work, known.client, request.parameters)
        except BackchannelRefused as error:
            status = FORBIDDEN if error.code == "access_denied" else BAD_REQUEST
            why = Refusal(error.code, str(error)).description
            raise OAuth2Error(why, error=error.code, status_code=status) from None
        body = {
            "auth_req_id": make_handle(work.realm.seals, CIBA, asked.request_id),
            "expires_in": asked.expires_at - asked.created_at,
            "interval": asked.interval,
        }
        return 200, body, _HEADERS
