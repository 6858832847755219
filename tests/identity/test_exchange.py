"""Token exchange (RFC 8693): an app acts, visibly, for the person whose token it was handed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from identity.apps.clients import SERVICE, WEB
from identity.apps.options import Options
from identity.errors import MandateMissing
from identity.grants.adapters import KnownClient
from identity.grants.token_exchange import ACCESS_TYPE
from identity.issued.actors import (
    EXCHANGE_GRANT,
    MOST_ACTORS,
    Actor,
    act_through,
    read_actors,
    write_actors,
)
from identity.issued.authorizations import Authorization
from identity.operating.registry import NewClient, add_client, add_mandate
from identity.provider import Server
from identity.realm import Work
from identity.signing.tokens import ACCESS, verify_signature
from identity.standing.acting import check_actors
from tests.identity.browser import basic, request_of
from tests.identity.conftest import Site
from tests.identity.holding import Holder
from tests.identity.world import (
    COMPANY_CODE,
    EVERYTHING,
    OTHER_COMPANY_CODE,
    REDIRECT,
    WEB_SECRET,
    World,
)

line = pytest.mark.line
SECRET = "the secret of a back end"
SCOPE = "openid profile legal_person licence.read licence.show"
EXCHANGES = Options(grant_types=(EXCHANGE_GRANT,))
Claims = dict[str, Any]


def add_back_ends(world: World) -> None:
    """Apps behind the app `front`: `back`, which it lets act, and others; once."""
    front = Options(grant_types=(EXCHANGE_GRANT,), may_act=("back",))
    back = Options(grant_types=(EXCHANGE_GRANT,), may_act=("deep", "deeper"))
    apps = [
        NewClient("front", "演示·前台", COMPANY_CODE, WEB, EVERYTHING, (REDIRECT,), options=front),
        _back("back", back),
        _back("stranger", EXCHANGES),
        _back("unregistered", Options()),
        _back("deep", Options(grant_types=(EXCHANGE_GRANT,), may_act=("back",))),
        _back("narrow", EXCHANGES, frozenset({"licence.read"})),
    ]
    with world.working() as work:
        if work.store.clients.find("front") is None:
            for app in apps:
                add_client(work, app, WEB_SECRET if app.client_id == "front" else SECRET)


def _back(client_id: str, options: Options, scopes: frozenset[str] = EVERYTHING) -> NewClient:
    return NewClient(client_id, "演示·后台", OTHER_COMPANY_CODE, SERVICE, scopes, options=options)


@pytest.fixture
def chain(site: Site) -> Site:
    add_back_ends(site.world)
    return site


def handed(site: Site, headers: dict[str, str] | None = None, scope: str = SCOPE) -> str:
    """An access token of the agent for the company, given to the app `front`."""
    world, company = site.world, site.world.company_id()
    with world.working() as work:
        agent = work.store.people.find_account("agent")
        assert agent
        work.store.clients.save_consent(agent[0].person_id, company, "front", EVERYTHING, work.now)
    browser = site.ready()
    asked = request_of(client_id="front", scope=scope)
    form = {"grant_type": "authorization_code", "code": browser.authorize(asked)["code"]}
    form |= {"redirect_uri": REDIRECT, "code_verifier": "v" * 43}
    answer = browser.token(basic("front", WEB_SECRET) | (headers or {}), **form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def own_token(site: Site, client_id: str) -> str:
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{site.url}/token", data=form, headers=basic(client_id, SECRET))
    return str(answer.json()["access_token"])


def exchange(
    site: Site, subject: str, by: str = "back", secret: str = SECRET, **changes: str | None
) -> httpx.Response:
    usual: dict[str, str | None] = {
        "grant_type": EXCHANGE_GRANT,
        "subject_token": subject,
        "subject_token_type": ACCESS_TYPE,
    }
    form = {name: value for name, value in (usual | changes).items() if value is not None}
    return httpx.post(f"{site.url}/token", data=form, headers=basic(by, secret))


def exchanged(site: Site, subject: str, by: str = "back", **changes: str | None) -> Claims:
    """What the new token says."""
    answer = exchange(site, subject, by, **changes)
    assert answer.status_code == 200, answer.text
    return claims_of(site, answer.json()["access_token"])


def claims_of(site: Site, token: str) -> Claims:
    return dict(verify_signature(site.world.realm.keys, ACCESS, token))


def refused(answer: httpx.Response, error: str = "invalid_request") -> None:
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text


def named(site: Site, subject: str, client_id: str = "back") -> str:
    return site.world.realm.seals.open_subject(subject, f"client:{client_id}")


def other_company(site: Site) -> str:
    with site.world.working() as work:
        found = work.store.people.find_legal_person(code=OTHER_COMPANY_CODE)
    assert found
    return found.legal_person_id


@line(32)
def test_an_app_that_may_act_gets_a_token_that_says_who_acts_through_whom(chain: Site) -> None:
    subject = handed(chain)
    answer = exchange(chain, subject)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["issued_token_type"] == ACCESS_TYPE
    assert body["token_type"] == "Bearer"
    assert body["scope"] == SCOPE
    assert body.keys().isdisjoint({"refresh_token", "id_token"})
    assert answer.headers["cache-control"] == "no-store"
    claims = claims_of(chain, body["access_token"])
    world = chain.world
    assert claims["client_id"] == "back"
    assert named(chain, claims["sub"]) == world.company_id()
    assert claims["act"]["client_id"] == "back"
    assert named(chain, claims["act"]["sub"]) == other_company(chain)
    assert named(chain, claims["act"]["act"]["sub"]) == world.person("agent").person_id
    before = claims_of(chain, subject)
    assert (claims["acr"], claims["auth_time"]) == (before["acr"], before["auth_time"])


@line(32)
def test_the_chain_of_actors_nests_and_is_bounded(chain: Site) -> None:
    first = exchange(chain, handed(chain)).json()["access_token"]
    second = exchange(chain, first, by="deep").json()["access_token"]
    links, act = [], claims_of(chain, second)["act"]
    while act:
        links.append(act.get("client_id", "person"))
        act = act.get("act")
    assert links == ["deep", "back", "person"]
    token, by = second, "back"
    for _ in range(MOST_ACTORS - 2):
        answer = exchange(chain, token, by=by)
        assert answer.status_code == 200, answer.text
        token, by = answer.json()["access_token"], "deep" if by == "back" else "back"
    refused(exchange(chain, token, by=by))


@line(32)
@pytest.mark.parametrize("by", ["stranger", "narrow", "deep"])
def test_an_app_that_the_tokens_own_app_does_not_name_may_not_act(chain: Site, by: str) -> None:
    subject = handed(chain)
    assert claims_of(chain, subject)["may_act"] == {"client_id": "back"}
    refused(exchange(chain, subject, by=by))


@line(32)
def test_several_apps_that_may_act_stand_in_a_list(chain: Site) -> None:
    claims = exchanged(chain, handed(chain))
    assert claims["may_act"] == {"client_id": ["deep", "deeper"]}


@line(32)
def test_an_app_struck_from_the_registration_may_not_act_with_a_token_that_still_says_so(
    chain: Site,
) -> None:
    subject = handed(chain)
    _register(chain, may_act=())
    try:
        refused(exchange(chain, subject))
        late = handed(chain)
    finally:
        _register(chain, may_act=("back",))
    assert "may_act" not in claims_of(chain, late)
    refused(exchange(chain, late))


def _register(site: Site, may_act: tuple[str, ...]) -> None:
    with site.world.working() as work:
        front = work.store.clients.find("front")
        assert front
        work.store.clients.replace(replace(front, options=replace(front.options, may_act=may_act)))


def test_an_app_may_narrow_a_token_of_its_own(chain: Site) -> None:
    subject = handed(chain)
    answer = exchange(chain, subject, by="front", secret=WEB_SECRET, scope="licence.read")
    claims = claims_of(chain, answer.json()["access_token"])
    assert claims["scope"] == "licence.read"
    assert claims["act"]["client_id"] == "front"


@line(32)
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, SCOPE),
        ("licence.read", "licence.read"),
        ("licence.read licence.issue", None),
        ("licence.issue", None),
        ("offline_access", None),
        ("unheard_of", None),
        ("licence.read unheard_of", None),
    ],
)
def test_scope_is_never_widened(chain: Site, asked: str | None, given: str | None) -> None:
    answer = exchange(chain, handed(chain), scope=asked)
    if given is None:
        refused(answer, "invalid_scope")
    else:
        assert answer.json()["scope"] == given


@line(32)
def test_an_app_gets_no_more_than_it_is_registered_for(chain: Site) -> None:
    _let_act(chain, "narrow")
    try:
        subject = handed(chain)
        assert exchange(chain, subject, by="narrow").json()["scope"] == "licence.read"
        refused(exchange(chain, subject, by="narrow", scope="licence.show"), "invalid_scope")
        refused(exchange(chain, handed(chain, scope="openid"), by="narrow"), "invalid_scope")
    finally:
        _let_act(chain)


@line(27)
@line(32)
def test_a_token_that_is_bound_is_exchanged_only_with_proof_of_its_key(chain: Site) -> None:
    holder, stranger = Holder(chain), Holder(chain)
    form = {"grant_type": EXCHANGE_GRANT, "subject_token_type": ACCESS_TYPE}
    form["subject_token"] = handed(chain, headers=holder.headers("/token"))
    address = f"{chain.url}/token"

    def ask(by: str, secret: str, proof: dict[str, str]) -> httpx.Response:
        return httpx.post(address, data=form, headers={**basic(by, secret), **proof})

    refused(ask("back", SECRET, {}))
    refused(ask("back", SECRET, stranger.headers("/token")))
    refused(ask("front", WEB_SECRET, stranger.headers("/token")))
    answer = ask("front", WEB_SECRET, holder.headers("/token"))
    assert answer.json()["token_type"] == "DPoP"
    claims = claims_of(chain, answer.json()["access_token"])
    assert claims["cnf"] == claims_of(chain, form["subject_token"])["cnf"]


def _let_act(site: Site, *more: str) -> None:
    _register(site, may_act=("back", *more))


@line(32)
def test_a_token_is_for_our_own_interfaces_and_no_others(chain: Site) -> None:
    own = f"{chain.url}/api"
    subject = handed(chain)
    for name in ("audience", "resource"):
        assert exchanged(chain, subject, **{name: own})["aud"] == own
        refused(exchange(chain, subject, **{name: "https://elsewhere.example"}), "invalid_target")
    refused(exchange(chain, subject, audience=own, resource="https://x.example"), "invalid_target")


@line(32)
def test_an_exchange_never_lengthens_a_life(chain: Site) -> None:
    subject = handed(chain)
    ends = claims_of(chain, subject)["exp"]
    chain.world.clock.now += 400
    answer = exchange(chain, subject)
    assert answer.json()["expires_in"] == 200
    assert claims_of(chain, answer.json()["access_token"])["exp"] == ends
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    chain.world.clock.now += 199
    assert httpx.get(f"{chain.url}/userinfo", headers=bearer).status_code == 200
    assert exchange(chain, subject).status_code == 200
    chain.world.clock.now += 1
    assert httpx.get(f"{chain.url}/userinfo", headers=bearer).status_code == 401
    refused(exchange(chain, subject))


@line(32)
@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token": None},
        {"subject_token": "made up"},
        {"subject_token_type": None},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"actor_token": "made up"},
        {"actor_token": "made up", "actor_token_type": ACCESS_TYPE},
        {"actor_token_type": ACCESS_TYPE},
    ],
)
def test_what_is_missing_or_of_another_kind_is_refused(
    chain: Site, changes: dict[str, str | None]
) -> None:
    refused(exchange(chain, subject=handed(chain), **changes))


def test_an_id_token_is_no_subject_token(chain: Site) -> None:
    refused(exchange(chain, chain.ready().tokens()["id_token"]))


def test_an_apps_own_token_speaks_for_nobody(chain: Site) -> None:
    refused(exchange(chain, own_token(chain, "back")))


@line(32)
def test_only_registered_apps_that_prove_themselves_exchange(chain: Site) -> None:
    subject = handed(chain)
    refused(exchange(chain, subject, by="unregistered"), "unauthorized_client")
    answer = exchange(chain, subject, secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    form = {"grant_type": EXCHANGE_GRANT, "client_id": "public", "subject_token": subject}
    refused(httpx.post(f"{chain.url}/token", data=form))


def test_an_app_acts_by_its_own_token_as_it_does_without(chain: Site) -> None:
    claims = exchanged(
        chain, handed(chain), actor_token=own_token(chain, "back"), actor_token_type=ACCESS_TYPE
    )
    assert named(chain, claims["act"]["sub"]) == other_company(chain)


@line(32)
def test_a_token_of_another_app_does_not_make_an_actor(chain: Site) -> None:
    stolen = own_token(chain, "stranger")
    refused(exchange(chain, handed(chain), actor_token=stolen, actor_token_type=ACCESS_TYPE))


@line(32)
def test_nobody_becomes_an_actor_by_a_token_that_was_exchanged(chain: Site) -> None:
    subject = handed(chain)
    token = exchange(chain, subject).json()["access_token"]
    refused(exchange(chain, subject, actor_token=token, actor_token_type=ACCESS_TYPE))


@pytest.fixture
def clerk(chain: Site) -> Iterator[str]:
    """A token of a clerk of the other body, given to the app `back`; the clerk has a mandate."""
    world = chain.world
    reader, body = world.person("reader"), other_company(chain)
    with world.working() as work:
        mandate = add_mandate(
            work, account="reader", code=OTHER_COMPANY_CODE, role="clerk", powers=["verify"]
        )
    yield _token_of_person(world, reader.person_id, body)
    with world.working() as work:
        if work.store.mandates.of_person(reader.person_id, body)[-1].is_live(work.now):
            work.store.mandates.revoke(mandate.mandate_id, work.now)


def _token_of_person(world: World, person_id: str, party_id: str) -> str:
    """A person's token at the app `back`, as a sign-in there would give."""
    with world.working() as work:
        client = work.store.clients.find("back")
        assert client
        made = Authorization(
            authorization_id=world.realm.fresh_id(),
            client_id="back",
            person_id=person_id,
            party_id=party_id,
            session_id=world.realm.fresh_id(),
            redirect_uri="",
            scopes=frozenset({"licence.verify"}),
            nonce=None,
            code_challenge="",
            auth_time=work.now,
            acr="urn:haihe:acr:level2",
            code_expires_at=work.now,
            expires_at=work.now + 3600,
            redeemed_at=work.now,
        )
        work.store.authorizations.add(made)
        tokens = Server(work).generate_token(
            "test", KnownClient(client), made, "licence.verify", include_refresh_token=False
        )
    return str(tokens["access_token"])


