"""What a person may do for a legal person, told to an app (OpenID Connect Authority, draft 00).

It stands inside `verified_claims` of OpenID Identity Assurance §5, because we checked it against
our own registers. It names the organisation, never a person: who acts is `act.sub`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from identity.asking.scopes import LEGAL_PERSON, matters_of
from identity.people.mandates import Mandate
from identity.people.subjects import Party

FRAMEWORK = "urn:haihe:trust-framework:registers"
DELEGATED = "delegated"  # by the legal person
REGISTERED = "registered"  # a legal representative stands in the register of legal persons
HERE = timezone(timedelta(hours=8))  # mandates end by the day in China

Claims = dict[str, Any]


def authority_claims(
    party: Party, mandates: Sequence[Mandate], scopes: Collection[str], issuer: str
) -> Claims:
    """Return `verified_claims` about the authority, nothing where there is none to tell.

    Args:
        party: the one acted for.
        mandates: those that hold now, from `party` to the person.
        scopes: what the person allowed the app to see.
        issuer: we, who keep the register.
    """
    if not tells_authority(scopes) or not party.is_legal_person:
        return {}
    told = [each for each in mandates if all(map(each.covers, matters_of(scopes)))]
    authorities = [
        _authority(party, method, held, issuer)
        for method in (REGISTERED, DELEGATED)
        if (held := [mandate for mandate in told if _method(mandate) == method])
    ]
    authority = authorities[0] if len(authorities) == 1 else authorities
    verification = {"trust_framework": FRAMEWORK}
    return {"verified_claims": {"verification": verification, "claims": {"authority": authority}}}


def tells_authority(scopes: Collection[str]) -> bool:
    """Tell whether an app may know what somebody may do for a legal person."""
    return LEGAL_PERSON in scopes or bool(matters_of(scopes))


def _authority(party: Party, method: str, mandates: Sequence[Mandate], issuer: str) -> Claims:
    return {
        "applies_to": {"organization_name": party.name, "registration_number": party.code},
        "permission": [_permission(mandate) for mandate in mandates],
        "granted_by": {
            "method": method,
            "granting_body": issuer if method == REGISTERED else party.name,
        },
    }


def _permission(mandate: Mandate) -> Claims:
    validity = {"start": _day(mandate.valid_from)}
    if mandate.valid_to is not None:
        validity["end"] = _day(mandate.valid_to - 1)  # the last second in which it holds
    permission = {"role": mandate.role, "function": sorted(mandate.powers), "validity": validity}
    if mandate.matters:
        permission["matters"] = sorted(mandate.matters)
    return permission


def _method(mandate: Mandate) -> str:
    return REGISTERED if mandate.role == "legal_representative" else DELEGATED


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, HERE).date().isoformat()
