"""Lines 33, 35, 37, 39 of the checklist from the attacker's side; what is done at a window."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.responses import Response

from identity.errors import BadRegistration, NotRegistered, SecondFactorRefused, SignInPaused
from identity.errors import SignInRefused as Refused
from identity.operating.vouching import reset_factors, vouch_for
from identity.pages.frame import set_cookie
from identity.pages.welcome import keep_waiting
from identity.people.assurance import acr_of, held, joined, level_of, meets, named_for
from identity.people.sessions import cookie_name
from identity.sign_in import METHODS, password
from identity.sign_in.code import prove_second
from identity.sign_in.known_browsers import KNOWN_SECONDS, PEOPLE, by_browser, remember
from identity.sign_in.methods import Asking
from identity.sign_in.tries import ACCOUNT_TRIES
from identity.signing.tokens import ID, verify_signature
from identity.standing.acting import find_session
from service.tour.forms import read_forms
from tests.identity.browser import request_of
from tests.identity.conftest import Site
from tests.identity.test_two_steps import enrolled, forget, present, send_code
from tests.identity.world import PASSWORD, World


def attempt(world: World, account: str, secret: str, browser: str = "") -> str:
    form = {"account": account, "password": secret}
    try:
        METHODS[password.NAME].prove(world.realm, form, Asking("10.1.1.1", browser))
    except (Refused, SignInPaused) as refusal:
        return type(refusal).__name__
    return "in"


@pytest.mark.line(33)
def test_line_33_over_tls_the_cookies_are_bound_to_the_host_and_secure(world: World) -> None:
    realm, response = dataclasses.replace(world.realm, issuer="https://id.example.gov"), Response()
    set_cookie(response, realm, "value")
    keep_waiting(response, realm, "scan", "secret")
    cookies = response.headers.getlist("set-cookie")
    assert [each.partition("=")[0] for each in cookies] == ["__Host-haihe", "__Host-haihe-scan"]
    for cookie in cookies:
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/;"))
        assert "Domain" not in cookie


@pytest.mark.line(33)
def test_line_33_every_cookie_of_a_sign_in_is_out_of_reach_of_scripts(site: Site) -> None:
    browser = site.browser("person")
    answer = browser.submit(browser.http.get("/sign-in"))
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


@pytest.mark.line(33)
def test_line_33_a_cookie_planted_before_sign_in_is_worth_nothing(site: Site) -> None:
    browser = site.browser("person")
    browser.http.cookies.set(cookie_name(site.url), "planted", domain="127.0.0.1")
    browser.submit(browser.http.get("/sign-in"))
    values = [each.value for each in browser.http.cookies.jar if each.name == "haihe_session"]
    assert "planted" not in values


@pytest.mark.line(35)
def test_line_35_a_stranger_who_is_paused_does_not_pause_the_owner_at_their_own_desk(
    world: World,
) -> None:
    own = remember(world.realm, "", world.person("person").person_id)
    assert [attempt(world, "person", "wrong") for _ in range(ACCOUNT_TRIES + 1)][-1] == (
        "SignInPaused"
    )
    assert attempt(world, "person", PASSWORD) == "SignInPaused"
    assert attempt(world, "person", PASSWORD, own) == "in"


@pytest.mark.line(35)
def test_line_35_a_known_browser_has_tries_of_its_own_and_no_more(world: World) -> None:
    own = remember(world.realm, "", world.person("person").person_id)
    outcomes = [attempt(world, "person", "wrong", own) for _ in range(ACCOUNT_TRIES + 1)]
    assert outcomes == ["SignInRefused"] * ACCOUNT_TRIES + ["SignInPaused"]
    assert attempt(world, "person", PASSWORD, own) == "SignInPaused"


@pytest.mark.line(35)
def test_line_35_a_browser_is_known_for_its_people_alone_and_not_for_ever(world: World) -> None:
    person, agent = (world.person(each).person_id for each in ("person", "agent"))
    own = remember(world.realm, "", person)
    assert by_browser(world.realm, own, person) is not None
    assert by_browser(world.realm, own, agent) is None
    assert by_browser(world.realm, "made up", person) is None
    both = remember(world.realm, own, agent)
    assert by_browser(world.realm, both, person) is not None
    many = own
    for number in range(PEOPLE):
        many = remember(world.realm, many, f"{number:032x}")
    assert by_browser(world.realm, many, person) is None
    world.clock.now += KNOWN_SECONDS - 1
    assert by_browser(world.realm, own, person) is not None
    world.clock.now += 1
    assert by_browser(world.realm, own, person) is None


@pytest.mark.line(35)
def test_line_35_many_tries_at_once_over_many_accounts_meet_the_limit_of_the_address(
    world: World,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(
            pool.map(lambda number: attempt(world, f"ghost{number}", "wrong"), range(120))
        )
    assert outcomes.count("SignInRefused") == 100
    assert outcomes.count("SignInPaused") == 20


@pytest.mark.line(37)
def test_line_37_a_step_before_a_used_one_is_used_too(world: World) -> None:
    person, _ = enrolled(world)
    early = present(world)
    world.clock.now += 30
    assert prove_second(world.realm, person, present(world)) == "otp"
    with pytest.raises(SecondFactorRefused):
        prove_second(world.realm, person, early)


@pytest.mark.parametrize(
    ("methods", "vouched", "level"),
    [
        (("pwd",), 2, 2),
        (("pwd",), 5, 2),
        (("pwd", "otp", "mfa"), 2, 3),
        (("pwd", "otp", "mfa"), 3, 3),
        (("pwd", "otp", "mfa"), 4, 4),
        (("pop", "hwk", "user", "mfa"), 5, 5),
    ],
)
@pytest.mark.line(39)
def test_line_39_nobody_makes_a_high_level_by_themself(
    methods: tuple[str, ...], vouched: int, level: int
) -> None:
    assert level_of(methods, vouched) == level


@pytest.mark.parametrize(
    ("acr", "amr", "wished", "needed", "named"),
    [
        (acr_of(4), "pwd otp mfa", acr_of(3), (), acr_of(4)),
        (acr_of(4), "pwd otp mfa", "", (acr_of(2), acr_of(3)), acr_of(3)),
        (acr_of(3), "pop mfa", "phrh phr", (), "phr"),
        (acr_of(3), "pop hwk mfa", "phr phrh", (), "phrh"),
        (acr_of(3), "pop hwk mfa", "", ("phr",), "phr"),
        (acr_of(3), "pwd otp mfa", "phr", (), acr_of(3)),
        (acr_of(2), "pwd", "urn:unknown", (), acr_of(2)),
    ],
)
@pytest.mark.line(39)
def test_line_39_the_highest_sufficient_name_is_kept(
    acr: str, amr: str, wished: str, needed: tuple[str, ...], named: str
) -> None:
    assert named_for(acr, amr, wished, needed) == named


def test_two_kinds_of_proof_are_two_factors_and_one_twice_is_not() -> None:
    assert joined(("pwd",), ("otp",)) == ("pwd", "otp", "mfa")
    assert joined(("pwd",), ("pwd",)) == ("pwd",)
    assert joined(("pwd",), ("pop", "swk", "user")) == ("pwd", "pop", "swk", "user", "mfa")
    assert "phr" not in held(acr_of(5), "pwd otp hwk mfa")
    assert not meets(acr_of(5), "phr", "pwd otp mfa")


@pytest.mark.line(39)
def test_line_39_what_a_window_vouched_for_counts_with_two_factors_from_the_next_sign_in(
    site: Site,
) -> None:
    with site.world.working() as work:
        vouch_for(work, "person", 4)
    enrolled(site.world)
    browser = site.browser("person")
    asked = browser.http.get("/authorize", params=request_of(acr_values=acr_of(4)))
    page = browser.submit(browser.http.get(asked.headers["location"]))
    told = browser.walk(send_code(browser, page, present(site.world)))
    token = browser.redeem(told["code"]).json()["id_token"]
    claims = verify_signature(site.world.realm.keys, ID, token)
    assert (claims["acr"], claims["amr"]) == (acr_of(4), ["pwd", "otp", "mfa"])
    with site.world.working() as work:
        vouch_for(work, "person", 2)
    assert browser.http.get("/account").status_code == 303  # less is known of them now
    forget(site)


def test_who_lost_everything_starts_again_with_the_password(site: Site) -> None:
    enrolled(site.world)
    with site.world.working() as work:
        reset_factors(work, "person")
    browser = site.browser("person")
    answer = browser.submit(browser.http.get("/sign-in"))
    assert answer.status_code == 303


@pytest.mark.parametrize("level", [0, 1, 6, -1])
def test_there_are_four_levels(world: World, level: int) -> None:
    with world.working() as work, pytest.raises(BadRegistration):
        vouch_for(work, "person", level)
    with world.working() as work, pytest.raises(NotRegistered):
        vouch_for(work, "nobody", 4)


@pytest.mark.line(39)
def test_line_39_a_wish_that_was_asked_for_once_does_not_hold_anybody_up(site: Site) -> None:
    enrolled(site.world)
    browser = site.browser("person")
    page = browser.submit(browser.http.get("/sign-in"))
    send_code(browser, page, present(site.world))
    needed = {"id_token": {"acr": {"essential": True, "values": [acr_of(5), acr_of(4)]}}}
    told = browser.authorize(request_of(claims=json.dumps(needed)))
    assert told["error"] == "unmet_authentication_requirements"
    told = browser.authorize(request_of(acr_values=acr_of(5)))
    assert "code" in told
    forget(site)


@pytest.mark.line(36)
def test_line_36_the_page_refuses_what_is_made_of_the_persons_own_name(site: Site) -> None:
    browser = site.browser("person")
    browser.submit(browser.http.get("/sign-in"))
    page = browser.http.get("/account/password")
    form = next(form for form in read_forms(page.text) if form.action == "/account/password")
    fields = form.fields | {"password": PASSWORD, "new": "person-password-2026"}
    answer = browser.http.post(form.action, data=fields)
    assert answer.status_code == 400
    assert "容易猜到" in answer.text


@pytest.mark.line(33)
def test_line_33_who_signs_in_where_somebody_else_is_signed_in_ends_that(site: Site) -> None:
    browser = site.browser("agent")
    tokens = browser.tokens()
    first = browser.http.cookies[cookie_name(site.url)]
    page = browser.http.get("/sign-in")
    form = next(form for form in read_forms(page.text) if form.action == "/sign-in")
    browser.http.post("/sign-in", data={**form.fields, "account": "reader", "password": PASSWORD})
    assert browser.http.cookies[cookie_name(site.url)] != first
    with site.world.working() as work:
        assert find_session(work, first) is None
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert browser.token(**form).status_code == 400
