"""The audit trail: who did what, for whom, through which app, how surely, with what result.

Sign-ins and authorizations are rows of their own already and serve as their own record; all else
is an `Event`. None holds a name, a number, a password or a token.
"""

from dataclasses import dataclass

SIGN_IN, AUTHORIZATION = "sign-in", "authorization"  # read from their own tables
ACTING = "acting-for"
CONSENT_GIVEN, CONSENT_REFUSED = "consent-given", "consent-refused"
CONSENT_WITHDRAWN = "consent-withdrawn"
SIGNED_OUT, SESSION_ENDED = "signed-out", "session-ended"
SIGNED_OUT_EVERYWHERE = "signed-out-everywhere"
PASSWORD_CHANGED = "password-changed"  # noqa: S105
FACTOR_ADDED, FACTOR_REMOVED = "factor-added", "factor-removed"
FACTORS_RESET, PERSON_VOUCHED = "factors-reset", "person-vouched"
PERSON_ADDED, PEOPLE_IMPORTED = "person-added", "people-imported"
PERSON_DESCRIBED = "person-described"
PERSON_SUSPENDED, PERSON_RESUMED = "person-suspended", "person-resumed"
LEGAL_PERSON_ADDED, LEGAL_PERSONS_IMPORTED = "legal-person-added", "legal-persons-imported"
MANDATE_ADDED, MANDATES_IMPORTED = "mandate-added", "mandates-imported"
MANDATE_REVOKED = "mandate-revoked"
MANDATE_SIGNED, MANDATE_GIVEN_UP = "mandate-signed", "mandate-given-up"
REPRESENTATIVE_CHANGED = "representative-changed"
MANDATE_SUSPENDED, MANDATE_RESUMED = "mandate-suspended", "mandate-resumed"
APP_ADDED, APP_CHANGED, APP_REMOVED = "app-added", "app-changed", "app-removed"
SECRET_ROTATED = "secret-rotated"  # noqa: S105
SCAN_APPROVED = "scan-approved"
KEY_ROTATED, KEY_RETIRED = "key-rotated", "key-retired"
TOKEN_ADDED, TOKEN_REMOVED = "registration-token-added", "registration-token-removed"
CHANGE_PROPOSED, CHANGE_REJECTED = "change-proposed", "change-rejected"

PAGE, COMMAND, API = "page", "command", "api"


@dataclass(frozen=True)
class Who:
    """Who acts, as far as the trail needs it.

    Attributes:
        person_id: random id of the person, empty for an operator's command or an app by itself.
        party_id: random id of whom they act for.
        acr: how surely the person is known.
        channel: one of `PAGE`, `COMMAND`, `API`.
    """

    person_id: str
    party_id: str
    acr: str
    channel: str = PAGE


OPERATOR = Who("", "", "", COMMAND)
ITSELF = Who("", "", "", API)  # an app that registers itself


@dataclass(frozen=True)
class Event:
    """One line of the trail.

    Attributes:
        event_id: random.
        at: when.
        kind: what, one of the names above.
        person_id: who.
        party_id: for whom.
        client_id: through, or about, which app.
        acr: how surely the person was known.
        succeeded: whether it was done.
        channel: page, command or interface.
        detail: about what, as ids and names of fields.
    """

    event_id: str
    at: int
    kind: str
    person_id: str = ""
    party_id: str = ""
    client_id: str = ""
    acr: str = ""
    succeeded: bool = True
    channel: str = PAGE
    detail: str = ""
