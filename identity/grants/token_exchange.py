"""Token exchange (RFC 8693 §2): the request and its answer; `exchanging` has the rules."""

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    BaseGrant,
    InvalidRequestError,
    TokenEndpointMixin,
    UnauthorizedClientError,
)

from identity.apps.clients import PROVING_METHODS
from identity.asking.scopes import join
from identity.errors import ExchangeRefused
from identity.grants.base import Ours
from identity.issued.actors import EXCHANGE_GRANT
from identity.issued.authorizations import Authorization
from identity.standing.exchanging import Wanted, exchange

ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"


class ExchangeGrant(Ours, BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """Gives an app a token with which it visibly acts for somebody."""

    GRANT_TYPE = EXCHANGE_GRANT
    TOKEN_ENDPOINT_AUTH_METHODS = list(PROVING_METHODS)
    request: Any

    def validate_token_request(self) -> None:
        """Exchange the token.

        Raises:
            OAuth2Error: it cannot be exchanged.
        """
        known = self.authenticate_token_endpoint_client()
        if not known.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("this app is not registered for token exchange")
        self.request.client = known
        wanted = self._read()
        try:
            found = exchange(self.work, known.client, wanted, self.server.confirmation)
        except ExchangeRefused as error:
            raise OAuth2Error(str(error), error=error.code) from None
        self.request.user = found

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Give the token; never one to refresh it with (§2.2.1)."""
        user: Authorization = self.request.user
        token = self.generate_token(user=user, scope=join(user.scopes), include_refresh_token=False)
        return 200, token | {"issued_token_type": ACCESS_TYPE}, self.TOKEN_RESPONSE_HEADER

    def _read(self) -> Wanted:
        """Read the request (§2.1).

        Raises:
            InvalidRequestError: something is missing, or of a kind that we do not take.
        """
        form = self.request.form
        if not form.get("subject_token"):
            raise InvalidRequestError("subject_token is required")
        if ("actor_token" in form) != ("actor_token_type" in form):
            raise InvalidRequestError("actor_token and actor_token_type come together")
        for name in ("subject_token_type", "actor_token_type", "requested_token_type"):
            usual = None if name == "subject_token_type" else ACCESS_TYPE
            if form.get(name, usual) != ACCESS_TYPE:
                raise InvalidRequestError(f"{name} must be {ACCESS_TYPE}")
        audience = form.get("audience")
        return Wanted(
            form["subject_token"],
            form.get("actor_token", ""),
            form.get("scope", ""),
            (*self.request.parameters.resources, *([audience] if audience else [])),
        )
