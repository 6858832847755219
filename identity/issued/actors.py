"""Who acts through whom: the chain behind a token that was exchanged (RFC 8693 §4.1).

A row keeps it by our own ids, so that each app is told its own subjects of the same people.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from identity.seals import Seals

EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
MOST_ACTORS = 4

Claims = dict[str, Any]


@dataclass(frozen=True)
class Actor:
    """One link: an app by itself, or a person through it.

    Attributes:
        client_id: the app.
        person_id: who acts through it; empty when it acts by itself.
        party_id: for whom they act; the app's owner when it acts by itself.
    """

    client_id: str
    person_id: str
    party_id: str


def write_actors(actors: Sequence[Actor]) -> str:
    """Write a chain as JSON text, the latest link first; empty for none."""
    return json.dumps([astuple(actor) for actor in actors]) if actors else ""


def read_actors(text: str) -> tuple[Actor, ...]:
    """Read a chain."""
    return tuple(Actor(*link) for link in json.loads(text)) if text else ()


def act_through(claims: Claims, text: str, seals: Seals, sector: str) -> Claims:
    """Lay a chain over the claims of the person who began it: the latest actor is outermost."""
    for actor in reversed(read_actors(text)):
        before = {"act": claims["act"]} if "act" in claims else {}
        claims = claims | {"act": _link(actor, seals, sector) | before}
    return claims


def name_first(act: Claims, name: str) -> Claims:
    """Name the one with whom a chain began, if there is a name to tell; return a copy."""
    if "act" in act:
        return act | {"act": name_first(act["act"], name)}
    return act | {"name": name} if name else dict(act)


def _link(actor: Actor, seals: Seals, sector: str) -> Claims:
    """Name an actor: an app by its owner, a person by themself and for whom they act."""
    who = seals.subject(actor.person_id or actor.party_id, sector)
    link: Claims = {"sub": who, "client_id": actor.client_id}
    if actor.person_id not in {"", actor.party_id}:
        link["party"] = seals.subject(actor.party_id, sector)
    return link


def may_act_claims(client_ids: Sequence[str]) -> Claims:
    """Say in a token which apps may exchange it (RFC 8693 §4.4): one by name, several as a list."""
    if not client_ids:
        return {}
    return {"may_act": {"client_id": client_ids[0] if len(client_ids) == 1 else list(client_ids)}}


def read_may_act(claims: Claims) -> frozenset[str]:
    """Read which apps may exchange a token, by its own word."""
    named = claims.get("may_act", {}).get("client_id", [])
    return frozenset([named] if isinstance(named, str) else named)
