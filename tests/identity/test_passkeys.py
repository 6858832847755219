"""Passkeys: what an authenticator's answer has to be, once, and what tokens say of it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.errors import PasskeyRefused
from identity.people.assurance import RECENT_SECONDS, acr_of
from identity.people.passkeys import place_of, read_assertion, read_registration
from identity.people.sessions import cookie_name
from identity.sign_in.passkey import CHALLENGE_SECONDS
from identity.signing.tokens import ID, verify_signature
from service.tour.forms import read_forms
from tests.identity.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Authenticator,
    b64,
    passkey_form,
)
from tests.identity.browser import Browser, request_of
from tests.identity.conftest import Site
from tests.identity.test_two_steps import KEY as TOTP_KEY
from tests.identity.test_two_steps import enrolled, present, send_code
from tests.identity.world import PASSWORD

PAGE = "/account/passkeys"


@pytest.fixture
def person(named: Site) -> Iterator[Browser]:
    """Somebody who signed in with a password and has nothing else."""
    forget(named)
    browser = named.browser("person")
    browser.submit(browser.http.get("/sign-in"))
    yield browser
    forget(named)


def forget(site: Site) -> None:
    person_id = site.world.person("person").person_id
    with site.world.working() as work:
        work.store.passkeys.remove_all(person_id)
        work.store.factors.remove(person_id)


def register(browser: Browser, device: Authenticator, name: str = "我的手机") -> httpx.Response:
    form, options = passkey_form(browser.http.get(PAGE))
    fields = {**form.fields, "name": name, "credential": device.make(options)}
    return browser.http.post(PAGE, data=fields)


def registered(browser: Browser, **lies: Any) -> Authenticator:
    device = Authenticator(browser.url, **lies)
    answer = register(browser, device)
    assert answer.headers["location"] == f"{PAGE}?done=add", answer.text
    return device


def answer_with(browser: Browser, device: Authenticator, page: httpx.Response) -> httpx.Response:
    form, options = passkey_form(page)
    fields = {**form.fields, "credential": device.sign(options)}
    return browser.http.post(form.action, data=fields)


def sign_in(site: Site, device: Authenticator) -> httpx.Response:
    browser = site.browser("person")
    return answer_with(browser, device, browser.http.get("/sign-in"))


def id_token(site: Site, browser: Browser, answer: httpx.Response) -> dict[str, Any]:
    token = browser.redeem(browser.walk(answer)["code"]).json()["id_token"]
    return verify_signature(site.world.realm.keys, ID, token)


def keys_of(site: Site) -> list[Any]:
    person_id = site.world.person("person").person_id
    with site.world.working() as work:
        return list(work.store.passkeys.of_person(person_id))


def test_a_page_at_an_ip_address_offers_none(site: Site) -> None:
    assert "data-passkey" not in site.browser().http.get("/sign-in").text
    assert place_of("http://127.0.0.1:8000") is place_of("https://[::1]") is None
    place = place_of("https://id.example.gov:8443")
    assert place is not None
    assert (place.rp_id, place.origin) == ("id.example.gov", "https://id.example.gov:8443")


def test_the_browser_is_asked_for_a_discoverable_verified_key_that_it_has_not_yet(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    _, wanted = passkey_form(answer_step_up(person, device))
    assert wanted["attestation"] == "none"
    assert wanted["authenticatorSelection"]["residentKey"] == "required"
    assert wanted["authenticatorSelection"]["userVerification"] == "required"
    assert [each["id"] for each in wanted["excludeCredentials"]] == [b64(device.credential_id)]
    assert named.world.person("person").person_id not in json.dumps(wanted)
    page = named.browser().http.get("/sign-in")
    assert 'autocomplete="username webauthn"' in page.text
    _, asked = passkey_form(page)
    assert asked["userVerification"] == "required"
    assert asked["allowCredentials"] == []
    assert asked["rpId"] == "localhost"


def answer_step_up(browser: Browser, device: Authenticator) -> httpx.Response:
    """Raise a password's sign-in with a key; the page of keys."""
    page = browser.http.get("/second-factor", params={"return_to": PAGE})
    answer = answer_with(browser, device, page)
    assert answer.headers["location"] == PAGE, answer.text
    return browser.http.get(PAGE)


