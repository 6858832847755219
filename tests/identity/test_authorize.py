"""The authorization endpoint over HTTP: who is sent where, and who is never sent away."""

import httpx
import pytest

from identity.signing.tokens import ID, verify_signature
from tests.identity.browser import form_of, request_of, told
from tests.identity.conftest import Site
from tests.identity.world import COMPANY, COMPANY_CODE, PASSWORD, REDIRECT

line = pytest.mark.line


def get(site: Site, **changes: str | None) -> httpx.Response:
    return site.browser().http.get("/authorize", params=request_of(**changes))


def test_a_person_signs_in_chooses_allows_and_the_app_gets_a_code(site: Site) -> None:
    browser = site.browser()
    answer = browser.authorize(request_of())
    assert browser.pages == ["/sign-in", "/act-for", "/consent"]
    assert set(answer) == {"code", "state", "iss"}
    assert answer["state"] == "the state"
    assert answer["iss"] == site.url


def test_the_second_app_asks_for_consent_only_and_the_second_time_for_nothing(site: Site) -> None:
    browser = site.browser()
    browser.authorize(request_of(scope="openid"))
    browser.pages.clear()
    browser.authorize(request_of(client_id="public", scope="openid"))
    assert browser.pages in (["/consent"], [])
    browser.pages.clear()
    browser.authorize(request_of(client_id="public", scope="openid"))
    assert browser.pages == []


def test_who_has_no_mandate_is_not_asked_for_whom(site: Site) -> None:
    browser = site.browser("person")
    assert "code" in browser.authorize(request_of(scope="openid", prompt="consent"))
    assert browser.pages == ["/sign-in", "/consent"]


@line(1)
@line(2)
@line(3)
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"client_id": None}, "no app"),
        ({"client_id": "nobody"}, "no app"),
        ({"client_id": "service"}, "no redirect_uri"),
        ({"redirect_uri": None}, "not registered"),
        ({"redirect_uri": REDIRECT + "/"}, "differ from character 25"),
        ({"redirect_uri": REDIRECT + "?x=1"}, "not registered"),
        ({"redirect_uri": "http://127.0.0.1.evil.example:4999/cb"}, "not registered"),
        ({"redirect_uri": "http://127.0.0.1:4999@evil.example/cb"}, "not registered"),
        ({"redirect_uri": "https://other.example/cb"}, "not registered"),
        ({"redirect_uri": 'http://"<script>演示\\'}, "not registered"),
    ],
)
def test_a_bad_client_or_address_gets_a_page_and_never_a_redirect(
    site: Site, changes: dict[str, str | None], why: str
) -> None:
    answer = get(site, **changes)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert why in answer.text
    assert "<script>演示" not in answer.text


@line(2)
@line(12)
def test_a_repeated_client_or_address_gets_a_page(site: Site) -> None:
    for name in ("client_id", "redirect_uri"):
        pairs = [*request_of().items(), (name, request_of()[name])]
        assert site.browser().http.get("/authorize", params=pairs).status_code == 400


@pytest.mark.parametrize("body", ["%00=1", "a=%ff", "x" * 20000, "&".join(["a=1"] * 100)])
def test_garbage_gets_a_page(site: Site, body: str) -> None:
    assert site.browser().http.get(f"/authorize?{body}").status_code == 400


@pytest.mark.parametrize("name", ["state", "nonce", "client_id", "flow"])
def test_a_nul_that_a_database_may_refuse_gets_a_page(site: Site, name: str) -> None:
    assert get(site, **{name: "a\0b"}).status_code == 400


@line(1)
@pytest.mark.parametrize("port", ["", ":1", ":65535"])
def test_only_the_port_of_a_loopback_address_may_vary(site: Site, port: str) -> None:
    answer = get(site, redirect_uri=f"http://127.0.0.1{port}/cb", prompt="none")
    assert answer.headers["location"].startswith(f"http://127.0.0.1{port}/cb?error=login_required")


@line(4)
@line(8)
@line(9)
@line(10)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": '"演示'}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "nothing known"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"request": "x.y.z"}, "invalid_request_object"),
        ({"request_uri": "https://x.example"}, "invalid_request_uri"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "surprise"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"max_age": "9" * 5000}, "invalid_request"),
        ({"state": "s" * 3000}, "invalid_request"),
    ],
)
def test_other_faults_are_told_to_the_app_with_state_and_iss(
    site: Site, changes: dict[str, str | None], error: str
) -> None:
    answer = get(site, **changes)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT + "?")
    said = told(answer.headers["location"])
    assert said["error"] == error
    assert said["iss"] == site.url
    assert said["state"] == request_of(**changes)["state"]


