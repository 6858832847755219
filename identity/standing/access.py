"""What a bearer of an access token may do at our interfaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from identity.apps.clients import STANDARD
from identity.apps.options import NONE, Options
from identity.asking.scopes import powers_of, split
from identity.errors import BadAccessToken, MandateMissing
from identity.issued.actors import read_actors
from identity.people.mandates import (
    ISSUE,
    LICENCES,
    RECORDS,
    SHOW,
    USES,
    VERIFY,
    Mandate,
    check_mandate,
)
from identity.people.subjects import Party, Person, party_of
from identity.realm import Work
from identity.signing.tokens import verify_token
from identity.standing.acting import check_actors, mandates_for
from identity.store.access import TokenRow

# An app has no mandate, its registered scopes are its limit; but auditing is for people.
APP_POWERS = frozenset({LICENCES, SHOW, USES, RECORDS, ISSUE, VERIFY})


@dataclass(frozen=True)
class Access:
    """A checked access token.

    Attributes:
        client_id: through which app.
        person: who acts; None when the app acts by itself.
        party: for whom.
        scopes: what was allowed to the app.
        mandate_powers: what the mandate allows.
        claims: the token's own claims.
        mandates: from the party to the person, those that hold now.
        userinfo_alg: how the app wants userinfo signed, empty for plain JSON.
        profile: the rules of the app.
        options: what else the app registered.
    """

    client_id: str
    person: Person | None
    party: Party
    scopes: frozenset[str]
    mandate_powers: frozenset[str]
    claims: dict[str, Any]
    mandates: Sequence[Mandate] = ()
    userinfo_alg: str = ""
    profile: str = STANDARD
    options: Options = NONE

    @property
    def powers(self) -> frozenset[str]:
        """What mandate and scopes allow together."""
        return self.mandate_powers & powers_of(self.scopes)


def verify_access(work: Work, token: str, *, anywhere: bool = False) -> Access:
    """Check an access token, the authorization behind it and the mandate behind that.

    Costs one statement, and a second one when a person acts for a legal person. Those who act
    through a token that was exchanged cost one or two each.

    Args:
        work: the request's share of the realm.
        token: the token.
        anywhere: a token for another interface that is known here will do too.

    Raises:
        BadAccessToken: any of them does not hold at this moment.
    """
    realm = work.realm
    audiences = realm.all_resources if anywhere else (realm.audience,)
    claims = verify_token(realm.keys, token, realm.issuer, audiences, work.now)
    if "authorization" not in claims:
        return _own_access(work, claims)
    row = work.store.access.find_token(claims["authorization"], claims["jti"])
    if row is None or not _holds(work, row):
        raise BadAccessToken("the token was withdrawn")
    scopes = split(claims["scope"])
    try:
        mandates = mandates_for(work, row.person.person_id, row.party.party_id, scopes)
        check_actors(work, read_actors(row.authorization.actors))
    except MandateMissing:
        raise BadAccessToken("the mandate behind the token has ended") from None
    powers = check_mandate(mandates, row.person.person_id, row.party.party_id, work.now)
    return Access(
        claims["client_id"],
        row.person,
        row.party,
        scopes,
        powers,
        claims,
        mandates,
        row.userinfo_alg,
        row.profile,
        row.options,
    )


def _holds(work: Work, row: TokenRow) -> bool:
    demo = row.client_demo or row.person.demo
    return (
        not row.token_revoked
        and row.authorization.is_live(work.now)
        and (work.realm.demo_allowed or not demo)
    )


def _own_access(work: Work, claims: dict[str, Any]) -> Access:
    row = work.store.access.find_own_token(claims["client_id"], claims["jti"])
    if row is None or row.token_revoked or (row.client_demo and not work.realm.demo_allowed):
        raise BadAccessToken("the token was withdrawn")
    scopes = split(claims["scope"]) & row.scopes
    party = party_of(row.owner)
    powers, profile = APP_POWERS, row.profile
    return Access(claims["client_id"], None, party, scopes, powers, claims, profile=profile)
