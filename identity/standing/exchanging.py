"""Exchanging a token: an app acts for the person whose token another app handed to it (RFC 8693).

1. The subject's token is one of ours and good at this moment: signature, time, revocation, the
   sign-in and the mandate behind it, and nobody of the demo data where that is not allowed.
2. It is a person's. An app's own token speaks for nobody who could be acted for.
3. If it is bound to a key, whoever exchanges it shows that they hold that key.
4. The app it was given to lets this app act: its registration says so, and the token does too.
5. The actor is this app, or a person through it whose own token is just as good.
6. The new token allows no more than the old one, to no more interfaces, and for no longer.
7. The chain of actors grows by one link, and is never longer than we can oversee.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from identity.apps.clients import Client
from identity.asking.scopes import OFFLINE, permitted
from identity.errors import BadAccessToken, ExchangeRefused
from identity.issued.actors import MOST_ACTORS, Actor, read_actors, read_may_act, write_actors
from identity.issued.authorizations import Authorization
from identity.proofs.shown import confirm
from identity.realm import Work
from identity.standing.access import Access, verify_access

TARGET, SCOPE = "invalid_target", "invalid_scope"


@dataclass(frozen=True)
class Wanted:
    """What an app asks for.

    Attributes:
        subject: token of the one for whom it wants to act.
        actor: token of the one who acts through it; empty when it acts by itself.
        scopes: what for, as it was written; empty for all that is possible.
        targets: interfaces, empty for those of the subject's token.
    """

    subject: str
    actor: str
    scopes: str
    targets: Sequence[str]


def exchange(work: Work, client: Client, wanted: Wanted, held: str) -> Authorization:
    """Give an app what it may do for a person whose token it holds.

    Args:
        work: the request's share of the realm.
        client: who asks, and has proved itself.
        wanted: what for.
        held: key that it has shown to hold, empty for none.

    Raises:
        ExchangeRefused: the step that fails says why.
    """
    subject = _verify(work, wanted.subject, held, "subject_token")  # 1, 3
    found = work.store.authorizations.find(subject.claims.get("authorization", ""))
    if subject.person is None or found is None:  # 2
        raise ExchangeRefused("the subject_token is not a person's")
    _check_may_act(work, subject, client)  # 4
    actor = _actor(work, client, wanted.actor, held)  # 5
    actors = (actor, *read_actors(found.actors))
    if len(actors) > MOST_ACTORS:  # 7
        raise ExchangeRefused(f"a chain has at most {MOST_ACTORS} actors")
    made = Authorization(
        authorization_id=work.realm.fresh_id(),
        client_id=client.client_id,
        person_id=found.person_id,
        party_id=found.party_id,
        session_id=found.session_id,
        redirect_uri="",
        scopes=_scopes(subject, client, wanted.scopes),  # 6
        nonce=None,
        code_challenge="",
        auth_time=found.auth_time,
        acr=found.acr,
        amr=found.amr,
        code_expires_at=work.now,
        expires_at=min(int(subject.claims["exp"]), found.expires_at),
        redeemed_at=work.now,
        resources=_targets(work, subject, wanted.targets),
        actors=write_actors(actors),
        derived_from=found.derived_from or found.authorization_id,
    )
    work.store.authorizations.add(made)
    return made


def _verify(work: Work, token: str, held: str, name: str) -> Access:
    try:
        access = verify_access(work, token, anywhere=True)
    except BadAccessToken:
        raise ExchangeRefused(f"the {name} is not good at this moment") from None
    for method, thumbprint in access.claims.get("cnf", {}).items():
        if confirm(method, str(thumbprint)) != held:
            raise ExchangeRefused(f"the {name} is bound to a key: prove that you hold it")
    return access


def _check_may_act(work: Work, subject: Access, client: Client) -> None:
    """Check that an app may act with a token of another; with its own it may."""
    if subject.client_id == client.client_id:
        return
    giver = work.store.clients.find(subject.client_id)
    registered = giver.options.may_act if giver else ()
    if client.client_id not in registered or client.client_id not in read_may_act(subject.claims):
        raise ExchangeRefused("the subject_token does not let this app act (may_act)")


def _actor(work: Work, client: Client, token: str, held: str) -> Actor:
    """Find who acts. A token that was given to another app shows nothing about this one."""
    if not token:
        return Actor(client.client_id, "", client.owner_id)
    access = _verify(work, token, held, "actor_token")
    if access.client_id != client.client_id:
        raise ExchangeRefused("the actor_token was given to another app")
    if access.claims.get("act", {}).get("client_id"):
        raise ExchangeRefused("the actor_token is itself exchanged")
    person_id = access.person.person_id if access.person else ""
    return Actor(client.client_id, person_id, access.party.party_id)


def _scopes(subject: Access, client: Client, asked: str) -> frozenset[str]:
    """Return what the new token allows: never more than the old one and the app's registration."""
    possible = permitted(subject.scopes, client.scopes) - {OFFLINE}
    names = asked.split()
    if not possible or not possible.issuperset(names):
        raise ExchangeRefused("scope may only be narrowed", SCOPE)
    return frozenset(names) if names else possible


def _targets(work: Work, subject: Access, asked: Sequence[str]) -> str:
    """Return where the new token counts: where the old one did, or at our own interfaces.

    Written as a row has it, so empty for our own alone.
    """
    meant, own = subject.claims["aud"], work.realm.audience
    before = meant if isinstance(meant, list) else [meant]
    if not {*before, own}.issuperset(asked):
        raise ExchangeRefused("the token may not be used there", TARGET)
    chosen = dict.fromkeys(asked or before)
    return "" if list(chosen) == [own] else " ".join(chosen)
