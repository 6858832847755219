"""Our rows as Authlib wants to see them."""

from dataclasses import dataclass

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin

from identity.apps.clients import Client
from identity.asking.response_types import response_types_of
from identity.asking.scopes import join, permitted, split
from identity.issued.authorizations import Authorization


@dataclass(frozen=True)
class KnownClient(ClientMixin):  # type: ignore[misc]
    """A client, answering Authlib's questions."""

    client: Client

    def get_client_id(self) -> str:
        """Return the public name."""
        return self.client.client_id

    def get_default_redirect_uri(self) -> None:
        """Return none: every request names its redirect address."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return what may be asked for of what is asked; None if nothing is left."""
        return join(permitted(split(scope or ""), self.client.scopes)) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tell whether people may be sent there."""
        return self.client.accepts_redirect(redirect_uri)

    def check_response_type(self, response_type: str) -> bool:
        """Tell whether this response type may be used."""
        return response_type in response_types_of(self.client)

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether this grant type may be used."""
        return grant_type in self.client.grants


@dataclass(frozen=True)
class CodeInHand(AuthorizationCodeMixin):  # type: ignore[misc]
    """An authorization whose code was presented, and perhaps used up already."""

    authorization: Authorization
    used: bool = False
    code_challenge_method = "S256"

    @property
    def code_challenge(self) -> str:
        """Return the challenge of RFC 7636."""
        return self.authorization.code_challenge

    def get_redirect_uri(self) -> str:
        """Return the address to which the code was sent."""
        return self.authorization.redirect_uri

    def get_scope(self) -> str:
        """Return what was allowed."""
        return join(self.authorization.scopes)


@dataclass(frozen=True)
class RefreshInHand(TokenMixin):  # type: ignore[misc]
    """An authorization whose refresh token number `count` was presented, perhaps used up."""

    authorization: Authorization
    count: int
    used: bool = False

    def check_client(self, client: KnownClient) -> bool:
        """Tell whether it was given to this client."""
        return self.authorization.client_id == client.client.client_id

    def get_scope(self) -> str:
        """Return what was allowed."""
        return join(self.authorization.scopes)
