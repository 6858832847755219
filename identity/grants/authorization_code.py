"""Authorization code (RFC 6749 §4.1), once, within 60 seconds, with PKCE."""

from typing import Any

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from identity.apps.profiles import policy_of
from identity.asking.details import write_details
from identity.asking.flow import LIFETIME_SECONDS as FLOW_SECONDS
from identity.asking.pushed import PUSHED, PUSHED_SECONDS
from identity.asking.scopes import CLAIMS, split
from identity.asking.wanted import read_wanted
from identity.errors import BadAuthorizeRequest
from identity.grants.adapters import CodeInHand, KnownClient
from identity.grants.base import Ours, check_still_allowed
from identity.grants.possession import check_code_holder, kept_confirmation
from identity.issued.authorizations import (
    CODE_SECONDS,
    LIFETIME_SECONDS,
    Authorization,
    CodeHandle,
    make_code,
    read_code,
)
from identity.proofs.shown import code_confirmation
from identity.standing.acting import SignedIn


class CodeGrant(Ours, AuthorizationCodeGrant):  # type: ignore[misc]
    """Gives a code at the authorization endpoint, takes it back at the token endpoint."""

    request: Any

    def create_authorization_response(self, redirect_uri: str, grant_user: SignedIn | None) -> Any:
        """Tell the app its code; the server writes the address, in the way that was asked for.

        Raises:
            AccessDeniedError: the person refused.
        """
        if grant_user is None:
            raise AccessDeniedError(redirect_uri=redirect_uri)
        self.request.user = grant_user
        authorization = self._authorize()
        self._use_up_pushed(self.request)
        self.work.store.authorizations.add(authorization)
        code = make_code(self.work.realm.seals, authorization)
        state = self.request.payload.state
        return 302, {"code": code} | ({"state": state} if state else {}), []

    def _authorize(self) -> Authorization:
        """Make the one row behind the code and all its tokens."""
        request, now = self.request, self.work.now
        acting: SignedIn = request.user
        data, particulars = request.payload.data, request.particulars
        wanted = data.get("claims", "")
        assert acting.party is not None  # noqa: S101  # `authorizing` asks for it first
        return Authorization(
            authorization_id=self.work.realm.fresh_id(),
            client_id=request.client.client.client_id,
            person_id=acting.person.person_id,
            party_id=acting.party.party_id,
            session_id=acting.session.session_id,
            redirect_uri=request.payload.redirect_uri,
            scopes=split(request.scope),
            nonce=data.get("nonce"),
            code_challenge=data.get("code_challenge", ""),
            auth_time=acting.session.auth_time,
            acr=acting.session.acr,
            amr=acting.session.amr,
            code_expires_at=now + CODE_SECONDS,
            expires_at=now + LIFETIME_SECONDS,
            confirmation=code_confirmation(data.get("dpop_jkt", "")),
            claims=" ".join(sorted(CLAIMS.keys() & read_wanted(wanted).id_token.keys())),
            offline=policy_of(request.client.client).offline,
            details=write_details(particulars.details),
            resources=" ".join(particulars.resources),
        )

    def _use_up_pushed(self, request: Any) -> None:
        """Use a pushed request up (RFC 9126 §4), in the one statement that decides between tries.

        Raises:
            BadAuthorizeRequest: another try was first; the person may be at somebody else's link.
        """
        kept_until = self.work.now + FLOW_SECONDS + PUSHED_SECONDS  # no flow with it lives longer
        client_id = request.client.client.client_id
        uses = self.work.store.replays
        if request.pushed and not uses.use(PUSHED, client_id, request.pushed, kept_until):
            raise BadAuthorizeRequest("this pushed request has been used")

    def query_authorization_code(self, code: str, client: KnownClient) -> CodeInHand | None:
        """Find what a code names. A code that was used already takes back what it gave."""
        handle = read_code(self.work.realm.seals, code)
        if handle is None:
            return None
        self.request.client = client
        if handle.plain and self.is_plain and (used := self._redeem_plain(handle)):
            return CodeInHand(used, used=True)
        store, now = self.work.store.authorizations, self.work.now
        found = store.find(handle.authorization_id)
        if found is None or found.client_id != client.client.client_id:
            return None
        if found.redeemed_at is not None:
            store.revoke(found.authorization_id, now)
            return None
        return CodeInHand(found) if now < found.code_expires_at else None

    def _redeem_plain(self, handle: CodeHandle) -> Authorization | None:
        """Use a plain code up in the statement that compares everything; None if anything differs.

        Then the code is as it was, and goes the long way to hear why.
        """
        form, store = self.request.form, self.work.store.authorizations
        verifier = form.get("code_verifier", "")
        if not verifier.isascii():
            return None
        challenge = create_s256_code_challenge(verifier) if verifier else ""
        address = form.get("redirect_uri", "")
        key, now = handle.authorization_id, self.work.now
        return store.redeem_plain(key, now, self.holder, address, challenge)

    def authenticate_user(self, code: CodeInHand) -> Authorization:
        """Use the code up, in the one statement that decides between parallel tries.

        Raises:
            InvalidGrantError: another try was first, the code is bound to another key, or the
                mandate has ended.
        """
        check_still_allowed(self.work, code.authorization, real=code.used)
        held = self.server.confirmation
        check_code_holder(code.authorization, held)
        self.narrow(code.authorization)
        if code.used:
            return code.authorization
        store, now = self.work.store.authorizations, self.work.now
        kept = kept_confirmation(self.request.client.client, held)
        redeemed = store.redeem(code.authorization.authorization_id, now, kept)
        if redeemed is None:
            store.revoke(code.authorization.authorization_id, now)
            raise InvalidGrantError("this code has been used")
        return redeemed

    def delete_authorization_code(self, _code: CodeInHand) -> None:
        """Keep the row: it remembers that the code was used."""
