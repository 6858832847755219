"""Refresh token (RFC 6749 §6), rotated at each use or bound to its sender (RFC 9700 §4.14.2)."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant

from identity.apps.clients import Client
from identity.apps.profiles import policy_of
from identity.grants.adapters import RefreshInHand
from identity.grants.base import Ours, check_still_allowed
from identity.grants.possession import check_refresh_holder
from identity.issued.authorizations import (
    GRACE_SECONDS,
    Authorization,
    RefreshHandle,
    read_refresh_token,
)
from identity.people.sessions import IDLE_SECONDS


class RefreshGrant(Ours, RefreshTokenGrant):  # type: ignore[misc]
    """Takes a refresh token and gives its successor."""

    INCLUDE_NEW_REFRESH_TOKEN = True
    request: Any

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshInHand | None:
        """Find what a refresh token names."""
        handle = read_refresh_token(self.work.realm.seals, refresh_token)
        if handle is None:
            return None
        if handle.plain and self.is_plain and (used := self._use_plain(handle)):
            return RefreshInHand(used, handle.count, used=True)
        found = self.work.store.authorizations.find(handle.authorization_id)
        if found is None or not found.is_live(self.work.now):
            return None
        return RefreshInHand(found, handle.count)

    def _use_plain(self, handle: RefreshHandle) -> Authorization | None:
        """Use a plain refresh token up in the statement that compares everything; None if anything
        differs. Then it is as it was, and goes the long way.
        """
        if not policy_of(self.request.client.client).rotates:
            return None
        store, now = self.work.store.authorizations, self.work.now
        return store.refresh_plain(handle.authorization_id, handle.count, now, self.holder)

    def authenticate_user(self, refresh: RefreshInHand) -> Authorization:
        """Use the token up, in the one statement that decides between parallel tries.

        Raises:
            InvalidGrantError: it was used before, it is bound to another key, or the mandate has
                ended.
        """
        client: Client = self.request.client.client
        check_refresh_holder(client, refresh.authorization, self.server.confirmation)
        check_still_allowed(self.work, refresh.authorization, real=refresh.used)
        self.narrow(refresh.authorization)
        if refresh.used:
            return refresh.authorization
        if not policy_of(client).rotates and refresh.count == refresh.authorization.refreshes:
            return self._used(refresh.authorization)
        store, now = self.work.store.authorizations, self.work.now
        used = store.refresh(refresh.authorization.authorization_id, refresh.count, now)
        return used or self._repeated(refresh)

    def _used(self, found: Authorization) -> Authorization:
        """Give the same token again, that only this app can use; note now and then that it does.

        A sign-in that an app goes on using is not idle.
        """
        now = self.work.now
        if now - max(found.refreshed_at, found.redeemed_at or 0) >= IDLE_SECONDS // 2:
            self.work.store.authorizations.touch(found.authorization_id, now)
        return found

    def _repeated(self, refresh: RefreshInHand) -> Authorization:
        """Answer a request whose answer was lost with the same successor; soon, and only that.

        Raises:
            InvalidGrantError: it is no repetition but a reuse, and ends the whole family.
        """
        store, now = self.work.store.authorizations, self.work.now
        found = store.find(refresh.authorization.authorization_id)
        if (
            found is not None
            and found.is_live(now)
            and found.refreshes == refresh.count + 1
            and now - found.refreshed_at < GRACE_SECONDS
        ):
            return found
        store.revoke(refresh.authorization.authorization_id, now)
        raise InvalidGrantError("this refresh token has been used")

    def revoke_old_credential(self, _refresh: RefreshInHand) -> None:
        """Do nothing: counting up has spent it."""
