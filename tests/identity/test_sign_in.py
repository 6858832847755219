"""Signing in: with which words it is refused, how often, and what the browser then holds."""

import dataclasses
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from identity.errors import SignInBusy, SignInPaused, SignInRefused
from identity.operating.registry import add_person
from identity.people.sessions import IDLE_SECONDS
from identity.sign_in import METHODS, hashing, password
from identity.sign_in.methods import Asking
from identity.sign_in.tries import ACCOUNT_TRIES, ADDRESS_TRIES, WINDOW_SECONDS, by_address
from tests.identity.browser import form_of, request_of
from tests.identity.conftest import Site
from tests.identity.world import COMPANY, EVERYTHING, PASSWORD, PERSON_NUMBER, World, world_bytes

METHOD = METHODS[password.NAME]


def prove(world: World, account: str, secret: str = PASSWORD, address: str = "10.0.0.1") -> str:
    form = {"account": account, "password": secret}
    return METHOD.prove(world.realm, form, Asking(address)).person.account


@pytest.mark.parametrize("account", ["person", " PERSON ", PERSON_NUMBER, f" {PERSON_NUMBER} "])
def test_one_field_takes_account_or_citizen_number(world: World, account: str) -> None:
    assert prove(world, account) == "person"


@pytest.mark.parametrize(
    "account",
    ["nobody", "", "120101192504120012", "\0", "p\0erson", "x" * 10000, "演示", "' OR 1=1"],
)
@pytest.mark.line(35)
def test_what_is_no_account_is_refused_like_a_wrong_password(world: World, account: str) -> None:
    with pytest.raises(SignInRefused) as wrong:
        prove(world, "person", "wrong")
    with pytest.raises(SignInRefused) as unknown:
        prove(world, account)
    assert str(wrong.value) == str(unknown.value)
    assert wrong.value.tries_left == unknown.value.tries_left == ACCOUNT_TRIES - 1


@pytest.mark.parametrize("account", ["person", "nobody"])
@pytest.mark.line(35)
def test_after_five_tries_there_is_a_pause_even_for_the_right_password(
    world: World, account: str
) -> None:
    for left in range(ACCOUNT_TRIES - 1, -1, -1):
        with pytest.raises(SignInRefused) as refused:
            prove(world, account, "wrong")
        assert refused.value.tries_left == left
    with pytest.raises(SignInPaused) as paused:
        prove(world, account)
    assert paused.value.until == world.clock.now + WINDOW_SECONDS
    world.clock.now += WINDOW_SECONDS - 1
    with pytest.raises(SignInPaused):
        prove(world, account)
    world.clock.now += 1
    if account == "person":
        assert prove(world, account) == account


def test_all_spellings_and_the_number_of_an_account_share_one_count(world: World) -> None:
    for account in ("person", "PERSON", "\uff50erson", "per\u017fon", "person "):
        with pytest.raises(SignInRefused):
            prove(world, account, "wrong")
    with pytest.raises(SignInPaused):
        prove(world, "per\u017fon")


def test_a_sign_in_that_works_gives_all_tries_back(world: World) -> None:
    for _ in range(3):
        for _ in range(ACCOUNT_TRIES - 1):
            with pytest.raises(SignInRefused):
                prove(world, "person", "wrong")
        assert prove(world, "person") == "person"


def test_tries_at_once_do_not_share_a_count(world: World) -> None:
    def attempt(_: int) -> str:
        try:
            return prove(world, "person", "wrong")
        except (SignInRefused, SignInPaused) as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count("SignInRefused") == ACCOUNT_TRIES


@pytest.mark.line(35)
def test_one_address_cannot_try_one_password_on_many_accounts(world: World) -> None:
    with world.working() as work:
        for number in range(ADDRESS_TRIES - 1):
            key = by_address("10.0.0.9").key(world.realm)
            work.store.attempts.count(key, work.now, WINDOW_SECONDS)
            assert number < ADDRESS_TRIES
    assert prove(world, "person", address="10.0.0.9") == "person"
    with pytest.raises(SignInRefused) as last:
        prove(world, "agent", "wrong", "10.0.0.9")
    assert last.value.tries_left == 0
    with pytest.raises(SignInPaused):
        prove(world, "somebody", "wrong", "10.0.0.9")
    assert prove(world, "person", address="10.0.0.10") == "person"


def test_what_was_typed_is_not_kept(world: World) -> None:
    with pytest.raises(SignInRefused):
        prove(world, PERSON_NUMBER, "wrong")
    kept = world_bytes(world)
    assert PERSON_NUMBER.encode() not in kept
    assert b"wrong" not in kept


def test_demo_accounts_are_refused_without_demo_data(world: World) -> None:
    with world.working() as work:
        number = "12010119290909006X"
        add_person(
            work, account="demo", name="演示", citizen_number=number, password=PASSWORD, demo=True
        )
    assert prove(world, "demo") == "demo"
    world.realm = dataclasses.replace(world.realm, demo_allowed=False)
    with pytest.raises(SignInRefused):
        prove(world, "demo")
    assert prove(world, "person") == "person"


@pytest.mark.line(35)
def test_an_unknown_account_costs_the_same_time(world: World) -> None:
    """Both compute one argon2id hash; without it the difference is some twentyfold."""

    def spent(account: str) -> float:
        best = 1.0
        for number in range(5):
            began = time.perf_counter()
            with pytest.raises(SignInRefused):
                prove(world, account if account == "person" else f"{account}{number}", "wrong")
            best = min(best, time.perf_counter() - began)
        return best

    known, unknown = spent("person"), spent("nobody")
    assert 0.4 < known / unknown < 2.5


