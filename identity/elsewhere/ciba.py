"""An app asks for somebody who is elsewhere (OpenID Connect CIBA Core 1.0 §7, FAPI-CIBA).

1. The request is read: from the form, or from its signed object, and then from that alone.
2. It names the person exactly once, asks for a sign-in, and what it shows can be shown.
3. The person is looked for. A hint that leads to nobody gets the same answer, and waits in vain:
   so nobody learns by asking who has an account here.
4. Nobody is asked too often, whoever it is.
"""

import re
from dataclasses import dataclass, replace
from hashlib import sha256

from identity.apps.client_keys import STRICT_ALGORITHMS
from identity.apps.clients import Client
from identity.apps.profiles import policy_of
from identity.asking.decoupled import CIBA, Decoupled, seal_notification
from identity.asking.parameters import Parameters, read_parameters
from identity.asking.request_objects import resolve
from identity.asking.scopes import OPENID, is_for_others, permitted, split
from identity.errors import BackchannelRefused, BadRequestObject
from identity.parties.request_senders import expect_from
from identity.people.assurance import ALL_ACR_VALUES
from identity.people.subjects import spell_account
from identity.realm import Work
from identity.standing.hints import find_by_account, find_by_id_token

USUAL_SECONDS = 180
MOST_SECONDS = 600
MOST_MESSAGE = 100
MOST_TOKEN = 1024
WINDOW_SECONDS = 60
CLIENT_TRIES = 6
PERSON_TRIES = 12
HINTS = ("login_hint", "id_token_hint", "login_hint_token")
OBJECT_CLAIMS = ("iss", "aud", "exp", "iat", "nbf", "jti")  # §7.1.1
PING = "ping"
_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750 §2.1
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Hinted:
    """Whom a request names.

    Attributes:
        person_id: empty if it leads to nobody.
        party_id: for whom they have to act; empty for their choice.
        counted: name under which requests for them are counted.
    """

    person_id: str
    party_id: str
    counted: str


def ask(work: Work, client: Client, sent: Parameters) -> Decoupled:
    """Let a request wait for its person.

    Raises:
        BackchannelRefused: the step that fails says why.
        KeysWanted: the app's keys have to be read first.
    """
    said = _read(work, client, sent)  # 1
    scopes = _check_scopes(client, said)  # 2
    message, lifetime = _check_message(said), _check_lifetime(said)
    token = _check_token(client, said)
    hinted = _find_person(work, client, said)  # 3
    _count(work, client, hinted)  # 4
    request_id = work.realm.fresh_id()
    asked = Decoupled(
        request_id=request_id,
        kind=CIBA,
        client_id=client.client_id,
        scopes=scopes,
        created_at=work.now,
        expires_at=work.now + lifetime,
        person_id=hinted.person_id,
        party_id=hinted.party_id if is_for_others(scopes) else "",
        acr_values=" ".join(v for v in said.get("acr_values").split() if v in ALL_ACR_VALUES),
        message=message,
        notification=seal_notification(work.realm.seals, request_id, token) if token else None,
    )
    work.store.decoupled.add(asked)
    return asked


def must_sign(client: Client) -> bool:
    """Tell whether an app signs what it asks over the back channel (FAPI-CIBA §5.2.2)."""
    options = client.options
    return bool(
        options.backchannel_authentication_request_signing_alg
        or options.require_signed_request_object
        or policy_of(client).signed_backchannel
    )


def _read(work: Work, client: Client, sent: Parameters) -> Parameters:
    text = sent.get("request")
    if not text and must_sign(client):
        raise BackchannelRefused("this app signs its requests")
    return _read_object(work, client, text) if text else sent


def _read_object(work: Work, client: Client, text: str) -> Parameters:
    """Read a signed request; each works once."""
    chosen = client.options.backchannel_authentication_request_signing_alg
    expected = replace(
        expect_from(work.realm, client),
        algorithms=(chosen,) if chosen else STRICT_ALGORITHMS,
        claims=OBJECT_CLAIMS,
    )
    try:
        resolved = resolve(text, None, expected, work.now)
    except BadRequestObject as error:
        raise BackchannelRefused(f"request: {error}") from None
    name = resolved.own["jti"]
    if not isinstance(name, str) or not 1 <= len(name) <= MOST_TOKEN:
        raise BackchannelRefused("request: jti must be a short text")
    if not work.store.replays.use(
        "ciba request", client.client_id, name, int(resolved.own["exp"]) + 1
    ):
        raise BackchannelRefused("this request has been used")
    return read_parameters(resolved.query)


def _check_scopes(client: Client, said: Parameters) -> frozenset[str]:
    scopes = permitted(split(said.get("scope")), client.scopes)
    if OPENID not in scopes:
        raise BackchannelRefused("scope must hold openid", "invalid_scope")
    return scopes


def _check_message(said: Parameters) -> str:
    message = said.get("binding_message")
    if len(message) > MOST_MESSAGE or not message.isprintable():
        why = f"binding_message has at most {MOST_MESSAGE} printable characters"
        raise BackchannelRefused(why, "invalid_binding_message")
    return message


def _check_lifetime(said: Parameters) -> int:
    """Read how long to wait, as text or as number; longer than we wait is cut (§7.1)."""
    asked = said.get("requested_expiry")
    if not asked:
        return USUAL_SECONDS
    if not _SECONDS.fullmatch(asked) or int(asked) == 0:
        raise BackchannelRefused("requested_expiry must be a positive number of seconds")
    return min(int(asked), MOST_SECONDS)


def _check_token(client: Client, said: Parameters) -> str:
    """Read the token with which we notify the app, if it wants to be notified (§7.1)."""
    if client.options.backchannel_token_delivery_mode != PING:
        return ""
    token = said.get("client_notification_token")
    if len(token) > MOST_TOKEN or not _BEARER.fullmatch(token):
        raise BackchannelRefused("client_notification_token must be a bearer token")
    return token


def _find_person(work: Work, client: Client, said: Parameters) -> Hinted:
    given = [name for name in HINTS if said.get(name)]
    if len(given) != 1:
        raise BackchannelRefused("a request names the person by exactly one hint")
    name = given[0]
    if name == "login_hint_token":
        raise BackchannelRefused("login_hint_token is not supported")
    if name == "login_hint":
        person_id = find_by_account(work, said.get(name))
        return Hinted(person_id, "", person_id or spell_account(said.get(name)))
    found = find_by_id_token(work, client, said.get(name))
    if found is None:
        raise BackchannelRefused("id_token_hint was not given to this app")
    return Hinted(found[0], found[1], found[0])


def _count(work: Work, client: Client, hinted: Hinted) -> None:
    """Count requests for one person: of this app, and of all, so that no app shuts out others."""
    for kind, name, most in (
        ("app", f"{client.client_id}\0{hinted.counted}", CLIENT_TRIES),
        ("person", hinted.counted, PERSON_TRIES),
    ):
        key = work.realm.seals.seal(sha256(name.encode()).digest(), "ciba requests", kind)
        count, _ = work.store.attempts.count(key, work.now, WINDOW_SECONDS)
        if count > most:
            raise BackchannelRefused("this person was asked too often just now", "access_denied")
