"""Whom an app means: by account name or citizen number, or by a token it was given."""

from identity.apps.clients import Client
from identity.errors import BadAccessToken, BadNumber, SealBroken
from identity.people.subjects import (
    Person,
    check_citizen_number,
    looks_like_citizen_number,
    spell_account,
)
from identity.realm import Work
from identity.signing.tokens import ID, verify_signature


def find_by_account(work: Work, hint: str) -> str:
    """Return the person behind an account name or a citizen number; empty for nobody."""
    found = _find(work, hint.strip())
    if found is None or (found.demo and not work.realm.demo_allowed):
        return ""
    return found.person_id


def _find(work: Work, hint: str) -> Person | None:
    if not hint.isprintable():  # a database may refuse it
        return None
    people = work.store.people
    if not looks_like_citizen_number(hint):
        found = people.find_account(spell_account(hint))
    else:
        try:
            sealed = work.realm.seals.citizen_number(check_citizen_number(hint))
        except BadNumber:
            return None
        found = people.find_number(sealed)
    return found[0] if found else None


def find_by_id_token(work: Work, client: Client, hint: str) -> tuple[str, str] | None:
    """Return the person and the party of an ID token given to an app; it may have expired.

    None if it was not.
    """
    try:
        claims = verify_signature(work.realm.keys, ID, hint)
        if claims.get("aud") != client.client_id:
            return None
        seals, sector = work.realm.seals, client.sector
        party_id = seals.open_subject(str(claims["sub"]), sector)
        actor = claims.get("act", {}).get("sub")
        return (seals.open_subject(str(actor), sector) if actor else party_id), party_id
    except (BadAccessToken, SealBroken, KeyError):
        return None