@line(12)
@pytest.mark.parametrize("name", ["scope", "state", "nonce", "code_challenge", "made_up"])
def test_a_repeated_parameter_is_told_to_the_app(site: Site, name: str) -> None:
    pairs = [*request_of().items(), (name, "1"), (name, "2")]
    answer = site.browser().http.get("/authorize", params=pairs)
    assert told(answer.headers["location"])["error"] == "invalid_request"


def test_an_unknown_parameter_is_let_pass(site: Site) -> None:
    assert "code" in site.browser().authorize(request_of(made_up="1", display="page"))


def test_a_request_may_come_by_post_and_finds_the_sign_in_that_is_there(site: Site) -> None:
    browser = site.browser()
    browser.authorize(request_of(scope="openid"))
    first = httpx.post(site.url + "/authorize", data=request_of(scope="openid", prompt="none"))
    assert first.status_code == 303
    assert "code" in browser.walk(browser.http.get(first.headers["location"]))


def test_an_address_with_a_query_of_its_own_keeps_it(site: Site) -> None:
    with site.world.working() as work:
        client = work.store.clients.find("web")
        assert client is not None
        changed = vars(client) | {"client_id": "queried", "redirect_uris": (REDIRECT + "?a=1",)}
        work.store.clients.add(type(client)(**changed), work.now)
    asked = request_of(client_id="queried", redirect_uri=REDIRECT + "?a=1", prompt="none")
    answer = site.browser().http.get("/authorize", params=asked)
    assert answer.headers["location"].startswith(REDIRECT + "?a=1&error=login_required&")


@line(15)
def test_prompt_none_never_shows_a_page(site: Site) -> None:
    browser = site.browser()

    def ask(**changes: str) -> dict[str, str]:
        parameters = request_of(**({"prompt": "none", "scope": "openid legal_person"} | changes))
        return told(browser.http.get("/authorize", params=parameters).headers["location"])

    assert ask()["error"] == "login_required"
    browser.submit(browser.http.get("/sign-in"))
    assert ask()["error"] == "account_selection_required"
    browser.submit(browser.http.get("/act-for"))
    fresh = {"client_id": "public", "scope": "openid licence.issue"}
    assert ask(**fresh)["error"] == "consent_required"
    browser.authorize(request_of(scope="openid legal_person"))
    assert "code" in ask()


@line(15)
def test_prompt_login_really_signs_in_again_even_within_the_same_second(site: Site) -> None:
    browser = site.browser()
    browser.authorize(request_of())
    before = browser.http.cookies["haihe_session"]
    browser.pages.clear()
    browser.authorize(request_of(prompt="login"))
    assert browser.pages[0] == "/sign-in"
    assert browser.http.cookies["haihe_session"] != before


@pytest.mark.parametrize(
    ("age", "max_age", "again"), [(9, 10, False), (10, 10, False), (11, 10, True), (0, 0, True)]
)
def test_max_age_asks_for_a_new_sign_in_when_the_last_is_older(
    site: Site, age: int, max_age: int, again: bool
) -> None:
    browser = site.browser()
    browser.authorize(request_of())
    browser.pages.clear()
    site.world.clock.now += age
    code = browser.authorize(request_of(max_age=str(max_age)))["code"]
    assert ("/sign-in" in browser.pages) is again
    claims = verify_signature(site.world.realm.keys, ID, browser.redeem(code).json()["id_token"])
    assert claims["auth_time"] == site.world.clock.now - (0 if again else age)


def test_prompt_select_account_and_consent_show_their_pages(site: Site) -> None:
    browser = site.browser()
    browser.authorize(request_of())
    browser.pages.clear()
    browser.authorize(request_of(prompt="select_account consent"))
    assert browser.pages == ["/act-for", "/consent"]


def test_another_identity_needs_its_own_consent(site: Site) -> None:
    browser = site.browser()
    first = browser.tokens(scope="openid licence.verify")
    browser.party = "演示·张强"
    browser.pages.clear()
    second = browser.tokens(scope="openid licence.verify", prompt="select_account")
    assert browser.pages == ["/act-for", "/consent"]
    subjects = [
        verify_signature(site.world.realm.keys, ID, tokens["id_token"])["sub"]
        for tokens in (first, second)
    ]
    assert subjects[0] != subjects[1]


def test_id_token_hint_of_the_same_party_passes_and_of_another_does_not(site: Site) -> None:
    browser = site.browser()
    hint = browser.tokens()["id_token"]
    ask = {"prompt": "none", "id_token_hint": hint}
    assert "code" in browser.authorize(request_of(**ask))
    other = site.browser("person")
    other.authorize(request_of(prompt="consent"))
    answer = other.http.get("/authorize", params=request_of(**ask))
    assert told(answer.headers["location"])["error"] == "account_selection_required"
    forged = request_of(prompt="none", id_token_hint=hint[:-4] + "AAAA")
    answer = browser.http.get("/authorize", params=forged)
    assert "error" in told(answer.headers["location"])