def test_a_passkey_signs_in_with_two_factors_and_says_so(named: Site, person: Browser) -> None:
    device = registered(person)
    browser = named.browser("person")
    asked = browser.http.get("/authorize", params=request_of())
    page = browser.http.get(asked.headers["location"])
    claims = id_token(named, browser, answer_with(browser, device, page))
    assert claims["acr"] == acr_of(3)
    assert claims["amr"] == ["pop", "hwk", "user", "mfa"]
    assert claims["auth_time"] == named.world.clock.now
    assert keys_of(named)[0].last_used_at == named.world.clock.now


@pytest.mark.parametrize(
    ("flags", "wish", "acr"),
    [
        (0, "phr", "phr"),
        (0, "phrh", "phrh"),
        (0, "phr phrh", "phrh"),
        (0, f"{acr_of(2)}", acr_of(3)),
        (ELIGIBLE | BACKED_UP, "phr", "phr"),
        (ELIGIBLE | BACKED_UP, "phrh phr", "phr"),
        (ELIGIBLE, "phrh", acr_of(3)),
    ],
)
@pytest.mark.line(38)
def test_line_38_a_key_is_resistant_to_phishing_and_only_one_that_stays_is_hardware(
    named: Site, person: Browser, flags: int, wish: str, acr: str
) -> None:
    device = registered(person, flags=PRESENT | VERIFIED | flags)
    browser = named.browser("person")
    asked = browser.http.get("/authorize", params=request_of(acr_values=wish))
    page = browser.http.get(asked.headers["location"])
    claims = id_token(named, browser, answer_with(browser, device, page))
    assert claims["acr"] == acr
    assert ("swk" if flags else "hwk") in claims["amr"]


LIES: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "http://localhost:1"},
    "a page in a page": {"client_data": {"crossOrigin": True}},
    "another domain": {"rp_id": "evil.example"},
    "nobody touched it": {"flags": VERIFIED},
    "nobody was verified": {"flags": PRESENT},
    "another ceremony": {"client_data": {"type": "webauthn.create"}},
    "a challenge of its own": {"client_data": {"challenge": b64(bytes(40))}},
    "another kind of key than before": {"flags": PRESENT | VERIFIED | ELIGIBLE},
    "backed up without being able to": {"flags": PRESENT | VERIFIED | BACKED_UP},
    "another person's handle": {"handle": bytes(32)},
    "no handle at all": {"handle": None},
    "an unknown key": {"credential_id": b"unknown"},
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.line(38)
def test_line_38_a_signature_for_anything_else_signs_nobody_in(
    named: Site, person: Browser, lie: str
) -> None:
    device = registered(person)
    for name, value in LIES[lie].items():
        setattr(device, name, value)
    answer = sign_in(named, device)
    assert answer.status_code == 400
    assert cookie_name(named.url) not in answer.headers.get("set-cookie", "")


