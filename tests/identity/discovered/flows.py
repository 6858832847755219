"""What may be asked for, how, and how it is answered."""

from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from identity.apps.clients import COMPATIBLE
from identity.issued.authority import FRAMEWORK
from identity.people.assurance import (
    HARDWARE_KEY,
    HARDWARE_PROTECTED,
    KEY,
    LEVELS,
    MFA_LEVEL,
    PASSWORD_METHODS,
    PHISHING_RESISTANT,
    PRESENT,
    SEVERAL,
    acr_of,
)
from identity.people.sessions import cookie_name
from identity.sign_in.methods import Proof
from identity.sign_in.signing_in import open_session
from identity.standing.acting import find_session
from service.tour.forms import read_forms
from tests.identity.browser import VERIFIER, basic, challenge_of
from tests.identity.conftest import Site
from tests.identity.discovered import exercises
from tests.identity.discovered.apps import acting, sign_in
from tests.identity.pushing import add_bank, request_object
from tests.identity.suite import asked, complete, id_token, userinfo
from tests.identity.test_device import add_terminal, allow, begin, poll
from tests.identity.test_exchange import add_back_ends, exchange, handed
from tests.identity.test_implicit import ALONE, BOTH, IMPLICIT, answer
from tests.identity.test_implicit import asked as asked_for_tokens
from tests.identity.test_registration import registered
from tests.identity.test_request_objects import CORE, unsigned
from tests.identity.test_request_objects import asked as asked_by_core
from tests.identity.world import EXACT_SECRET, REDIRECT, SERVICE_SECRET


@exercises("scopes_supported")
def a_scope_is_given(site: Site, scope: str) -> None:
    somebody = "agent" if scope == "mandate" else "reader"  # who has a mandate
    given = complete(site.browser(somebody), scope=f"openid {scope}")["scope"]
    assert scope in given.split()


@exercises("response_types_supported", "code")
def a_code_comes_back(site: Site, response_type: str) -> None:
    assert site.browser("reader").authorize(asked(response_type=response_type))["code"]


@exercises("response_types_supported", ALONE, BOTH)
def a_token_comes_back(site: Site, response_type: str) -> None:
    app = registered(site.browser(), **IMPLICIT)
    request = asked_for_tokens(app, response_type=response_type)
    assert answer(site.browser("reader"), request)[1]["id_token"]


@exercises("response_modes_supported", "fragment")
@exercises("grant_types_supported", "implicit")
def tokens_come_in_the_fragment(site: Site, entry: str) -> None:
    app = registered(site.browser(), **IMPLICIT)
    request = asked_for_tokens(app, response_mode="fragment")
    assert answer(site.browser("reader"), request)[1]["id_token"]


@exercises("response_modes_supported", "query")
def an_answer_comes_in_the_query(site: Site, mode: str) -> None:
    assert site.browser("reader").authorize(asked(response_mode=mode))["code"]


@exercises("response_modes_supported", "query.jwt", "jwt")
def an_answer_comes_signed(site: Site, mode: str) -> None:
    response = site.browser("reader").authorize(asked(response_mode=mode))["response"]
    keys = KeySet.import_key_set(site.browser().http.get("/jwks").json())
    claims = jwt.decode(response, keys, ["ES256"]).claims
    assert claims["code"]
    assert claims["aud"] == "exact"


@exercises("response_modes_supported", "form_post", "form_post.jwt")
def an_answer_is_posted(site: Site, mode: str) -> None:
    browser = site.browser("reader")
    complete(browser)
    page = browser.http.get("/authorize", params=asked(response_mode=mode))
    (form,) = [form for form in read_forms(page.text) if form.action == REDIRECT]
    assert ("response" if mode.endswith("jwt") else "code") in form.fields


@exercises("grant_types_supported", "authorization_code")
def a_code_is_redeemed(site: Site, grant: str) -> None:
    assert complete(site.browser("reader"))["access_token"]


@exercises("grant_types_supported", "refresh_token")
def a_refresh_token_is_used(site: Site, grant: str) -> None:
    browser = site.browser("reader")
    form = {"grant_type": grant, "refresh_token": complete(browser)["refresh_token"]}
    assert browser.token(basic("exact", EXACT_SECRET), **form).json()["access_token"]


