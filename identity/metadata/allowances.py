"""Who registers an app decides what it may have: the app itself, or an operator for somebody."""

from dataclasses import dataclass

from identity.apps.clients import COMPATIBLE, STANDARD
from identity.apps.profiles import POLICIES
from identity.asking.decoupled import CIBA_GRANT, DEVICE_GRANT
from identity.asking.response_types import IMPLICIT_GRANT
from identity.asking.scopes import ADDRESS, EMAIL, OFFLINE, OPENID, PHONE, PROFILE, SCOPES
from identity.issued.actors import EXCHANGE_GRANT
from identity.people.subjects import LegalPerson

CODE, REFRESH, OWN = "authorization_code", "refresh_token", "client_credentials"
OTHERS = (DEVICE_GRANT, CIBA_GRANT, EXCHANGE_GRANT)  # for apps that somebody answers for
NOBODY = LegalPerson("0" * 32, "SELF-REGISTERED", "自行注册的应用")


@dataclass(frozen=True)
class Allowance:
    """What an app may be registered for.

    Attributes:
        owner_id: legal person that answers for it.
        scopes: the most it may ask for.
        usual_scopes: what it may ask for when nothing is said.
        grants: grant types it may have.
        lenient: an app with a secret follows OpenID Connect Core exactly unless it says otherwise.
    """

    owner_id: str
    scopes: frozenset[str]
    usual_scopes: frozenset[str]
    grants: frozenset[str]
    lenient: bool = False

    def usual_profile(self, auth_method: str) -> str:
        """Return the profile of an app that names none."""
        exact = self.lenient and auth_method in POLICIES[COMPATIBLE].auth_methods
        return COMPATIBLE if exact else STANDARD


_ABOUT_PEOPLE = frozenset({OPENID, PROFILE, EMAIL, PHONE, ADDRESS, OFFLINE})
# Apps that register themselves get scopes about the person only, and belong to nobody. They act
# for nobody but the person, so they get no token of their own.
BY_ITSELF = Allowance(
    NOBODY.legal_person_id,
    _ABOUT_PEOPLE,
    _ABOUT_PEOPLE,
    frozenset({CODE, REFRESH, IMPLICIT_GRANT}),
    lenient=True,
)


def by_operator(owner_id: str) -> Allowance:
    """Return what an operator may register for a legal person: all there is."""
    usual = frozenset({OPENID, PROFILE})
    return Allowance(owner_id, frozenset(SCOPES), usual, frozenset({CODE, REFRESH, OWN, *OTHERS}))
