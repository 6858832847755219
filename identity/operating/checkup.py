"""A look at how an app is set up: named checks, each with what was compared with what.

1. redirects   where people are sent back to can be reached by more than one machine.
2. discovery   this service can be read where its tokens say it is.
3. keys        the keys of the app are there, can be read, and fit what it has to sign.
4. logout      the app answers where it is told that a person signed out.
5. sector      people keep the subjects by which the app knows them.
6. algorithms  what is signed for and by the app is what its profile allows.
7. secret      the secret is not older than a year, and no old one works beside it.
8. tokens      the app was given tokens lately.

Checks 2 to 4 call other machines, so no transaction may be open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from identity.apps.client_keys import may_sign, usable_keys
from identity.apps.clients import (
    PAIRWISE,
    SERVICE,
    SIGNED,
    Client,
    check_redirect_uri,
    sector_of,
)
from identity.apps.profiles import policy_of
from identity.errors import AppUnreachable, BadClient, BadRegistrationRequest
from identity.metadata.together import check_together
from identity.operating.apps import find_app, secret_since
from identity.realm import Realm
from identity.strangers.deliveries import Message
from identity.strangers.fetching import fetch, post

PASSED, WARNED, FAILED, NOT_APPLICABLE = "passed", "warned", "failed", "not-applicable"
DAY = 24 * 3600
OLDEST_SECRET = 365 * DAY
LATELY = 30 * DAY
SERVER_ERROR = 500
EMPTY_TOKEN = Message(b"logout_token=", "application/x-www-form-urlencoded")
LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        name: of the check.
        state: `PASSED`, `WARNED`, `FAILED` or `NOT_APPLICABLE`.
        said: what was compared with what, in English, for technicians.
    """

    name: str
    state: str
    said: str


@dataclass(frozen=True)
class Facts:
    """What the checks look at.

    Attributes:
        client: the app.
        issuer: address of this service.
        now: Unix time.
        secret_since: when its secret was made, None for an app without.
        last_token_at: when it was last given tokens, None for never.
        fetch: reads an https address.
        post: posts to an address and returns the status.
    """

    client: Client
    issuer: str
    now: int
    secret_since: int | None
    last_token_at: int | None
    fetch: Callable[[str], bytes]
    post: Callable[[str, Message], int]


def check_app(facts: Facts) -> Sequence[Finding]:
    """Make all checks, in their order."""
    return [Finding(name, *check(facts)) for name, check in CHECKS.items()]


def look_at(realm: Realm, client_id: str) -> Sequence[Finding]:
    """Check an app as it is registered now.

    Raises:
        NotRegistered: there is no such app.
    """
    reach = realm.reach
    with realm.reading() as store:
        work = realm.work(store)
        client = find_app(work, client_id)
        since, last = secret_since(work, client), store.activity.find(client_id)
    return check_app(
        Facts(
            client,
            realm.issuer,
            work.now,
            since,
            last,
            lambda address: fetch(address, reach),
            lambda address, message: post(address, message, reach),
        )
    )


def _redirects(facts: Facts) -> tuple[str, str]:
    addresses = facts.client.redirect_uris
    if not addresses:
        return NOT_APPLICABLE, "the app signs nobody in"
    try:
        for address in (*addresses, *facts.client.logout_uris):
            check_redirect_uri(address)
    except BadClient as error:
        return FAILED, str(error)
    local = [each for each in addresses if urlsplit(each).hostname in LOCAL]
    if local and facts.client.kind != "public":
        return WARNED, f"{local[0]} leads to the machine of the person alone"
    return PASSED, f"registered: {len(addresses)}, all https or of a device"


def _discovery(facts: Facts) -> tuple[str, str]:
    address = f"{facts.issuer}/.well-known/openid-configuration"
    if not address.startswith("https://"):
        return NOT_APPLICABLE, f"{facts.issuer} is for this machine alone"
    try:
        facts.fetch(address)
    except BadRegistrationRequest as error:
        return FAILED, f"{address}: {error}"
    return PASSED, f"{address} can be read"