@line(32)
@line(46)
def test_a_clerk_acts_for_a_citizen_and_both_are_named_and_checked_at_every_use(
    chain: Site, clerk: str
) -> None:
    answer = exchange(chain, handed(chain), actor_token=clerk, actor_token_type=ACCESS_TYPE)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    act = claims_of(chain, token)["act"]
    world = chain.world
    reader, body = world.person("reader").person_id, other_company(chain)
    assert named(chain, act["sub"]) == reader
    assert named(chain, act["party"]) == body
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{chain.url}/userinfo", headers=bearer).status_code == 200
    _revoke_mandates(world, reader, body)
    assert httpx.get(f"{chain.url}/userinfo", headers=bearer).status_code == 401
    said = httpx.post(
        f"{chain.url}/introspect", data={"token": token}, headers=basic("back", SECRET)
    )
    assert said.json() == {"active": False}
    refused(exchange(chain, handed(chain), actor_token=clerk, actor_token_type=ACCESS_TYPE))


def _revoke_mandates(world: World, person_id: str, party_id: str) -> None:
    with world.working() as work:
        for mandate in work.store.mandates.of_person(person_id, party_id):
            if mandate.is_live(work.now):
                work.store.mandates.revoke(mandate.mandate_id, work.now)


Ending = Callable[[Work, World, Claims], None]


