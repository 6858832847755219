"""Revocation (RFC 7009): a client gives a token back."""

from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc7009 import RevocationEndpoint

from identity.apps.clients import AUTH_METHODS
from identity.errors import BadAccessToken
from identity.grants.adapters import KnownClient
from identity.issued.authorizations import read_refresh_token
from identity.realm import Work
from identity.signing.tokens import verify_token


@dataclass(frozen=True)
class GivenBack:
    """A token to withdraw: an access token by `jti`, or a refresh token's whole family."""

    client_id: str
    authorization_id: str = ""
    jti: str = ""
    expires_at: int = 0


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Withdraws the caller's own tokens; about all others it says nothing (RFC 7009 §2.2)."""

    CLIENT_AUTH_METHODS = list(AUTH_METHODS)
    server: Any

    def authenticate_token(self, request: Any, client: KnownClient) -> GivenBack | None:
        """Find the token if it is the caller's."""
        token = request.form.get("token", "")
        found = self._access(token) or self._refresh(token)
        return found if found and found.client_id == client.client.client_id else None

    def revoke_token(self, token: GivenBack, _request: Any) -> None:
        """Withdraw it."""
        work: Work = self.server.work
        if token.authorization_id:
            work.store.authorizations.revoke(token.authorization_id, work.now)
        else:
            work.store.authorizations.revoke_token(token.jti, token.expires_at)

    def _access(self, token: str) -> GivenBack | None:
        work: Work = self.server.work
        realm = work.realm
        try:
            claims = verify_token(realm.keys, token, realm.issuer, realm.all_resources, work.now)
        except BadAccessToken:
            return None
        return GivenBack(claims["client_id"], jti=claims["jti"], expires_at=claims["exp"])

    def _refresh(self, token: str) -> GivenBack | None:
        work: Work = self.server.work
        handle = read_refresh_token(work.realm.seals, token)
        found = work.store.authorizations.find(handle.authorization_id) if handle else None
        return GivenBack(found.client_id, found.authorization_id) if found else None