def _keys(facts: Facts) -> tuple[str, str]:
    client = facts.client
    if not (client.jwks or client.jwks_uri):
        return NOT_APPLICABLE, "the app registered no keys"
    text = client.jwks
    if client.jwks_uri:
        try:
            text = facts.fetch(client.jwks_uri).decode()
        except (BadRegistrationRequest, UnicodeDecodeError) as error:
            return FAILED, f"{client.jwks_uri}: {error}"
    keys = usable_keys(text)
    wanted = client.options.token_endpoint_auth_signing_alg
    allowed = (wanted,) if wanted else policy_of(client).algorithms
    fitting = [key for key in keys if any(may_sign(key, each) for each in allowed)]
    if not fitting:
        return FAILED, f"{len(keys)} usable keys, none for {', '.join(allowed)}"
    return PASSED, f"{len(fitting)} of {len(keys)} usable keys fit {', '.join(allowed)}"


def _logout(facts: Facts) -> tuple[str, str]:
    address = facts.client.options.backchannel_logout_uri
    if not address:
        return NOT_APPLICABLE, "the app registered no backchannel_logout_uri"
    try:
        # No token: an app that works refuses it, and nobody is signed out.
        status = facts.post(address, EMPTY_TOKEN)
    except AppUnreachable as error:
        return FAILED, f"{address}: {error}"
    if status >= SERVER_ERROR:
        return FAILED, f"{address} answers {status}"
    return PASSED, f"{address} answers {status} to an empty token"


def _sector(facts: Facts) -> tuple[str, str]:
    client = facts.client
    if client.subject_type != PAIRWISE or not client.redirect_uris:
        return NOT_APPLICABLE, "the app knows people by shared subjects, or not at all"
    named = urlsplit(client.sector_identifier_uri).netloc
    fresh = named or sector_of(client.client_id, client.redirect_uris)
    if fresh != client.sector:
        return WARNED, f"subjects are of {client.sector!r}, a new app would get {fresh!r}"
    return PASSED, f"subjects are of {client.sector!r}"


def _algorithms(facts: Facts) -> tuple[str, str]:
    try:
        check_together(facts.client)
    except BadRegistrationRequest as error:
        return FAILED, str(error)
    allowed = policy_of(facts.client).id_token_algs
    said = f"profile {facts.client.profile}, ID tokens {facts.client.id_token_alg}"
    return PASSED, f"{said}, allowed {', '.join(allowed)}"


def _secret(facts: Facts) -> tuple[str, str]:
    client = facts.client
    if facts.secret_since is None:
        proof = "signed assertions" if client.auth_method == SIGNED else client.auth_method
        return NOT_APPLICABLE, f"the app proves itself by {proof}"
    days = (facts.now - facts.secret_since) // DAY
    if facts.now - facts.secret_since > OLDEST_SECRET:
        return WARNED, f"the secret is {days} days old, it should be changed once a year"
    if client.old_secret_hash and facts.now < client.old_secret_until:
        hours = (client.old_secret_until - facts.now) // 3600 + 1
        return WARNED, f"the secret before works for {hours} more hours"
    return PASSED, f"the secret is {days} days old"


def _tokens(facts: Facts) -> tuple[str, str]:
    if facts.last_token_at is None:
        kind = "service" if facts.client.kind == SERVICE else "app"
        return WARNED, f"the {kind} was never given tokens"
    days = (facts.now - facts.last_token_at) // DAY
    if facts.now - facts.last_token_at > LATELY:
        return WARNED, f"the last tokens were given {days} days ago"
    return PASSED, f"the last tokens were given {days} days ago"


CHECKS: dict[str, Callable[[Facts], tuple[str, str]]] = {
    "redirects": _redirects,
    "discovery": _discovery,
    "keys": _keys,
    "logout": _logout,
    "sector": _sector,
    "algorithms": _algorithms,
    "secret": _secret,
    "tokens": _tokens,
}