def test_hashing_is_bounded_and_says_when_it_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.01)
    for _ in range(hashing.AT_ONCE):
        assert hashing._places.acquire(timeout=5)
    try:
        with pytest.raises(SignInBusy):
            hashing.matches(hashing.NOBODY, "x")
    finally:
        hashing._places.release(hashing.AT_ONCE)
    assert not hashing.matches(hashing.NOBODY, "x")
    assert not hashing.matches("no hash at all", "x")


@pytest.mark.line(36)
def test_passwords_are_kept_as_argon2id_at_the_owasp_floor_or_above() -> None:
    found = re.match(
        r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", hashing.hash_password("x" * 12)
    )
    assert found is not None
    memory, passes, lanes = map(int, found.groups())
    assert (memory, passes, lanes) >= (19 * 1024, 2, 1)


def sign_in(site: Site, account: str, secret: str, language: str = "zh-CN") -> httpx.Response:
    browser = site.browser()
    browser.http.headers["Accept-Language"] = language
    return browser.submit(browser.http.get("/sign-in"), account=account, password=secret)


def test_the_page_says_the_tries_left_and_leads_to_the_field(site: Site) -> None:
    for left in (4, 3, 2, 1):
        pages = [sign_in(site, account, "wrong wrong wrong") for account in ("person", "ghost")]
        for page in pages:
            assert page.status_code == 400
            assert f"还可以再试 {left} 次" in page.text
            assert 'href="#account"' in page.text
            assert 'role="alert"' in page.text
        known, unknown = (_without_secrets(page.text) for page in pages)
        assert known.replace('value="person"', 'value="ghost"') == unknown
    sign_in(site, "person", "wrong")
    paused = sign_in(site, "person", PASSWORD)
    assert paused.status_code == 429
    assert paused.headers["retry-after"] == str(WINDOW_SECONDS)


def _without_secrets(page: str) -> str:
    return re.sub(r'name="csrf" value="[^"]*"|nonce="[^"]*"', "", page)


@pytest.mark.line(33)
def test_the_cookie_is_out_of_reach_and_new_at_each_sign_in(site: Site) -> None:
    browser = site.browser("person")
    seen = set()
    for _ in range(2):
        answer = browser.submit(browser.http.get("/sign-in"))
        cookie = answer.headers["set-cookie"]
        for attribute in ("HttpOnly", "SameSite=lax", "Path=/"):
            assert attribute in cookie
        seen.add(browser.http.cookies["haihe_session"])
    assert len(seen) == 2
    old = httpx.get(
        site.url + "/act-for",
        cookies={"haihe_session": (seen - {browser.http.cookies["haihe_session"]}).pop()},
    )
    assert old.headers["location"].startswith("/sign-in")
    assert not any(value.encode() in world_bytes(site.world) for value in seen)


def test_signing_in_by_oneself_leads_to_the_choice_and_then_back(site: Site) -> None:
    browser = site.browser()
    page = browser.http.get("/sign-in", params={"return_to": "/licences?x=1"})
    answer = browser.submit(page)
    assert answer.headers["location"] == "/act-for?return_to=%2Flicences%3Fx%3D1"
    answer = browser.submit(browser.http.get(answer.headers["location"]))
    assert answer.headers["location"] == "/licences?x=1"
    alone = site.browser("person")
    answer = alone.submit(alone.http.get("/sign-in?return_to=//evil.example"))
    assert answer.headers["location"] == "/"


def test_one_switches_without_signing_in_again(site: Site) -> None:
    browser = site.ready()
    page = browser.http.get("/act-for")
    texts = [button.text for button in form_of(page).buttons]
    assert "为自己办事" in texts[0]
    assert COMPANY in texts[1]
    assert "经办人" in texts[1]
    assert "查看和出示证照" in texts[1]
    browser.submit(page, party="self")
    assert "本人办理" in browser.http.get("/act-for").text


@pytest.mark.parametrize("party", ["f" * 32, "'", "演示", ""])
def test_nobody_acts_for_whom_gave_them_no_mandate(site: Site, party: str) -> None:
    browser = site.ready()
    answer = browser.submit(browser.http.get("/act-for"), party=party)
    assert answer.status_code == 400
    assert "没有授权给您" in answer.text


@pytest.mark.parametrize(("idle", "kept"), [(IDLE_SECONDS - 1, True), (IDLE_SECONDS, False)])
def test_after_half_an_hour_without_use_one_signs_in_again(
    site: Site, idle: int, kept: bool
) -> None:
    browser, clock = site.ready(), site.world.clock
    clock.now += IDLE_SECONDS - 1
    assert browser.http.get("/act-for").status_code == 200
    clock.now += idle
    assert (browser.http.get("/act-for").status_code == 200) is kept


@pytest.mark.parametrize("path", ["/sign-in", "/act-for", "/consent", "/sign-out"])
def test_a_form_from_elsewhere_is_refused(site: Site, path: str) -> None:
    assert site.ready().http.post(path, data={"party": "self"}).status_code == 403


def test_no_text_is_left_untranslated(site: Site) -> None:
    browser = site.ready()
    browser.http.headers["Accept-Language"] = "en"
    asked = request_of(prompt="consent", scope=" ".join(EVERYTHING))
    consent = browser.http.get("/authorize", params=asked).headers["location"]
    faulty = "/authorize?client_id=nobody"
    paths = ("/sign-in", "/act-for", "/sign-out", consent, faulty, "/authorize?flow=old")
    pages = [browser.http.get(path) for path in paths]
    pages.append(sign_in(site, "ghost", "wrong", "en"))
    for page in pages:
        main = page.text.partition("<main")[2].partition("</main>")[0]
        bare = re.sub(r'<span lang="zh-CN">.*?</span>', "", main)
        assert len(bare) > 100
        assert not re.findall(r"[\u4e00-\u9fff]+", bare), page.url
