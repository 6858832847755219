"""An ID token straight from the authorization endpoint (OpenID Connect Core §3.2).

RFC 9700 §2.1.2 advises against it, so no app has it unless it registers it, and then only of the
compatible profile and where apps may register themselves: a provider of that kind has to offer it
(Core §15.2). The answer never comes in a query.
"""

from typing import Any

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationEndpointMixin, BaseGrant

from identity.apps.clients import Client
from identity.asking.response_types import ID_TOKEN, IMPLICIT, IMPLICIT_GRANT, spell
from identity.asking.scopes import CLAIMS, OPENID, split
from identity.asking.wanted import read_wanted
from identity.grants.base import Ours
from identity.issued.authorizations import LIFETIME_SECONDS, Authorization
from identity.standing.acting import SignedIn
from identity.telling.responding import FORM_POST, FRAGMENT, is_allowed, with_parameters

FOUND = 302


class ImplicitGrant(Ours, BaseGrant, AuthorizationEndpointMixin):  # type: ignore[misc]
    """Gives an ID token, and an access token beside it if that is asked for."""

    request: Any
    redirect_uri: str

    @classmethod
    def check_authorization_endpoint(cls, request: Any) -> bool:
        """Tell whether this is what a request asks for."""
        return spell(request.payload.response_type or "") in IMPLICIT

    def may_answer(self, client: Client, mode: str) -> bool:
        """Tell whether an app may be answered in a way: never in a query, it would be kept."""
        return mode in {"", FRAGMENT} or (mode == FORM_POST and is_allowed(client, mode))

    def validate_authorization_request(self) -> str:
        """Check a request; that this app may send it was checked before.

        Raises:
            OAuth2Error: it cannot be honoured.
        """
        self.request.client = self.server.query_client(self.request.payload.client_id)
        redirect_uri: str = self.request.payload.redirect_uri
        self._check_payload(redirect_uri)
        return redirect_uri

    def _check_payload(self, redirect_uri: str) -> None:
        request = self.request
        request.scope = request.client.get_allowed_scope(request.payload.scope)
        if OPENID not in split(request.scope or ""):
            raise InvalidScopeError("openid is needed")
        if not request.payload.data.get("nonce"):
            raise InvalidRequestError("nonce is needed")  # §3.2.2.1
        self.execute_hook("after_validate_authorization_request_payload", redirect_uri)

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:
        """Answer with tokens, or that the person refused.

        Raises:
            AccessDeniedError: the person refused.
        """
        if not grant_user:
            raise AccessDeniedError(redirect_uri=redirect_uri)
        told = self._tokens(self._keep(grant_user))
        if state := self.request.payload.state:
            told["state"] = state
        return FOUND, "", [("Location", with_parameters(redirect_uri, told))]

    def _tokens(self, authorization: Authorization) -> dict[str, str]:
        client = self.request.client
        if self._gives_id_token_alone:
            return {"id_token": self.server.make_id_token(client.client, authorization)}
        made = self.server.generate_token(
            grant_type=IMPLICIT_GRANT,
            client=client,
            user=authorization,
            scope=self.request.scope,
            include_refresh_token=False,
        )
        return {name: str(value) for name, value in made.items()}

    @property
    def _gives_id_token_alone(self) -> bool:
        return spell(self.request.payload.response_type) == ID_TOKEN

    def _keep(self, acting: SignedIn) -> Authorization:
        """Write the one row behind both tokens: there is no code, so it is used already."""
        data, now, scopes = self.request.payload.data, self.work.now, split(self.request.scope)
        assert acting.party is not None  # noqa: S101  # `authorizing` asks for it first
        wanted = set(CLAIMS)  # where nothing else can be asked for them, Core §5.4
        if not self._gives_id_token_alone:
            wanted &= read_wanted(data.get("claims", "")).id_token.keys()
        authorization = Authorization(
            authorization_id=self.work.realm.fresh_id(),
            client_id=self.request.client.client.client_id,
            person_id=acting.person.person_id,
            party_id=acting.party.party_id,
            session_id=acting.session.session_id,
            redirect_uri=self.request.payload.redirect_uri,
            scopes=scopes,
            nonce=data.get("nonce"),
            code_challenge="",
            auth_time=acting.session.auth_time,
            acr=acting.session.acr,
            amr=acting.session.amr,
            code_expires_at=now,
            expires_at=now + LIFETIME_SECONDS,
            redeemed_at=now,
            claims=" ".join(sorted(wanted)),
        )
        self.work.store.authorizations.add(authorization)
        return authorization
