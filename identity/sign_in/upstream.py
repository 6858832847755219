"""Sign-in by another provider that vouches for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from identity.errors import BadNumber, FlowExpired, NotLinked, SealBroken, UpstreamFailed
from identity.people.subjects import Person, check_citizen_number
from identity.realm import Realm, Work
from identity.sign_in.methods import Asking, Part, Proof, may_enter
from identity.sign_in.upstream_trips import end_trip
from identity.upstreams.configured import Upstream
from identity.upstreams.id_tokens import Vouched
from identity.upstreams.records import Link, hash_secret, link_id_of

NAME = "upstream"
LINK_SECONDS = 15 * 60
LABEL = "upstream link"
# RFC 8176 §2. `pop` is left out: whether a key was used for the true page is for us to know.
_METHODS = {
    *(
        "face",
        "fpt",
        "geo",
        "hwk",
        "iris",
        "kba",
        "mca",
        "mfa",
        "otp",
        "pin",
        "pwd",
        "rba",
        "retina",
    ),
    *("sc", "sms", "swk", "tel", "user", "vbm", "wia"),
}


class UpstreamMethod:
    """An account at another provider."""

    name = NAME
    adds = ()

    def offer(self, realm: Realm, /) -> Part | None:
        """Return the providers."""
        return _part(list(realm.upstreams.values()))

    def offer_to(self, realm: Realm, asking: Asking, /) -> Part | None:
        """Return the providers at which this person has an account that stands for them."""
        with realm.reading() as store:
            return _part(linked_to(realm.work(store), asking.person_id))

    def prove(self, realm: Realm, form: Mapping[str, str], asking: Asking) -> Proof:
        """Take what a provider says for a proof.

        Raises:
            FlowExpired: the trip was not begun here, or too long ago.
            UpstreamFailed: the provider says no, or what it says does not hold.
            NotLinked: it knows somebody whom we do not know by it.
        """
        upstream = realm.upstreams.get(form.get("provider", ""))
        if upstream is None:
            raise UpstreamFailed("there is no such provider")
        _, vouched = end_trip(realm, upstream, asking.waiting, form)
        with realm.writing() as store:
            person = _find(realm.work(store), upstream, vouched)
        if person is None:
            raise NotLinked(seal_link(realm, upstream, vouched, asking.waiting))
        if not may_enter(realm, person):
            raise UpstreamFailed("this account cannot sign in at present")
        methods = tuple(dict.fromkeys(each for each in vouched.amr if each in _METHODS))
        return Proof(person, upstream.level_of(vouched.acr), methods, vouched.auth_time)


def linked_to(work: Work, person_id: str) -> Sequence[Upstream]:
    """Return the providers at which somebody has an account that stands for them."""
    if not work.realm.upstreams:
        return ()
    names = [link.provider for link in work.store.upstreams.links_of(person_id)]
    return [work.realm.upstreams[name] for name in names if name in work.realm.upstreams]


def seal_link(realm: Realm, upstream: Upstream, vouched: Vouched, secret: str) -> str:
    """Let the pages carry who somebody is elsewhere; it counts in this browser alone."""
    name = link_id_of(upstream.name, vouched.subject).hex()
    content = [upstream.name, name, hash_secret(secret).hex(), realm.clock()]
    return realm.seals.seal_text(json.dumps(content).encode(), LABEL)


@dataclass(frozen=True)
class Elsewhere:
    """Who somebody is elsewhere.

    Attributes:
        upstream: the provider.
        link_id: hash of its name for them.
        since: when it said so.
    """

    upstream: Upstream
    link_id: bytes
    since: int


def open_link(realm: Realm, sealed: str, secret: str) -> Elsewhere:
    """Read who somebody is elsewhere.

    Raises:
        FlowExpired: too long ago, of another browser, or none of ours.
    """
    try:
        name, link_id, browser, since = json.loads(realm.seals.open_text(sealed, LABEL))
    except SealBroken:
        raise FlowExpired("this was not begun here") from None
    upstream = realm.upstreams.get(name)
    over = realm.clock() >= since + LINK_SECONDS
    if upstream is None or over or browser != hash_secret(secret).hex():
        raise FlowExpired("this was begun elsewhere, or too long ago")
    return Elsewhere(upstream, bytes.fromhex(link_id), since)


def _find(work: Work, upstream: Upstream, vouched: Vouched) -> Person | None:
    """Find who somebody is here: by their link, or by a number that the provider has checked."""
    link_id = link_id_of(upstream.name, vouched.subject)
    person_id = work.store.upstreams.use_link(link_id, work.now)
    if person_id is not None:
        return work.store.people.find_person(person_id)
    claim = upstream.number_claim
    person = _by_number(work, vouched.claims.get(claim)) if claim else None
    if person is None:
        return None
    link = Link(link_id, upstream.name, person.person_id, work.now, work.now)
    return person if work.store.upstreams.link(link) else None


def _by_number(work: Work, number: object) -> Person | None:
    try:
        text = check_citizen_number(number) if isinstance(number, str) else ""
    except BadNumber:
        return None
    sealed = work.realm.seals.citizen_number(text) if text else b""
    found = work.store.people.find_number(sealed) if sealed else None
    return found[0] if found else None


def _part(upstreams: Sequence[Upstream]) -> Part | None:
    if not upstreams:
        return None
    return {"providers": upstreams, "level": max(each.level for each in upstreams)}


METHOD = UpstreamMethod()