def _end_mandate(work: Work, world: World, claims: Claims) -> None:
    found = work.store.authorizations.find(claims["authorization"])
    assert found
    for mandate in work.store.mandates.of_person(found.person_id, found.party_id):
        if mandate.is_live(work.now):
            work.store.mandates.revoke(mandate.mandate_id, work.now)


def _withdraw(work: Work, world: World, claims: Claims) -> None:
    found = work.store.authorizations.find(claims["authorization"])
    assert found
    work.store.authorizations.revoke_of_app(found.person_id, found.party_id, "front", work.now)


def _sign_out(work: Work, world: World, claims: Claims) -> None:
    found = work.store.authorizations.find(claims["authorization"])
    assert found
    work.store.authorizations.revoke_of_session(found.session_id, work.now)


def _revoke_grant(work: Work, world: World, claims: Claims) -> None:
    work.store.authorizations.revoke(claims["authorization"], work.now)


def _revoke_person(work: Work, world: World, claims: Claims) -> None:
    found = work.store.authorizations.find(claims["authorization"])
    assert found
    work.store.authorizations.revoke_of_person(found.person_id, work.now)


@line(32)
@pytest.mark.parametrize("end", [_end_mandate, _withdraw, _sign_out, _revoke_grant, _revoke_person])
def test_what_ends_the_subjects_token_ends_what_came_of_it(chain: Site, end: Ending) -> None:
    subject = handed(chain)
    first = exchange(chain, subject).json()["access_token"]
    second = exchange(chain, first, by="deep").json()["access_token"]
    for token in (first, second):
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{chain.url}/userinfo", headers=bearer).status_code == 200
    with chain.world.working() as work:
        end(work, chain.world, claims_of(chain, subject))
    try:
        for token in (first, second):
            bearer = {"Authorization": f"Bearer {token}"}
            assert httpx.get(f"{chain.url}/userinfo", headers=bearer).status_code == 401
        refused(exchange(chain, subject))
    finally:
        if end is _end_mandate:
            with chain.world.working() as work:
                add_mandate(
                    work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"]
                )


