"""A person's answer to a request that waits on another device: one row, or none, and one word."""

from identity.acting import SignedIn
from identity.authorizations import LIFETIME_SECONDS, Authorization
from identity.clients import Client
from identity.decoupled import COLLECT_SECONDS, Decoupled
from identity.profiles import policy_of
from identity.realm import Work
from identity.scopes import permitted


def accept(work: Work, asked: Decoupled, client: Client, signed_in: SignedIn) -> bool:
    """Keep a person's yes; false if it was answered before, is over, or was asked of another."""
    if asked.person_id not in {"", signed_in.person.person_id}:
        return False
    authorization = _authorization(work, asked, client, signed_in)
    authorization_id = authorization.authorization_id
    if not work.store.decoupled.decide(asked.request_id, authorization_id, work.now):
        return False
    work.store.authorizations.add(authorization)
    return True


def refuse(work: Work, asked: Decoupled) -> bool:
    """Keep a person's no; false if it was answered before, or is over."""
    return work.store.decoupled.decide(asked.request_id, None, work.now)


def _authorization(
    work: Work, asked: Decoupled, client: Client, signed_in: SignedIn
) -> Authorization:
    """Write the yes as what every grant leaves behind; the app fetches it by polling."""
    session, party = signed_in.session, signed_in.party
    assert party is not None  # noqa: S101  # `authorizing` asks for it first
    return Authorization(
        authorization_id=work.realm.fresh_id(),
        client_id=client.client_id,
        person_id=signed_in.person.person_id,
        party_id=party.party_id,
        session_id=session.session_id,
        redirect_uri="",
        scopes=permitted(asked.scopes, client.scopes),
        nonce=None,
        code_challenge="",
        auth_time=session.auth_time,
        acr=session.acr,
        amr=session.amr,
        code_expires_at=max(asked.expires_at, work.now + COLLECT_SECONDS),
        expires_at=work.now + LIFETIME_SECONDS,
        offline=policy_of(client).offline,
    )