@exercises("grant_types_supported", "client_credentials")
def an_app_acts_by_itself(site: Site, grant: str) -> None:
    answer = site.browser().token(basic("service", SERVICE_SECRET), grant_type=grant)
    assert answer.json()["access_token"]


@exercises("grant_types_supported", "urn:ietf:params:oauth:grant-type:device_code")
def a_terminal_signs_in(site: Site, grant: str) -> None:
    add_terminal(site.world)
    begun = begin(site)
    allow(site, begun)
    assert poll(site, begun).json()["access_token"]


@exercises("grant_types_supported", "urn:ietf:params:oauth:grant-type:token-exchange")
def an_app_acts_for_somebody(site: Site, grant: str) -> None:
    add_back_ends(site.world)
    assert exchange(site, handed(site)).json()["access_token"]


@exercises("subject_types_supported", "public")
def everybody_knows_one_name(site: Site, kind: str) -> None:
    assert len(_names_for_two_apps(site, kind)) == 1


@exercises("subject_types_supported", "pairwise")
def each_app_has_its_own_name(site: Site, kind: str) -> None:
    assert len(_names_for_two_apps(site, kind)) == 2


def _names_for_two_apps(site: Site, kind: str) -> set[str]:
    browser = site.browser("reader")
    apps = [registered(browser, subject_type=kind) for _ in range(2)]
    return {id_token(browser, sign_in(site, app, browser))["sub"] for app in apps}


@exercises("claim_types_supported", "normal")
def claims_are_plain_values(site: Site, kind: str) -> None:
    browser = site.browser("reader")
    told_claims = userinfo(browser, complete(browser, scope="openid profile"))
    assert not {"_claim_names", "_claim_sources"} & told_claims.keys()


@exercises("display_values_supported")
def a_display_is_taken(site: Site, display: str) -> None:
    complete(site.browser("reader"), display=display)


@exercises("code_challenge_methods_supported", "S256")
def a_challenge_is_checked(site: Site, method: str) -> None:
    browser = site.browser("reader")
    challenge = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": method}
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    for verifier, status in (("w" * 43, 400), (VERIFIER, 200)):
        code = browser.authorize(asked(**challenge))["code"]
        proof = basic("exact", EXACT_SECRET)
        answer = browser.token(proof, code=code, code_verifier=verifier, **form)
        assert answer.status_code == status


WITH_A_KEY = (KEY, HARDWARE_KEY, PRESENT, SEVERAL)


@exercises("acr_values_supported")
def a_level_is_told(site: Site, acr: str) -> None:
    """Levels come from how somebody signed in; each method's own tests hold which it gives."""
    level = next((each for each in LEVELS if acr_of(each) == acr), MFA_LEVEL)
    methods = WITH_A_KEY if acr in {PHISHING_RESISTANT, HARDWARE_PROTECTED} else PASSWORD_METHODS
    browser, person = site.browser("reader"), site.world.person("reader")
    with site.world.working() as work:
        cookie, _ = open_session(work, Proof(person, level, methods), None)
        assert find_session(work, cookie)
    browser.http.cookies.set(cookie_name(site.url), cookie)
    assert id_token(browser, complete(browser, acr_values=acr))["acr"] == acr


IN_ID_TOKENS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid")


@exercises("claims_supported", *IN_ID_TOKENS)
def an_id_token_tells(site: Site, claim: str) -> None:
    browser = site.browser("reader")
    assert claim in id_token(browser, complete(browser))


@exercises("claims_supported", "act")
def an_id_token_tells_who_acts(site: Site, claim: str) -> None:
    browser, tokens = acting(site)
    assert id_token(browser, tokens)[claim]["sub"]


@exercises("claims_supported", "legal_person")
def userinfo_tells_the_legal_person(site: Site, claim: str) -> None:
    browser, tokens = acting(site)
    assert userinfo(browser, tokens)[claim]["unified_social_credit_code"]


@exercises("claims_supported")
def userinfo_tells(site: Site, claim: str) -> None:
    browser = site.browser("reader")
    scope = "openid profile email address phone"
    assert claim in userinfo(browser, complete(browser, scope=scope))


