"""A person's answer to a request that waits on another device: one row, or none, and one word."""

import json

from identity.apps.clients import Client
from identity.apps.profiles import policy_of
from identity.asking.decoupled import COLLECT_SECONDS, Decoupled, make_handle, read_notification
from identity.asking.scopes import permitted
from identity.issued.authorizations import LIFETIME_SECONDS, Authorization
from identity.realm import Work
from identity.standing.acting import SignedIn
from identity.strangers.deliveries import PING
from identity.telling.outbox import send_later


def accept(work: Work, asked: Decoupled, client: Client, signed_in: SignedIn) -> bool:
    """Keep a person's yes; false if it was answered before, is over, or was asked of another."""
    if not asked.may_answer(signed_in.person.person_id):
        return False
    authorization = _authorization(work, asked, client, signed_in)
    authorization_id = authorization.authorization_id
    if not work.store.decoupled.decide(asked.request_id, authorization_id, work.now):
        return False
    work.store.authorizations.add(authorization)
    _tell(work, asked, client)
    return True


def refuse(work: Work, asked: Decoupled, client: Client) -> bool:
    """Keep a person's no; false if it was answered before, or is over."""
    if not work.store.decoupled.decide(asked.request_id, None, work.now):
        return False
    _tell(work, asked, client)
    return True


def _tell(work: Work, asked: Decoupled, client: Client) -> None:
    """Let an app know that there is an answer to fetch, if it wants to (CIBA §10.2)."""
    address = client.options.backchannel_client_notification_endpoint
    token = read_notification(work.realm.seals, asked)
    if not address or not token:
        return
    handle = make_handle(work.realm.seals, asked.kind, asked.request_id)
    body = json.dumps({"auth_req_id": handle}, separators=(",", ":"))
    until = max(asked.expires_at, work.now + COLLECT_SECONDS)
    said = {"body": body, "bearer": token}
    send_later(work, PING, client.client_id, address, said, until)


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