def test_a_hint_that_is_still_not_met_after_choosing_ends_in_login_required(site: Site) -> None:
    hint = site.browser().tokens()["id_token"]
    browser = site.browser("person")
    browser.party = "演示·李明"
    answer = browser.authorize(request_of(id_token_hint=hint, scope="openid"))
    assert answer["error"] == "login_required"


def test_refusing_is_told_to_the_app(site: Site) -> None:
    browser = site.browser("person")
    page = browser.http.get("/authorize", params=request_of(scope="openid", prompt="consent"))
    page = browser.http.get(page.headers["location"])
    step = browser.http.get(browser.submit(page).headers["location"])
    page = browser.http.get(step.headers["location"])
    assert page.url.path == "/consent"
    for decision in ("refuse", "", "Allow"):
        answer = told(browser.submit(page, decision=decision).headers["location"])
        assert answer == {
            "error": "access_denied",
            "error_description": answer["error_description"],
            "state": "the state",
            "iss": site.url,
        }


def test_consent_in_ones_own_browser_opens_nothing_in_anothers(site: Site) -> None:
    attacker, victim = site.browser("person"), site.browser()
    victim.authorize(request_of(client_id="public", scope="openid legal_person", prompt="consent"))
    asked = request_of(scope="openid licence.issue licence.verify", prompt="consent")
    page = attacker.http.get("/authorize", params=asked)
    page = attacker.http.get(page.headers["location"])
    step = attacker.http.get(attacker.submit(page).headers["location"])
    page = attacker.http.get(step.headers["location"])
    allowed = attacker.submit(page, decision="allow").headers["location"]
    shown = victim.http.get(allowed)
    assert shown.headers["location"].startswith("/consent?")


def test_the_pages_name_the_app_from_the_register_and_may_lead_to_it(site: Site) -> None:
    browser = site.browser()
    page = browser.http.get(get(site, client_name="演示·骗子").headers["location"])
    assert "演示·点餐应用" in page.text
    assert "演示·骗子" not in page.text
    assert "form-action 'self' http://127.0.0.1:4999" in page.headers["content-security-policy"]
    plain = browser.http.get("/sign-in")
    assert "4999" not in plain.headers["content-security-policy"]


def test_the_consent_page_lists_all_that_is_asked_and_nothing_else(site: Site) -> None:
    browser = site.browser("person")
    asked = request_of(scope="openid profile", prompt="consent")
    page = browser.http.get("/authorize", params=asked)
    step = browser.http.get(
        browser.submit(browser.http.get(page.headers["location"])).headers["location"]
    )
    text = browser.http.get(step.headers["location"]).text
    assert "您的姓名" in text
    assert "三十天" not in text
    assert "checkbox" not in text


def test_an_expired_flow_says_so_on_a_page(site: Site) -> None:
    browser = site.browser()
    address = get(site).headers["location"]
    site.world.clock.now += 3600
    for target in (address, address.replace("/sign-in", "/authorize"), "/authorize?flow=made-up"):
        page = browser.http.get(target)
        assert page.status_code == 400
        assert "回到首页" in page.text


def test_the_language_an_app_asks_for_reaches_the_page(site: Site) -> None:
    page = site.browser().http.get(get(site, ui_locales="en").headers["location"])
    assert 'lang="en"' in page.text
    assert "Account name or citizen number" in page.text


def test_login_hint_fills_the_field_unless_it_is_a_citizen_number(site: Site) -> None:
    hinted = get(site, login_hint="agent").headers["location"]
    assert form_of(site.browser().http.get(hinted)).fields["account"] == "agent"
    number = "120101192711230039"
    numbered = get(site, login_hint=number).headers["location"]
    assert number not in numbered
    assert form_of(site.browser().http.get(numbered)).fields["account"] == ""


@line(30)
def test_no_answer_may_be_stored(site: Site) -> None:
    answer = get(site)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@line(40)
def test_no_personal_number_is_in_any_address_of_the_flow(site: Site) -> None:
    browser = site.browser("120101192711230039")
    seen: list[str] = []
    browser.http.event_hooks["request"].append(lambda request: seen.append(str(request.url)))
    browser.authorize(request_of())
    assert len(seen) > 5
    assert not [url for url in seen if "120101192711230039" in url or COMPANY_CODE in url]
    assert not [url for url in seen if PASSWORD in url or COMPANY in url]
