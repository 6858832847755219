"""Who calls the API: an access token in the Authorization header, checked each time."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from identity.errors import StrongerSignInNeeded, TokenMissing
from identity.people.assurance import ACR_VALUES, acr_of
from identity.realm import Realm
from identity.routes.requests import presented_by
from identity.standing.access import Access, verify_access
from identity.standing.bound import check_holder
from service.acting import Acting, acting_by_token


@dataclass(frozen=True)
class SignInNeeded:
    """What the sign-in behind a token must have been like (RFC 9470).

    Attributes:
        level: least assurance level.
        max_age: oldest sign-in in seconds, None for any.
    """

    level: int
    max_age: int | None = None

    def check(self, access: Access, now: int) -> None:
        """Check the sign-in behind a token.

        Raises:
            StrongerSignInNeeded: it was weaker, or longer ago; or nobody signed in at all.
        """
        enough = ACR_VALUES[ACR_VALUES.index(acr_of(self.level)) :]
        age = now - access.claims.get("auth_time", 0)
        too_old = self.max_age is not None and age > self.max_age
        if access.claims.get("acr") not in enough or too_old:
            raise StrongerSignInNeeded(enough, self.max_age)


def bearer(realm: Realm, needs: SignInNeeded | None = None) -> Callable[[Request], Acting]:
    """Make the dependency that finds who calls (RFC 6750 §2.1, RFC 9449 §7.1).

    Args:
        realm: the provider.
        needs: what the sign-in must have been like, for interfaces that want a better one.

    Raises:
        BadAccessToken: there is no token, or it does not count at this moment, or here.
    """

    def find_caller(request: Request) -> Acting:
        presented = presented_by(request, realm.issuer)
        if not presented.token:
            raise TokenMissing("send an access token")
        with realm.reading() as store:
            access = verify_access(realm.work(store), presented.token)
        check_holder(realm, access, presented)
        if needs is not None:
            needs.check(access, realm.clock())
        return acting_by_token(access)

    return find_caller
