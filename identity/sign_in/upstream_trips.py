"""Going to another provider and coming back with what it says."""

from collections.abc import Mapping

from identity.errors import FlowExpired, UpstreamFailed
from identity.people.sessions import ABSOLUTE_SECONDS
from identity.realm import Realm
from identity.upstreams.configured import Upstream
from identity.upstreams.exchange import Way, address_there, redeem
from identity.upstreams.id_tokens import LEEWAY_SECONDS, Vouched, check_id_token
from identity.upstreams.reaching import DOCUMENTS, Metadata
from identity.upstreams.records import Trip, hash_secret

TRIP_SECONDS = 10 * 60
STATE_BYTES = 32
CODE_CHARACTERS = 4096


def callback_of(realm: Realm, upstream: Upstream) -> str:
    """Return where a provider sends people back: an address of its own (RFC 9700 §4.4.2)."""
    return f"{realm.issuer}/sign-in/upstream/{upstream.name}/callback"


def begin_trip(
    realm: Realm, upstream: Upstream, secret: str, onward: str, *, fresh: bool, acr_values: str
) -> str:
    """Begin a trip; return the address to go to.

    Args:
        realm: us.
        upstream: where to.
        secret: what the browser holds until it is back.
        onward: where the person goes afterwards.
        fresh: they have to sign in there anew.
        acr_values: what we would like, in the provider's words; empty for anything.

    Raises:
        UpstreamFailed: the provider cannot be reached.
    """
    metadata, way = DOCUMENTS.metadata(upstream), _way(realm, upstream, _fresh_state(realm))
    with realm.writing() as store:
        now = realm.clock()
        trip = Trip(
            hash_secret(way.state),
            hash_secret(secret),
            upstream.name,
            onward,
            fresh,
            now,
            now + TRIP_SECONDS,
        )
        store.upstreams.begin(trip)
    wishes = {"max_age": "0" if fresh else str(ABSOLUTE_SECONDS)}
    if fresh:
        wishes["prompt"] = "login"
    if acr_values:
        wishes["acr_values"] = acr_values
    return address_there(upstream, metadata, way, **wishes)


def end_trip(
    realm: Realm, upstream: Upstream, secret: str, answer: Mapping[str, str]
) -> tuple[Trip, Vouched]:
    """End a trip; return it and what the provider says.

    1. The trip is one of this browser, to this provider, and over with this answer.
    2. The answer is of this provider (RFC 9207 §2.4), and no error.
    3. The code gives tokens, and the ID token holds.
    4. The sign-in there is as new as it had to be.

    Raises:
        FlowExpired: the trip was not begun here, or too long ago.
        UpstreamFailed: the provider says no, or what it says does not hold.
    """
    state = answer.get("state", "")
    with realm.writing() as store:  # 1
        now = realm.clock()
        trip = store.upstreams.end(hash_secret(state), hash_secret(secret), upstream.name, now)
    if trip is None:
        raise FlowExpired("this sign-in was not begun here, or too long ago")
    metadata = DOCUMENTS.metadata(upstream)
    _check_answer(upstream, metadata, answer)  # 2
    way = _way(realm, upstream, state)
    tokens = redeem(upstream, metadata, way, answer["code"], realm.clock(), realm.fresh_id())
    vouched = check_id_token(  # 3
        upstream,
        lambda kid: DOCUMENTS.keys(upstream, metadata.jwks_uri, kid),
        str(tokens.get("id_token", "")),
        str(tokens.get("access_token", "")),
        way.nonce,
        realm.clock(),
    )
    _check_age(trip, vouched, realm.clock())  # 4
    return trip, vouched


def _check_answer(upstream: Upstream, metadata: Metadata, answer: Mapping[str, str]) -> None:
    said = answer.get("iss")
    if said != upstream.issuer and (said is not None or metadata.names_itself):
        raise UpstreamFailed("the answer is of another provider")
    if "error" in answer:
        raise UpstreamFailed("the provider did not sign the person in")
    if not 1 <= len(answer.get("code", "")) <= CODE_CHARACTERS:
        raise UpstreamFailed("the answer has no code")


def _check_age(trip: Trip, vouched: Vouched, now: int) -> None:
    """Check when the person signed in there; `max_age` makes it say so (Core §3.1.2.1)."""
    earliest = (trip.made_at if trip.fresh else now - ABSOLUTE_SECONDS) - LEEWAY_SECONDS
    if vouched.auth_time is None:
        raise UpstreamFailed("the provider does not say when the person signed in")
    if not earliest <= vouched.auth_time <= now + LEEWAY_SECONDS:
        raise UpstreamFailed("the sign-in there is too old")


def _fresh_state(realm: Realm) -> str:
    return realm.random(STATE_BYTES).hex()


def _way(realm: Realm, upstream: Upstream, state: str) -> Way:
    """Draw nonce and verifier from the state: nobody else can, and nothing has to be kept."""
    name = hash_secret(state)
    return Way(
        state=state,
        nonce=realm.seals.seal_text(name, "upstream nonce", upstream.name),
        verifier=realm.seals.seal_text(name, "upstream verifier", upstream.name),
        callback=callback_of(realm, upstream),
    )
