"""Pushed requests, module by module of the FAPI 2.0 plan, and from the attacker's side."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest

from identity.apps.clients import STANDARD
from identity.asking.flow import Flow
from identity.asking.parameters import read_parameters
from identity.asking.pushed import MOST_CHARACTERS, PUSHED_SECONDS, Pushed, open_pushed, seal_pushed
from identity.authorization.authorizing import Ask, authorize
from identity.authorization.pushing import push as push_in
from identity.discovery import describe
from identity.errors import BadAuthorizeRequest
from identity.proofs.nonces import make_nonce
from tests.identity.browser import Browser, basic, form_of, query, request_of
from tests.identity.conftest import Site
from tests.identity.holding import Holder
from tests.identity.pushing import (
    BANK,
    URN,
    add_bank,
    link,
    push,
    push_object,
    pushed,
    request_object,
    send,
    told_of,
)
from tests.identity.signing import assertion, proving
from tests.identity.world import EVERYTHING, REDIRECT, SERVICE_SECRET, World

module, line = pytest.mark.module, pytest.mark.line
FINAL = "fapi2-security-profile-final-"


@pytest.fixture
def bank(site: Site) -> Site:
    add_bank(site.world)
    return site


def refused_page(browser: Browser, parameters: dict[str, str]) -> str:
    answer = browser.http.get("/authorize", params=parameters)
    assert answer.status_code == 400, answer.text
    assert "location" not in answer.headers
    return answer.text


@line(16)
@module(FINAL + "par-without-duplicate-parameters")
def test_a_pushed_request_gives_a_code_to_the_app_that_pushed_it(bank: Site) -> None:
    answer = push(bank)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert 0 < answer.json()["expires_in"] <= 90
    told = told_of(bank, bank.browser(), answer)
    assert told["code"]
    assert told["state"] == "the state"
    assert told["iss"] == bank.url


def test_an_app_may_prove_itself_in_any_way_it_registered(site: Site) -> None:
    http, add_bank_like = site.browser().http, request_of()
    del add_bank_like["client_id"]
    by_secret = http.post("/par", data=add_bank_like, headers=basic())
    assert by_secret.status_code == 201
    public = http.post("/par", data=request_of(client_id="public"))
    assert public.status_code == 201
    assert site.browser().authorize(link(public, "public"))["code"]
    assert http.post("/par", data=request_of()).json()["error"] == "invalid_client"
    wrong = http.post("/par", data=request_of(), headers=basic(secret="wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


@line(16)
@module(FINAL + "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds")
@module(FINAL + "par-attempt-reuse-request_uri")
def test_a_request_uri_may_be_opened_again_until_it_gave_a_code(bank: Site) -> None:
    named, browser = pushed(bank), bank.browser()
    for _ in range(2):
        assert browser.http.get("/authorize", params=named).status_code == 303
    assert browser.authorize(named)["code"]
    assert "has been used" in refused_page(browser, named)
    assert "has been used" in refused_page(bank.browser(), named)


@line(16)
def test_two_pages_of_one_pushed_request_give_one_code(bank: Site) -> None:
    named, first, second = pushed(bank), bank.browser(), bank.browser()
    pages = [browser.http.get("/authorize", params=named) for browser in (first, second)]
    assert first.walk(pages[0])["code"]
    with pytest.raises(AssertionError, match="has been used"):
        second.walk(pages[1])


@line(16)
@pytest.mark.parametrize(
    ("later", "status"),
    [
        (PUSHED_SECONDS - 1, 303),
        pytest.param(
            PUSHED_SECONDS, 400, marks=module(FINAL + "par-attempt-to-use-expired-request_uri")
        ),
    ],
)
def test_a_request_uri_lives_90_seconds(bank: Site, later: int, status: int) -> None:
    named = pushed(bank)
    bank.world.clock.now += later
    assert bank.browser().http.get("/authorize", params=named).status_code == status


def test_a_person_may_take_longer_than_the_request_uri_lives(bank: Site) -> None:
    named, browser = pushed(bank), bank.browser()
    page = browser.http.get("/authorize", params=named)
    bank.world.clock.now += PUSHED_SECONDS + 600
    assert browser.walk(page)["code"]


@line(16)
@module(FINAL + "par-attempt-to-use-request_uri-for-different-client")
def test_a_request_uri_is_bound_to_the_app_that_pushed_it(bank: Site) -> None:
    add_bank(bank.world, "other-bank")
    page = refused_page(bank.browser(), {**pushed(bank), "client_id": "other-bank"})
    assert "not given to this app" in page


@line(16)
@pytest.mark.parametrize(
    "request_uri", ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:x"]
)
def test_a_request_uri_that_is_none_of_ours_is_refused(bank: Site, request_uri: str) -> None:
    refused_page(bank.browser(), {"client_id": BANK, "request_uri": request_uri})


def test_a_changed_request_uri_opens_nothing(bank: Site) -> None:
    text = pushed(bank)["request_uri"]
    other = "A" if text[60] != "A" else "B"
    for changed in (text[:-1], text + "A", text[:60] + other + text[61:]):
        refused_page(bank.browser(), {"client_id": BANK, "request_uri": changed})


@line(16)
@module(FINAL + "par-authorization-request-containing-request_uri-form-param")
def test_a_pushed_request_names_no_other_one(bank: Site) -> None:
    inner = pushed(bank)["request_uri"]
    answer = push(bank, request_uri=inner)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@module(FINAL + "par-authorization-request-containing-request_uri")
def test_a_request_object_names_no_other_one(bank: Site) -> None:
    for name in ("request_uri", "request"):
        text = request_object(bank.world, **{name: "https://bank.example/request"})
        assert push_object(bank, text).json()["error"] == "invalid_request_object"


@module(FINAL + "par-attempt-invalid-http-method")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_pushes(bank: Site, method: str) -> None:
    answer = bank.browser().http.request(method, "/par")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


@line(12)
def test_a_repeated_parameter_is_refused(bank: Site) -> None:
    body = urlencode([*request_of(client_id=BANK).items(), ("state", "another")])
    proof = urlencode(proving(assertion(bank.world, BANK)))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    http = bank.browser().http
    answer = http.post("/par", content=f"{body}&{proof}", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    twice = http.get("/authorize?" + urlencode([*pushed(bank).items(), ("client_id", BANK)]))
    assert twice.status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param(
            {"code_challenge": None, "code_challenge_method": None},
            "invalid_request",
            marks=[module(FINAL + "par-ensure-pkce-required"), line(4)],
        ),
        pytest.param(
            {"code_challenge_method": "plain"},
            "invalid_request",
            marks=[module(FINAL + "par-plain-pkce-rejected"), line(4)],
        ),
        pytest.param(
            {"redirect_uri": REDIRECT + "/x"},
            "invalid_request",
            marks=[
                module(FINAL + "ensure-registered-redirect-uri"),
                module(FINAL + "plain-fapi-tolerate-unregistered-redirect-uri"),
                line(1),
            ],
        ),
        pytest.param(
            {"redirect_uri": None},
            "invalid_request",
            marks=module(FINAL + "ensure-redirect-uri-in-authorization-request"),
        ),
        pytest.param(
            {"response_type": "code id_token"},
            "unsupported_response_type",
            marks=[module(FINAL + "ensure-response-type-code-idtoken-fails"), line(9)],
        ),
        pytest.param(
            {"response_type": "token"},
            "unsupported_response_type",
            marks=[module(FINAL + "ensure-response-type-token-fails"), line(9)],
        ),
        ({"response_type": None}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"state": "s" * 2049}, "invalid_request"),
    ],
)
def test_a_request_is_checked_when_it_is_pushed(
    bank: Site, changes: dict[str, str | None], error: str
) -> None:
    answer = push(bank, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"] == error


def test_an_app_pushes_for_itself_only(bank: Site) -> None:
    form = {**request_of(client_id="web"), **proving(assertion(bank.world, BANK))}
    assert bank.browser().http.post("/par", data=form).json()["error"] == "invalid_request"
    text = request_object(bank.world, client_id="web", iss=BANK)
    assert push_object(bank, text).json()["error"] == "invalid_request_object"


def test_an_app_that_signs_nobody_in_pushes_nothing(site: Site) -> None:
    proof, form = basic("service", SERVICE_SECRET), request_of(client_id="service")
    answer = site.browser().http.post("/par", data=form, headers=proof)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(changes, marks=module(FINAL + f"ensure-{name}"))
        for name, changes in (
            ("authorization-request-without-state-success", {"state": None}),
            ("authorization-request-without-nonce-success", {"nonce": None}),
            ("authorization-request-with-64-char-nonce-success", {"nonce": "n" * 64}),
            ("authorization-request-with-long-nonce", {"nonce": "n" * 384}),
            ("authorization-request-with-long-state", {"state": "s" * 1024}),
            ("other-scope-order-succeeds", {"scope": "profile openid"}),
        )
    ],
)
def test_a_request_with_more_or_less_of_this_works(
    bank: Site, changes: dict[str, str | None]
) -> None:
    told = bank.browser().authorize(pushed(bank, **changes))
    assert told["code"]
    assert told.get("state") == request_of(**changes).get("state")


@module(FINAL + "user-rejects-authentication")
def test_the_app_is_told_when_the_person_refuses_though_they_agreed_before(bank: Site) -> None:
    assert bank.browser().authorize(pushed(bank))["code"]
    browser = bank.browser()
    page = browser.http.get("/authorize", params=pushed(bank), follow_redirects=True)
    while form_of(page).action != "/consent":
        page = browser.http.get(browser.submit(page).headers["location"], follow_redirects=True)
    told = browser.walk(browser.submit(page, decision="refuse"))
    assert told["error"] == "access_denied"
    assert told["state"] == "the state"
    assert told["iss"] == bank.url


def test_a_bank_shows_what_it_asks_for_at_each_sign_in_and_not_within_one(bank: Site) -> None:
    assert bank.browser().authorize(pushed(bank))["code"]
    browser = bank.browser()
    assert browser.authorize(pushed(bank))["code"]
    assert "/consent" in browser.pages
    browser.pages.clear()
    assert browser.authorize(pushed(bank))["code"]
    assert browser.pages == []
    browser = bank.browser()
    assert browser.authorize(request_of())["code"]
    browser.pages.clear()
    assert browser.authorize(pushed(bank))["code"]
    assert browser.pages == []  # a sign-in for another app is no sign-in for the bank


@line(17)
@module(FINAL + "ensure-unsigned-authorization-request-without-using-par-fails")
def test_a_bank_cannot_ask_without_pushing(bank: Site) -> None:
    told = bank.browser().authorize(request_of(client_id=BANK))
    assert told["error"] == "invalid_request"
    assert told["state"] == "the state"
    text = request_object(bank.world)
    beside = {"request": text, "redirect_uri": REDIRECT, "client_id": BANK}
    assert bank.browser().authorize(beside)["error"] == "invalid_request"


@line(17)
def test_any_app_may_insist_on_pushing(site: Site) -> None:
    add_bank(site.world, "pusher", profile=STANDARD, require_pushed_authorization_requests=True)
    asked = site.browser().authorize(request_of(client_id="pusher"))
    assert asked["error"] == "invalid_request"
    assert site.browser().authorize(pushed(site, "pusher"))["code"]


@line(17)
def test_the_realm_may_insist_on_pushing(world: World) -> None:
    strict = replace(world.realm, pushing_required=True)
    _, signed_in = world.sign_in("agent", world.company_id())
    with strict.writing() as store:
        work = strict.work(store)
        answer = authorize(work, Flow(query(request_of()), work.now), signed_in)
        assert not isinstance(answer, Ask)
        assert "error=invalid_request" in (answer.location or "")
        form = read_parameters(query(request_of()), basic()["Authorization"])
        assert push_in(work, form).status == 201
    told = describe(strict.issuer, pushing_required=True)
    assert told["require_pushed_authorization_requests"] is True
    assert describe(strict.issuer)["require_pushed_authorization_requests"] is False


def test_parameters_beside_a_pushed_request_count_for_nothing(bank: Site) -> None:
    named = pushed(bank, state="inside")
    beside = {"state": "outside", "redirect_uri": "https://evil.example/", "scope": "openid"}
    assert bank.browser().authorize({**beside, **named})["state"] == "inside"


@line(3)
def test_no_error_of_a_pushed_request_leads_to_an_address_beside_it(bank: Site) -> None:
    named = {"client_id": BANK, "request_uri": "urn:ietf:params:oauth:request_uri:x"}
    refused_page(bank.browser(), {**named, "redirect_uri": "https://evil.example/"})
    refused_page(bank.browser(), {**named, "redirect_uri": REDIRECT})
    refused_page(bank.browser(), {**named, "client_id": "nobody", "redirect_uri": REDIRECT})
    refused_page(bank.browser(), {"request_uri": named["request_uri"]})


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param(
            {"nbf": 8},
            201,
            marks=module(
                FINAL + "par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted"
            ),
        ),
        pytest.param(
            {"nbf": 61},
            401,
            marks=module(
                FINAL + "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails"
            ),
        ),
        pytest.param(
            {"aud": ["{url}"]}, 401, marks=module(FINAL + "par-test-array-as-audience-fails")
        ),
        pytest.param(
            {"aud": "{url}/par"},
            401,
            marks=module(FINAL + "par-test-par-endpoint-url-as-audience-fails"),
        ),
        pytest.param(
            {"aud": "{url}/token"},
            401,
            marks=module(FINAL + "par-test-token-endpoint-url-as-audience-fails"),
        ),
    ],
)
def test_the_proof_of_an_app_that_pushes(
    bank: Site, changes: dict[str, object], status: int
) -> None:
    now, audience = bank.world.clock.now, changes.get("aud")
    if isinstance(audience, str):
        changes = {"aud": audience.format(url=bank.url)}
    elif isinstance(audience, list):
        changes = {"aud": [bank.url]}
    else:
        changes = {"nbf": now + int(str(changes["nbf"]))}
    proof = proving(assertion(bank.world, BANK, **changes))
    answer = bank.browser().http.post("/par", data={**request_of(client_id=BANK), **proof})
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"] == "invalid_client"


def test_a_request_that_would_make_the_address_too_long_is_refused(bank: Site) -> None:
    room = MOST_CHARACTERS - len(query(request_of(client_id=BANK, padding=" ")))
    assert push(bank, padding="x" * room).status_code == 201
    too_long = push(bank, padding="x" * (room + 2))
    assert (too_long.status_code, too_long.json()["error"]) == (413, "invalid_request")


def test_fifty_browsers_with_one_pushed_request_get_one_code(bank: Site) -> None:
    company, world = bank.world.company_id(), bank.world
    _, signed_in = world.sign_in("agent", company)
    with world.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, company, BANK, EVERYTHING, work.now)
    named = pushed(bank)
    browsers = [bank.ready() for _ in range(50)]

    def ask(browser: Browser) -> int:
        return browser.http.get("/authorize", params=named).status_code

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, browsers))
    assert (answers.count(303), answers.count(400)) == (1, 49)


def test_what_is_sealed_opens_to_the_same_and_under_its_own_label_only(world: World) -> None:
    seals = world.realm.seals
    made = Pushed("name", "bank", 5, "state=%E6%B5%B7", signed=True)
    assert open_pushed(seals, seal_pushed(seals, made)) == made
    assert open_pushed(seals, URN + seals.seal_text(b"[]", "flow")) is None


def test_a_code_is_refused_when_its_pushed_request_was_used_meanwhile(world: World) -> None:
    company = world.company_id()
    _, signed_in = world.sign_in("agent", company)
    with world.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, company, "web", EVERYTHING, work.now)
    flow = Flow(query(request_of()), world.clock.now, pushed="name")
    with world.working() as work:
        assert not isinstance(authorize(work, flow, signed_in), Ask)
    with pytest.raises(BadAuthorizeRequest), world.working() as work:
        authorize(work, flow, signed_in)


def test_garbage_is_refused_and_never_a_5xx(bank: Site) -> None:
    http = bank.browser().http
    request = b"request=x.y.z&client_id=public"
    for body in (b"", b"\xff", b"a=%00", b"=" * 70, b"x" * 20000, request):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert 400 <= http.post("/par", content=body, headers=headers).status_code < 500
    assert http.post("/par", json={"a": 1}).status_code in {400, 401}
    assert send(bank, BANK, {"request": "a.b.c"}).status_code == 400


# With a proof of a key: RFC 9449 §10.


def holder_at(site: Site) -> Holder:
    return Holder(site, nonce=make_nonce(site.world.realm.seals, site.world.clock.now))


def push_with(holder: Holder, **changes: str | None) -> httpx.Response:
    """Push with a proof."""
    proof = proving(assertion(holder.site.world, BANK))
    form = {**request_of(client_id=BANK, **changes), **proof}
    return holder.site.browser().http.post("/par", data=form, headers=holder.headers("/par"))


def redeem_as_bank(holder: Holder, code: str, **changes: str) -> httpx.Response:
    return holder.redeem(code, proving(assertion(holder.site.world, BANK)), **changes)


@module(FINAL + "happy-flow")
@module(FINAL + "ensure-dpopproof-at-par-endpoint-binding-success")
@module(FINAL + "ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt")
def test_a_proof_at_the_push_binds_the_code_to_its_key(bank: Site) -> None:
    holder, other = holder_at(bank), holder_at(bank)
    answer = push_with(holder)
    assert answer.headers["dpop-nonce"] == holder.nonce
    code = bank.browser().authorize(link(answer))["code"]
    assert redeem_as_bank(other, code).json()["error"] == "invalid_grant"
    code = bank.browser().authorize(link(push_with(holder)))["code"]
    tokens = redeem_as_bank(holder, code)
    assert tokens.status_code == 200, tokens.text
    assert tokens.json()["token_type"] == "DPoP"


@module(FINAL + "ensure-mismatched-dpop-jkt-fails")
def test_a_proof_at_the_push_and_dpop_jkt_agree(bank: Site) -> None:
    holder = holder_at(bank)
    assert push_with(holder, dpop_jkt=holder.thumbprint).status_code == 201
    answer = push_with(holder, dpop_jkt=holder_at(bank).thumbprint)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_proof_at_the_push_needs_our_nonce_and_works_once(bank: Site) -> None:
    holder = Holder(bank)
    answer = push_with(holder)
    assert answer.json()["error"] == "use_dpop_nonce"
    holder.nonce = answer.headers["dpop-nonce"]
    headers, form = holder.headers("/par"), request_of(client_id=BANK)
    for status in (201, 400):
        proof = proving(assertion(bank.world, BANK))
        again = bank.browser().http.post("/par", data={**form, **proof}, headers=headers)
        assert again.status_code == status
    assert again.json()["error"] == "invalid_dpop_proof"


@line(4)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param(
            {"code_verifier": ""},
            "invalid_grant",
            marks=module(FINAL + "ensure-pkce-code-verifier-required"),
        ),
        pytest.param(
            {"code_verifier": "w" * 43},
            "invalid_grant",
            marks=module(FINAL + "incorrect-pkce-code-verifier-rejected"),
        ),
    ],
)
def test_the_code_of_a_pushed_request_needs_its_verifier(
    bank: Site, changes: dict[str, str], error: str
) -> None:
    code = bank.browser().authorize(pushed(bank))["code"]
    assert redeem_as_bank(holder_at(bank), code, **changes).json()["error"] == error