@pytest.mark.line(38)
def test_line_38_another_key_under_the_same_name_signs_nobody_in(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    stranger = Authenticator(named.url, handle=device.handle, credential_id=device.credential_id)
    stranger.count = 10
    assert sign_in(named, stranger).status_code == 400
    assert sign_in(named, device).status_code == 303


@pytest.mark.parametrize("lie", [lie for lie in LIES if "handle" not in lie and "key" not in lie])
@pytest.mark.line(38)
def test_line_38_a_key_made_for_anything_else_is_not_taken_up(
    named: Site, person: Browser, lie: str
) -> None:
    changes = LIES[lie] | (
        {"client_data": {"type": "webauthn.get"}} if lie == "another ceremony" else {}
    )
    device = Authenticator(**({"origin": named.url} | changes))
    answer = register(person, device)
    assert answer.status_code == 400
    assert keys_of(named) == []


@pytest.mark.line(38)
def test_line_38_a_challenge_works_once_and_for_ten_minutes(named: Site, person: Browser) -> None:
    device = registered(person)
    browser = named.browser("person")
    form, options = passkey_form(browser.http.get("/sign-in"))
    fields = {**form.fields, "credential": device.sign(options)}
    assert browser.http.post("/sign-in", data=fields).status_code == 303
    again = browser.http.post("/sign-in", data=fields)
    assert again.status_code == 400
    device.count += 1
    fields["credential"] = device.sign(options)
    assert browser.http.post("/sign-in", data=fields).status_code == 400
    for wait, status in ((CHALLENGE_SECONDS - 1, 303), (CHALLENGE_SECONDS, 400)):
        page = browser.http.get("/sign-in")
        named.world.clock.now += wait
        assert answer_with(browser, device, page).status_code == status


@pytest.mark.line(38)
def test_line_38_of_many_answers_at_once_to_one_challenge_one_signs_in(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    browser = named.browser("person")
    form, options = passkey_form(browser.http.get("/sign-in"))
    answers = [{**form.fields, "credential": device.sign(options)} for _ in range(12)]

    def send(fields: dict[str, str]) -> int:
        return httpx.post(
            named.url + "/sign-in", data=fields, cookies=browser.http.cookies, timeout=30
        ).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(send, answers))
    assert statuses.count(303) == 1


@pytest.mark.line(38)
def test_line_38_a_key_whose_count_goes_back_is_dead_and_its_person_sees_it(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    for _ in range(3):
        assert sign_in(named, device).status_code == 303
    device.count = 1  # a copy that was made earlier
    assert sign_in(named, device).status_code == 400
    device.count = 50
    assert sign_in(named, device).status_code == 400
    assert keys_of(named)[0].refused_at == named.world.clock.now
    page = person.http.get(PAGE).text
    assert "可能被复制过" in page
    history = person.http.get("/account").text
    assert "没有成功" in history


@pytest.mark.parametrize(("counts", "status"), [((0, 0, 0), 303), ((0, 5, 5), 400)])
@pytest.mark.line(38)
def test_line_38_a_key_that_never_counts_is_fine_until_it_begins(
    named: Site, person: Browser, counts: tuple[int, ...], status: int
) -> None:
    device = registered(person, step=0)
    for count in counts:
        device.count = count
        last = sign_in(named, device).status_code
    assert last == status


def test_whether_a_key_is_backed_up_is_kept_up_to_date(named: Site, person: Browser) -> None:
    device = registered(person, flags=PRESENT | VERIFIED | ELIGIBLE)
    assert not keys_of(named)[0].backed_up
    device.flags |= BACKED_UP
    sign_in(named, device)
    assert keys_of(named)[0].backed_up


def test_a_key_is_registered_once(named: Site, person: Browser) -> None:
    device = registered(person)
    page = answer_step_up(person, device)
    form, options = passkey_form(page)
    again = person.http.post(PAGE, data={**form.fields, "credential": device.make(options)})
    assert again.status_code == 400
    assert len(keys_of(named)) == 1


def test_keys_are_renamed_and_removed_by_their_person_alone(named: Site, person: Browser) -> None:
    device = registered(person)
    page = answer_step_up(person, device)
    form = next(form for form in read_forms(page.text) if "key" in form.fields)
    rename = form.fields | {"act": "rename", "name": " 新\n名字 " + "长" * 50}
    assert person.http.post(PAGE, data=rename).headers["location"] == f"{PAGE}?done=rename"
    assert keys_of(named)[0].name == ("新 名字 " + "长" * 50)[:40]
    stranger = named.browser("reader")
    stranger.submit(stranger.http.get("/sign-in"))
    theirs = next(f for f in read_forms(stranger.http.get(PAGE).text) if f.action == PAGE)
    taken = theirs.fields | {"act": "remove", "key": form.fields["key"]}
    stranger.http.post(PAGE, data=taken)
    assert len(keys_of(named)) == 1
    person.http.post(PAGE, data=form.fields | {"act": "remove"})
    assert keys_of(named) == []
    assert sign_in(named, device).status_code == 400


def test_changing_keys_needs_a_fresh_sign_in_by_all_that_one_has(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    page = answer_step_up(person, device)
    form = next(form for form in read_forms(page.text) if "key" in form.fields)
    gone = form.fields | {"act": "remove"}
    named.world.clock.now += RECENT_SECONDS
    later = person.http.post(PAGE, data=gone)
    assert later.headers["location"].startswith("/sign-in?return_to=")
    assert "data-passkey" not in person.http.get(PAGE).text
    thief = named.browser("person")  # who knows the password alone
    thief.submit(thief.http.get("/sign-in"))
    fields = next(f for f in read_forms(thief.http.get("/account").text) if f.method == "post")
    stolen = gone | {"csrf": fields.fields["csrf"]}
    assert thief.http.post(PAGE, data=stolen).headers["location"].startswith("/second-factor")
    fresh = Authenticator(named.url, credential_id=b"thief")
    added = {
        **stolen,
        "act": "add",
        "credential": fresh.make({"challenge": "", "user": {"id": ""}}),
    }
    assert thief.http.post(PAGE, data=added).headers["location"].startswith("/second-factor")
    enrolment = thief.http.get("/account/second-factor")
    assert enrolment.headers["location"].startswith("/second-factor")
    assert len(keys_of(named)) == 1


@pytest.mark.line(39)
def test_line_39_a_key_raises_a_password_and_asks_only_for_itself(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    before = person.http.cookies[cookie_name(named.url)]
    asked = person.http.get("/authorize", params=request_of(acr_values="phr"))
    assert asked.headers["location"].startswith("/second-factor")
    page = person.http.get(asked.headers["location"])
    assert 'name="password"' not in page.text
    claims = id_token(named, person, answer_with(person, device, page))
    assert claims["acr"] == "phr"
    assert claims["amr"] == ["pwd", "pop", "hwk", "user", "mfa"]
    assert person.http.cookies[cookie_name(named.url)] != before


@pytest.mark.line(39)
def test_line_39_a_code_is_not_offered_where_only_a_key_is_enough(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    enrolled(named.world)
    browser = named.browser("person")
    page = browser.submit(browser.http.get("/sign-in"))
    assert {"code", "credential"} <= {name for f in read_forms(page.text) for name in f.fields}
    assert send_code(browser, page, present(named.world)).status_code == 303
    asked = browser.http.get("/authorize", params=request_of(acr_values="phr"))
    shown = browser.http.get(asked.headers["location"])
    assert 'name="code"' not in shown.text
    claims = id_token(named, browser, answer_with(browser, device, shown))
    assert claims["amr"] == ["pwd", "otp", "pop", "hwk", "user", "mfa"]
    assert TOTP_KEY


@pytest.mark.line(39)
def test_line_39_a_needed_name_that_nobody_can_reach_is_unmet_at_once(
    named: Site, person: Browser
) -> None:
    for value in ("phr", acr_of(4), "urn:unknown"):
        wish = {"id_token": {"acr": {"essential": True, "values": [value]}}}
        told = person.authorize(request_of(claims=json.dumps(wish)))
        assert told["error"] == "unmet_authentication_requirements"


@pytest.mark.line(39)
def test_line_39_a_needed_level_is_met_by_a_higher_one_under_the_name_that_was_asked(
    named: Site, person: Browser
) -> None:
    device = registered(person)
    answer_step_up(person, device)
    wish = {"id_token": {"acr": {"essential": True, "value": acr_of(2)}}}
    answer = person.http.get("/authorize", params=request_of(claims=json.dumps(wish)))
    assert id_token(named, person, answer)["acr"] == acr_of(2)


def test_somebody_elses_key_does_not_raise_a_sign_in(named: Site, person: Browser) -> None:
    device = registered(person)
    agent = named.browser("agent")
    agent.submit(agent.http.get("/sign-in"))
    own = Authenticator(named.url, credential_id=b"agent's")
    register(agent, own)
    page = agent.http.get("/second-factor")
    assert answer_with(agent, device, page).status_code == 400
    answer = answer_with(agent, own, agent.http.get("/second-factor"))
    assert answer.headers["location"] == "/"
    person_id = named.world.person("agent").person_id
    with named.world.working() as work:
        work.store.passkeys.remove_all(person_id)


def test_a_password_alone_still_signs_in_somebody_with_a_passkey_at_level_two(
    named: Site, person: Browser
) -> None:
    registered(person)
    browser = named.browser("person")
    claims = id_token(named, browser, browser.http.get("/authorize", params=request_of()))
    assert (claims["acr"], claims["amr"]) == (acr_of(2), ["pwd"])
    assert PASSWORD


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", "null", "{", "x" * 20_000, '{"id":1}', '"' * 9, "[" * 9000],
)
def test_what_is_no_answer_is_refused_in_words(named: Site, credential: str) -> None:
    browser = named.browser()
    form, _ = passkey_form(browser.http.get("/sign-in"))
    fields = {**form.fields, "credential": credential}
    assert browser.http.post("/sign-in", data=fields).status_code == 400


parts = st.binary(max_size=200).map(b64) | st.text(max_size=20)


@settings(max_examples=200, deadline=None)
@given(parts, parts, parts, parts)
def test_no_answer_breaks_the_reader(one: str, two: str, three: str, four: str) -> None:
    response = {
        "clientDataJSON": two,
        "authenticatorData": three,
        "signature": four,
        "attestationObject": three,
        "userHandle": four,
        "transports": [one],
    }
    text = json.dumps({"id": one, "rawId": one, "type": "public-key", "response": response})
    for read in (read_assertion, read_registration):
        with pytest.raises(PasskeyRefused):
            read(text)
