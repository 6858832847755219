"""The second factor: vectors, once only, recovery, step-up, and what tokens say of it."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import httpx
import pytest

from identity.errors import FlowExpired, SecondFactorRefused, SignInPaused
from identity.people.assurance import acr_of, meets
from identity.sign_in.code import prove_second
from identity.sign_in.second_factor import enrol, open_half_way, seal_half_way
from identity.sign_in.totp import STEP_SECONDS, code_at, hash_recovery_code, spell, step_of
from identity.signing.tokens import ID, verify_signature
from service.tour.forms import read_forms
from tests.identity.browser import Browser, request_of
from tests.identity.conftest import Site
from tests.identity.world import PASSWORD, World, world_bytes

KEY = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_match_the_vectors_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert code_at(KEY, seconds // STEP_SECONDS, 8) == code


@pytest.mark.parametrize(
    ("steps", "found"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off(steps: int, found: bool) -> None:
    now = 1_800_000_015
    code = code_at(KEY, now // STEP_SECONDS + steps)
    assert (step_of(KEY, f" {code[:3]} {code[3:]}", now) is not None) is found


@pytest.mark.line(37)
def test_line_37_a_code_counts_as_a_whole() -> None:
    now = 1_800_000_015
    code = code_at(KEY, now // STEP_SECONDS)
    other = str((int(code[-1]) + 1) % 10)
    for wrong in (code[:-1] + other, other + code[1:], code[:-1], code + "0", ""):
        if all(code_at(KEY, now // STEP_SECONDS + each) != wrong for each in (-1, 0, 1)):
            assert step_of(KEY, wrong, now) is None


@pytest.mark.parametrize(
    ("acr", "wanted", "enough"),
    [
        (2, "", True),
        (2, "urn:unknown", True),
        (2, acr_of(3), False),
        (3, acr_of(3), True),
        (2, f"{acr_of(3)} {acr_of(2)}", True),
        (3, acr_of(4), False),
    ],
)
def test_the_lowest_level_an_app_names_is_enough(acr: int, wanted: str, enough: bool) -> None:
    assert meets(acr_of(acr), wanted) is enough


def enrolled(world: World, account: str = "person") -> tuple[str, list[str]]:
    """Somebody with a second factor; a step later, so that the next code is fresh."""
    person = world.person(account).person_id
    with world.working() as work:
        work.store.factors.remove(person)
        codes = enrol(work, person, KEY, code_at(KEY, work.now // STEP_SECONDS))
    world.clock.now += STEP_SECONDS
    return person, list(codes)


def present(world: World) -> str:
    return code_at(KEY, world.clock.now // STEP_SECONDS)


@pytest.mark.line(37)
def test_line_37_a_code_works_once_of_many_parallel_tries(world: World) -> None:
    person, _ = enrolled(world)
    code = present(world)

    def attempt(_: int) -> bool:
        try:
            return prove_second(world.realm, person, code) == "otp"
        except (SecondFactorRefused, SignInPaused):
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


@pytest.mark.line(37)
def test_who_takes_up_a_second_factor_is_still_signed_in_beside_the_recovery_codes(
    site: Site,
) -> None:
    person = site.world.person("reader").person_id
    with site.world.working() as work:
        work.store.factors.remove(person)
    browser = site.browser("reader")
    browser.authorize(request_of())
    page = browser.http.get("/account/second-factor")
    form = next(f for f in read_forms(page.text) if f.action == "/account/second-factor")
    spelled = re.search(r'<span class="mono">([A-Z2-7 ]+)</span>', page.text)
    assert spelled is not None
    key = base64.b32decode(spelled[1].replace(" ", ""))
    code = code_at(key, site.world.clock.now // STEP_SECONDS)
    fields = {**form.fields, "password": PASSWORD, "code": code}
    shown = browser.http.post("/account/second-factor", data=fields)
    with site.world.working() as work:
        work.store.factors.remove(person)
    assert "两步验证已经开启" in shown.text
    assert "尚未登录" not in shown.text
    assert "演示·赵静" in shown.text


def test_line_37_recovery_codes_are_hashed_and_work_once(world: World) -> None:
    person, codes = enrolled(world)
    assert len(set(codes)) == 8
    assert codes[0].encode() not in world_bytes(world)
    assert codes[0].replace("-", "").encode() not in world_bytes(world)
    assert prove_second(world.realm, person, codes[0].lower()) == "recovery"
    with pytest.raises(SecondFactorRefused):
        prove_second(world.realm, person, codes[0])
    assert hash_recovery_code("ab-cd ef") == hash_recovery_code("ABCDEF")


def test_the_key_rests_sealed(world: World) -> None:
    enrolled(world)
    assert KEY not in world_bytes(world)


@pytest.mark.line(35)
def test_after_five_wrong_codes_there_is_a_pause_even_for_the_right_one(world: World) -> None:
    person, _ = enrolled(world)
    for _ in range(5):
        with pytest.raises(SecondFactorRefused):
            prove_second(world.realm, person, "000000")
    with pytest.raises(SignInPaused):
        prove_second(world.realm, person, present(world))


def test_half_way_lasts_five_minutes(world: World) -> None:
    person = world.person("person")
    with world.working() as work:
        sealed = seal_half_way(work, person)
    world.clock.now += 299
    assert open_half_way(world.realm, sealed).person_id == person.person_id
    world.clock.now += 1
    with pytest.raises(FlowExpired):
        open_half_way(world.realm, sealed)
    with pytest.raises(FlowExpired):
        open_half_way(world.realm, "x")


def send_code(browser: Browser, page: httpx.Response, code: str) -> httpx.Response:
    form = next(form for form in read_forms(page.text) if form.action == "/second-factor")
    return browser.http.post("/second-factor", data={**form.fields, "code": code})


def test_a_password_alone_signs_nobody_in_who_has_two_steps(site: Site) -> None:
    enrolled(site.world)
    browser = site.browser("person")
    page = browser.submit(browser.http.get("/sign-in"))
    assert page.status_code == 200
    assert "haihe_session" not in browser.http.cookies
    assert send_code(browser, page, "000000").status_code == 400
    answer = send_code(browser, page, present(site.world))
    assert answer.status_code == 303
    assert browser.http.get("/account").status_code == 200
    assert send_code(browser, page, present(site.world)).status_code == 400  # it works once
    forget(site)


def forget(site: Site) -> None:
    person = site.world.person("person").person_id
    with site.world.working() as work:
        work.store.factors.remove(person)


def id_token(site: Site, browser: Browser, code: str) -> dict[str, object]:
    return verify_signature(site.world.realm.keys, ID, browser.redeem(code).json()["id_token"])


@pytest.mark.line(39)
def test_line_39_step_up_reuses_the_session_and_asks_only_for_the_code(site: Site) -> None:
    browser = site.browser("person")
    plain = id_token(site, browser, browser.authorize(request_of())["code"])
    assert (plain["acr"], plain["amr"]) == (acr_of(2), ["pwd"])
    enrolled(site.world)
    before = browser.http.cookies["haihe_session"]
    asked = browser.http.get("/authorize", params=request_of(acr_values=acr_of(3)))
    assert asked.headers["location"].startswith("/second-factor")
    page = browser.http.get(asked.headers["location"])
    assert 'name="password"' not in page.text
    answer = send_code(browser, page, present(site.world))
    raised = id_token(site, browser, browser.walk(answer)["code"])
    assert (raised["acr"], raised["amr"]) == (acr_of(3), ["pwd", "otp", "mfa"])
    assert raised["sid"] == plain["sid"]
    assert raised["auth_time"] == plain["auth_time"]
    assert browser.http.cookies["haihe_session"] != before
    old = httpx.get(site.url + "/account", cookies={"haihe_session": before})
    assert old.status_code == 303
    forget(site)


def test_who_has_no_second_factor_is_not_stopped_by_a_wish(site: Site) -> None:
    forget(site)
    browser = site.browser("person")
    told = browser.authorize(request_of(acr_values=acr_of(3)))
    assert id_token(site, browser, told["code"])["acr"] == acr_of(2)


def test_an_essential_level_asks_for_the_code_too(site: Site) -> None:
    browser = site.browser("person")
    browser.authorize(request_of())
    enrolled(site.world)
    essential = {"id_token": {"acr": {"essential": True, "value": acr_of(3)}}}
    asked = browser.http.get("/authorize", params=request_of(claims=json.dumps(essential)))
    assert asked.headers["location"].startswith("/second-factor")
    forget(site)


def test_without_a_page_the_app_is_told_that_more_is_needed(site: Site) -> None:
    browser = site.browser("person")
    browser.authorize(request_of())
    enrolled(site.world)
    told = browser.authorize(request_of(acr_values=acr_of(3), prompt="none"))
    assert told["error"] == "interaction_required"
    forget(site)


def test_a_person_takes_two_steps_up_and_gives_them_up(site: Site) -> None:
    forget(site)
    browser = site.browser("person")
    browser.submit(browser.http.get("/sign-in"))
    page = browser.http.get("/account/second-factor")
    assert "<svg" in page.text
    key_text = re.search(r'class="mono">([A-Z2-7 ]{39})<', unescape(page.text))
    assert key_text is not None
    key = base64.b32decode(key_text[1].replace(" ", ""))
    form = next(f for f in read_forms(page.text) if f.fields.get("act") == "enrol")
    code = code_at(key, site.world.clock.now // STEP_SECONDS)
    for wrong in ({"password": "wrong", "code": code}, {"password": PASSWORD, "code": "000000"}):
        again = browser.http.post("/account/second-factor", data=form.fields | wrong)
        assert again.status_code == 400
        assert spell(key)[:4] in again.text
    right = {"password": PASSWORD, "code": code}
    done = browser.http.post("/account/second-factor", data=form.fields | right)
    codes = re.findall(r'<li class="mono">([A-Z2-7-]+)<', done.text)
    assert len(codes) == 8
    shown = browser.http.get("/account/second-factor")
    assert "已经开启" in shown.text
    assert codes[0] not in shown.text
    form = next(f for f in read_forms(shown.text) if f.fields.get("act") == "remove")
    gone = browser.http.post("/account/second-factor", data=form.fields | {"code": codes[0]})
    assert gone.headers["location"] == "/account?done=factor"
    assert "已经开启" not in browser.http.get("/account/second-factor").text