@exercises("claims_in_verified_claims_supported", "authority")
@exercises("trust_frameworks_supported", FRAMEWORK)
def the_authority_is_verified(site: Site, value: Any) -> None:
    browser, tokens = acting(site)
    verified = userinfo(browser, tokens)["verified_claims"]
    assert verified["verification"]["trust_framework"] == FRAMEWORK
    assert verified["claims"]["authority"]


@exercises("prompt_values_supported", "none")
def nothing_is_shown(site: Site, prompt: str) -> None:
    assert site.browser("reader").authorize(asked(prompt=prompt))["error"] == "login_required"


@exercises("prompt_values_supported", "login", "consent", "select_account")
def the_page_is_shown_again(site: Site, prompt: str) -> None:
    browser = site.browser("reader")
    complete(browser)
    browser.pages.clear()
    browser.party = "演示·赵静"
    complete(browser, prompt=prompt)
    pages = {"login": "/sign-in", "consent": "/consent", "select_account": "/act-for"}
    assert pages[prompt] in browser.pages


@exercises("ui_locales_supported")
def the_page_speaks(site: Site, locale: str) -> None:
    http = site.browser().http
    page = http.get("/authorize", params=asked(ui_locales=locale), follow_redirects=True)
    assert f'lang="{locale}"' in page.text


@exercises("claims_parameter_supported")
def a_claim_is_wanted_alone(site: Site, supported: bool) -> None:
    browser = site.browser("reader")
    tokens = complete(browser, claims='{"userinfo": {"birthdate": null}}')
    assert userinfo(browser, tokens)["birthdate"]


@exercises("request_parameter_supported")
def a_request_object_counts(site: Site, supported: bool) -> None:
    add_bank(site.world, CORE, profile=COMPATIBLE)
    text = unsigned({"state": "inside"})
    answer = site.browser("reader").authorize(asked_by_core(request=text))
    assert answer["state"] == "inside"


@exercises("request_uri_parameter_supported")
@exercises("require_request_uri_registration")
def an_address_of_a_request_has_to_be_registered(site: Site, supported: bool) -> None:
    """Registered ones are read in test_request_objects, from a server of their own."""
    add_bank(site.world, CORE, profile=COMPATIBLE)
    uri = "https://app.example/not-registered"
    answer = site.browser("reader").authorize(asked_by_core(request_uri=uri))
    assert answer["error"] == "invalid_request_uri"


@exercises("require_pushed_authorization_requests")
def nobody_has_to_push(site: Site, required: bool) -> None:
    assert ("code" in site.browser("reader").authorize(asked())) is not required


@exercises("authorization_response_iss_parameter_supported")
def an_answer_names_us(site: Site, supported: bool) -> None:
    browser = site.browser("reader")
    assert browser.authorize(asked())["iss"] == site.url
    assert browser.authorize(asked(prompt="none", max_age="x"))["iss"] == site.url


@exercises("backchannel_logout_supported")
@exercises("backchannel_logout_session_supported")
def an_app_hears_of_the_end(site: Site, supported: bool) -> None:
    """What it hears is held by test_back_channel_logout; here, that it may register to hear."""
    address = "https://app.example/ended"
    wanted = {"backchannel_logout_uri": address, "backchannel_logout_session_required": True}
    app = registered(site.browser(), **wanted)
    assert wanted.items() <= app.items()


@exercises("request_object_signing_alg_values_supported")
def a_request_may_be_signed(site: Site, alg: str) -> None:
    add_bank(site.world, CORE, profile=COMPATIBLE)
    text = unsigned({"state": "the state"})
    if alg != "none":
        text = request_object(site.world, CORE, alg=alg)
    assert site.browser("reader").authorize(asked_by_core(request=text))["code"]


@exercises("authorization_signing_alg_values_supported")
def an_answer_may_be_signed(site: Site, alg: str) -> None:
    app = registered(site.browser(), authorization_signed_response_alg=alg)
    request = asked(client_id=app["client_id"], response_mode="jwt")
    response = site.browser("reader").authorize(request)["response"]
    keys = KeySet.import_key_set(site.browser().http.get("/jwks").json())
    assert jwt.decode(response, keys, [alg]).claims["code"]