@line(32)
def test_one_token_that_was_given_back_is_no_subject_token(chain: Site) -> None:
    subject = handed(chain)
    httpx.post(f"{chain.url}/revoke", data={"token": subject}, headers=basic("front", WEB_SECRET))
    refused(exchange(chain, subject))


@line(32)
def test_demo_apps_end_with_the_demo_data(world: World) -> None:
    add_back_ends(world)
    chain = [Actor("back", "", world.company_id())]
    with world.working() as work:
        check_actors(work, chain)
        back = work.store.clients.find("back")
        assert back
        work.store.clients.replace(replace(back, demo=True))
        check_actors(work, chain)
        strict = replace(work, realm=replace(world.realm, demo_allowed=False))
        with pytest.raises(MandateMissing):
            check_actors(strict, chain)
        work.store.clients.remove("back")
        with pytest.raises(MandateMissing):
            check_actors(work, chain)


def test_userinfo_names_the_person_and_not_the_app(chain: Site) -> None:
    token = exchange(chain, handed(chain)).json()["access_token"]
    answer = httpx.get(f"{chain.url}/userinfo", headers={"Authorization": f"Bearer {token}"})
    act = answer.json()["act"]
    assert "name" not in act
    assert act["act"]["name"] == "演示·张强"


def test_introspection_shows_the_whole_chain(chain: Site) -> None:
    token = exchange(chain, handed(chain)).json()["access_token"]
    said = httpx.post(
        f"{chain.url}/introspect", data={"token": token}, headers=basic("back", SECRET)
    ).json()
    assert said["active"]
    assert said["act"]["client_id"] == "back"
    assert said["act"]["act"]["sub"]
    assert chain.world.company_id() not in json.dumps(said)


def test_a_chain_is_written_and_read_and_laid_over_the_claims(world: World) -> None:
    first, second = Actor("a", "", "1" * 32), Actor("b", "2" * 32, "3" * 32)
    assert read_actors(write_actors([second, first])) == (second, first)
    assert read_actors("") == ()
    assert write_actors([]) == ""
    claims = act_through({"sub": "x"}, write_actors([second, first]), world.realm.seals, "s")
    assert claims["act"]["client_id"] == "b"
    assert claims["act"]["party"]
    assert claims["act"]["act"].keys() == {"sub", "client_id"}


def test_metadata_names_the_grant(chain: Site) -> None:
    metadata = httpx.get(f"{chain.url}/.well-known/openid-configuration").json()
    assert EXCHANGE_GRANT in metadata["grant_types_supported"]
