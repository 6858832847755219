"""Details of an authorization (RFC 9396) and the interfaces a token is for (RFC 8707)."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from identity.apps.clients import STANDARD
from identity.apps.options import Options
from identity.asking.acting_details import ACTIONS, Acting
from identity.asking.details import MOST_DETAILS, details_at, read_details
from identity.discovery import describe
from identity.errors import BadDetails
from service.licence_details import LicenceUse
from tests.identity.browser import VERIFIER, Browser, basic, form_of, query, request_of, told
from tests.identity.conftest import Site
from tests.identity.holding import claims_of
from tests.identity.pushing import add_bank, link
from tests.identity.signing import add_signer, assertion, proving
from tests.identity.world import REDIRECT, SERVICE_SECRET, TAX, WATER

line = pytest.mark.line
USE = {
    "type": "licence_use",
    "licence_type": "business-licence",
    "matter": "open-restaurant",
    "purpose": "开办餐饮店",
}
ACT = {"type": "acting", "actions": ["licences", "show"]}
BOTH = ("licence_use", "acting")
APP = "detailed"
TYPES = {"licence_use": LicenceUse(), "acting": Acting()}


def add_app(site: Site) -> None:
    add_bank(site.world, APP, profile=STANDARD, authorization_details_types=BOTH)


@pytest.fixture
def app(site: Site) -> Site:
    add_app(site)
    return site


def text(*details: Any) -> str:
    return json.dumps(details, ensure_ascii=False)


def ask(client_id: str = APP, *resources: str, **changes: str | None) -> str:
    """A request as a query string; `resource` as often as wanted."""
    repeated = urlencode([("resource", each) for each in resources])
    return query(request_of(client_id=client_id, **changes)) + ("&" + repeated if repeated else "")


def told_app(browser: Browser, asked: str) -> dict[str, str]:
    return browser.walk(browser.http.get("/authorize?" + asked))


def token(site: Site, *resources: str, client_id: str = APP, **form: str) -> httpx.Response:
    """Ask the token endpoint, with an assertion."""
    fields = {**form, **proving(assertion(site.world, client_id))}
    pairs = [*fields.items(), *(("resource", each) for each in resources)]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return site.browser().http.post("/token", content=urlencode(pairs), headers=headers)


def redeem(site: Site, code: str, *resources: str, **form: str) -> httpx.Response:
    usual = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return token(site, *resources, **(usual | form))


def refresh(site: Site, tokens: dict[str, Any], *resources: str, **form: str) -> httpx.Response:
    usual = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return token(site, *resources, **(usual | form))


def introspected(site: Site, text: str) -> dict[str, Any]:
    form = {"token": text, **proving(assertion(site.world, APP))}
    return dict(site.browser().http.post("/introspect", data=form).json())


def all_details(site: Site) -> list[dict[str, Any]]:
    """What is granted when everything is asked for."""
    add_app(site)
    code = told_app(site.browser(), ask(authorization_details=text(USE, ACT)))["code"]
    return list(redeem(site, code).json()["authorization_details"])


# Details.


def test_details_are_shown_in_plain_words_and_agreed_to_each_time(app: Site) -> None:
    browser = app.browser()
    told_app(browser, ask())
    for language, words in (
        ("zh-CN", ("使用一份电子证照", "营业执照", "开办餐饮店", "查看证照、出示证照")),
        ("en", ("Use a licence", "Business licence", "Open a restaurant", "see licences")),
    ):
        asked = ask(authorization_details=text(USE, ACT), ui_locales=language)
        page = browser.http.get("/authorize?" + asked, follow_redirects=True)
        assert form_of(page).action == "/consent"
        for word in words:
            assert word in page.text
    assert told_app(browser, ask(prompt="none"))["code"]
    silent = told_app(browser, ask(prompt="none", authorization_details=text(USE)))
    assert silent["error"] == "consent_required"


def test_details_stand_in_the_answer_the_token_and_introspection(app: Site) -> None:
    code = told_app(app.browser(), ask(authorization_details=text(USE, ACT)))["code"]
    tokens = redeem(app, code).json()
    assert tokens["authorization_details"] == [USE, ACT]
    assert claims_of(tokens["access_token"])["authorization_details"] == [USE, ACT]
    assert introspected(app, tokens["access_token"])["authorization_details"] == [USE, ACT]
    assert introspected(app, tokens["refresh_token"])["authorization_details"] == [USE, ACT]
    assert "authorization_details" not in claims_of(tokens["id_token"])
    again = refresh(app, tokens).json()
    assert again["authorization_details"] == [USE, ACT]


def test_without_details_nothing_is_said_of_them(app: Site) -> None:
    tokens = redeem(app, told_app(app.browser(), ask())["code"]).json()
    assert "authorization_details" not in tokens
    assert "authorization_details" not in claims_of(tokens["access_token"])


def test_a_token_may_be_asked_for_less_but_not_for_more(app: Site) -> None:
    asked = ask(authorization_details=text(USE, ACT))
    code = told_app(app.browser(), asked)["code"]
    more = text({**ACT, "actions": ["verify"]})
    refused = redeem(app, code, authorization_details=more)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_authorization_details")
    tokens = redeem(app, code, authorization_details=text(ACT)).json()  # nothing was used up
    assert tokens["authorization_details"] == [ACT]
    assert refresh(app, tokens, authorization_details=more).status_code == 400
    assert refresh(app, tokens, authorization_details=text(USE)).json()[
        "authorization_details"
    ] == [USE]


@pytest.mark.parametrize(
    "details",
    [
        "[", "{}", "[]", '"x"', "null", "[1]", "[{}]", '[{"type": 1}]', "[" * 4000,
        text({"type": "unknown"}),
        text({**USE, "extra": "x"}),
        text({"type": "licence_use", "licence_type": "business-licence"}),
        text({**USE, "licence_type": "nothing"}),
        text({**USE, "matter": "nothing"}),
        text({**USE, "matter": "school-enrolment"}),
        text({**USE, "purpose": ""}),
        text({**USE, "purpose": "x" * 201}),
        text({**USE, "purpose": "a\nb"}),
        text({**USE, "purpose": ["x"]}),
        json.dumps([{**USE, "purpose": "\ud800"}]),
        text({**ACT, "actions": []}),
        text({**ACT, "actions": ["everything"]}),
        text({**ACT, "actions": ["show", "show"]}),
        text({**ACT, "actions": "show"}),
        text({**ACT, "actions": [{}]}),
        text({**ACT, "locations": []}),
        text({**ACT, "locations": "x"}),
        text({**ACT, "locations": [{}]}),
        text({**ACT, "locations": ["https://unknown.example"]}),
        text(*[ACT] * (MOST_DETAILS + 1)),
        text({**USE, "purpose": "x" * 4096}),
    ],
    ids=range(31),
)  # fmt: skip
def test_details_that_cannot_be_are_refused(app: Site, details: str) -> None:
    said = told_app(app.browser(), ask(authorization_details=details))
    assert said["error"] == "invalid_authorization_details"
    assert said["state"] == "the state"


def test_the_longest_details_are_taken() -> None:
    assert len(read_details(text(*[ACT] * MOST_DETAILS), TYPES, BOTH, ())) == MOST_DETAILS
    longest = {**USE, "purpose": "用" * 200}
    assert read_details(text(longest), TYPES, BOTH, ()) == (longest,)
    every = {"type": "acting", "actions": list(ACTIONS)}
    assert read_details(text(every), TYPES, BOTH, ()) == (every,)


def test_an_app_gets_only_details_of_types_that_it_registered(site: Site) -> None:
    add_bank(site.world, "acts", profile=STANDARD, authorization_details_types=("acting",))
    browser = site.browser()
    refused = told_app(browser, ask("acts", authorization_details=text(USE)))
    assert refused["error"] == "invalid_authorization_details"
    assert told_app(browser, ask("acts", authorization_details=text(ACT)))["code"]
    refused = told_app(browser, ask("web", authorization_details=text(ACT)))
    assert refused["error"] == "invalid_authorization_details"
    with pytest.raises(BadDetails):
        read_details(text(ACT), {}, ("acting",), ())


def test_details_may_be_pushed(app: Site) -> None:
    form = {**request_of(client_id=APP), **proving(assertion(app.world, APP))}
    http = app.browser().http
    answer = http.post("/par", data={**form, "authorization_details": text(USE)})
    code = app.browser().authorize(link(answer, APP))["code"]
    assert redeem(app, code).json()["authorization_details"] == [USE]
    form |= proving(assertion(app.world, APP))
    answer = http.post("/par", data={**form, "authorization_details": "[]"})
    assert answer.json()["error"] == "invalid_authorization_details"


def test_an_app_may_get_details_for_itself(site: Site) -> None:
    options = {"authorization_details_types": ("acting",)}
    add_signer(site.world, "detailed-service")
    add_service(site, "acting-service", **options)
    form = {"grant_type": "client_credentials", "authorization_details": text(ACT)}
    tokens = token(site, client_id="acting-service", **form).json()
    assert tokens["authorization_details"] == [ACT]
    assert claims_of(tokens["access_token"])["authorization_details"] == [ACT]
    refused = token(site, client_id="detailed-service", **form)
    assert refused.json()["error"] == "invalid_authorization_details"


def add_service(site: Site, client_id: str, **options: Any) -> None:
    add_signer(site.world, client_id, options=Options(**options))


# Interfaces.


@line(24)
def test_a_token_is_for_our_own_interface_unless_another_is_named(app: Site) -> None:
    tokens = redeem(app, told_app(app.browser(), ask())["code"]).json()
    assert claims_of(tokens["access_token"])["aud"] == app.url + "/api"


@line(24)
def test_a_token_for_another_interface_opens_nothing_here(app: Site) -> None:
    tokens = redeem(app, told_app(app.browser(), ask(APP, TAX))["code"]).json()
    access = tokens["access_token"]
    assert claims_of(access)["aud"] == TAX
    headers = {"Authorization": f"Bearer {access}"}
    assert app.browser().http.get("/userinfo", headers=headers).status_code == 401
    seen = introspected(app, access)
    assert (seen["active"], seen["aud"]) == (True, TAX)
    form = {"token": access, **proving(assertion(app.world, APP))}
    assert app.browser().http.post("/revoke", data=form).status_code == 200
    assert introspected(app, access) == {"active": False}


def test_several_interfaces_may_be_named_and_narrowed(app: Site) -> None:
    own = app.url + "/api"
    tokens = redeem(app, told_app(app.browser(), ask(APP, TAX, WATER, own, TAX))["code"]).json()
    assert claims_of(tokens["access_token"])["aud"] == [TAX, WATER, own]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert app.browser().http.get("/userinfo", headers=headers).status_code == 200
    narrowed = refresh(app, tokens, WATER).json()
    assert claims_of(narrowed["access_token"])["aud"] == WATER
    wide = refresh(app, narrowed).json()
    assert claims_of(wide["access_token"])["aud"] == [TAX, WATER, own]


@line(24)
def test_no_more_interfaces_than_were_granted(app: Site) -> None:
    code = told_app(app.browser(), ask(APP, TAX))["code"]
    for wanted in ((WATER,), (app.url + "/api",), (TAX, WATER), ("https://unknown.example",)):
        refused = redeem(app, code, *wanted)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    tokens = redeem(app, code, TAX).json()
    assert refresh(app, tokens, WATER).json()["error"] == "invalid_target"
    assert claims_of(refresh(app, tokens, TAX).json()["access_token"])["aud"] == TAX
    plain = redeem(app, told_app(app.browser(), ask())["code"]).json()
    assert refresh(app, plain, TAX).json()["error"] == "invalid_target"
    assert refresh(app, plain, app.url + "/api").status_code == 200


@pytest.mark.parametrize(
    "resource",
    ["https://unknown.example", "/api", "x", TAX + "#x", TAX + "/", TAX + "?x", f"{TAX} {WATER}"],
)
def test_an_interface_that_is_not_known_is_refused(app: Site, resource: str) -> None:
    assert told_app(app.browser(), ask(APP, resource))["error"] == "invalid_target"
    assert told_app(app.browser(), ask(APP, TAX, resource))["error"] == "invalid_target"


@line(12)
def test_only_resource_may_come_twice(app: Site) -> None:
    http = app.browser().http
    for name, value in request_of(client_id=APP).items():
        answer = http.get("/authorize?" + ask(APP, TAX, WATER) + "&" + urlencode({name: value}))
        if name in {"client_id", "redirect_uri"}:
            assert answer.status_code == 400
        else:
            assert told(answer.headers["location"])["error"] == "invalid_request"


def test_interfaces_may_be_pushed(app: Site) -> None:
    pairs = [*request_of(client_id=APP).items(), *proving(assertion(app.world, APP)).items()]
    body = urlencode([*pairs, ("resource", TAX), ("resource", WATER)])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = app.browser().http.post("/par", content=body, headers=headers)
    code = app.browser().authorize(link(answer, APP))["code"]
    assert claims_of(redeem(app, code).json()["access_token"])["aud"] == [TAX, WATER]


def test_an_app_may_have_a_token_of_its_own_for_an_interface(site: Site) -> None:
    proof = basic("service", SERVICE_SECRET)
    form = {"grant_type": "client_credentials", "resource": TAX}
    answer = site.browser().http.post("/token", data=form, headers=proof).json()
    assert claims_of(answer["access_token"])["aud"] == TAX
    form["resource"] = "https://unknown.example"
    refused = site.browser().http.post("/token", data=form, headers=proof)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")


@line(24)
def test_details_for_another_interface_stay_out_of_a_token(app: Site) -> None:
    there, anywhere = {**ACT, "locations": [TAX]}, USE
    asked = ask(APP, TAX, WATER, authorization_details=text(there, anywhere))
    tokens = redeem(app, told_app(app.browser(), asked)["code"], WATER).json()
    assert tokens["authorization_details"] == [anywhere]
    at_tax = refresh(app, tokens, TAX).json()
    assert claims_of(at_tax["access_token"])["authorization_details"] == [there, anywhere]
    assert details_at((there,), [WATER]) == ()


def test_the_person_sees_which_other_systems_will_take_the_token(app: Site) -> None:
    browser = app.browser()
    told_app(browser, ask())
    page = browser.http.get("/authorize?" + ask(APP, TAX, prompt="consent"), follow_redirects=True)
    assert TAX in page.text
    page = browser.http.get("/authorize?" + ask(prompt="consent"), follow_redirects=True)
    assert "这些系统" not in page.text


def test_discovery_names_the_types_there_are(site: Site) -> None:
    metadata = site.browser().http.get("/.well-known/openid-configuration").json()
    assert metadata["authorization_details_types_supported"] == ["acting", "licence_use"]
    assert describe(site.url)["authorization_details_types_supported"] == []
