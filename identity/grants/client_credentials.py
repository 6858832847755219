"""Client credentials (RFC 6749 §4.4): an app acts for the legal person that registered it."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from identity.asking.scopes import join
from identity.grants.base import Ours
from identity.grants.particulars import read_particulars


class OwnGrant(Ours, ClientCredentialsGrant):  # type: ignore[misc]
    """Gives an app a token of its own. Nothing is stored: the signature carries it all."""

    request: Any

    def validate_requested_scope(self) -> None:
        """Give what is asked for, or all that is registered when nothing is.

        Raises:
            InvalidScopeError: nothing of what is asked for is registered.
            OAuth2Error: details or resources are unknown.
        """
        asked, client = self.request.payload.scope, self.request.client
        allowed = client.get_allowed_scope(asked) if asked else join(client.client.scopes)
        if not allowed:
            raise InvalidScopeError
        self.request.payload.data["scope"] = allowed
        self.server.particulars = read_particulars(
            self.work.realm, client.client, self.request.parameters
        )
