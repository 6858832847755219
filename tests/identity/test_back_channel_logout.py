"""Apps hear that a sign-in has ended, whatever ended it (Back-Channel Logout 1.0)."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

from identity.apps.clients import BASIC, COMPATIBLE, FAPI2, WEB
from identity.apps.options import Options
from identity.apps.profiles import policy_of
from identity.errors import BadAccessToken
from identity.operating.registry import NewClient, add_client
from identity.people.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, hash_cookie
from identity.signing.tokens import ACCESS, ID, verify_signature
from identity.standing.account import sign_out_person
from identity.standing.acting import end_session
from identity.telling.expiring import end_expired
from identity.telling.posting import send_due
from service.tour.forms import read_forms
from tests.identity.browser import Browser, basic, request_of
from tests.identity.conftest import Site
from tests.identity.holding import Holder
from tests.identity.receiving import Receiver, receiving
from tests.identity.test_back_channel import userinfo
from tests.identity.world import COMPANY_CODE, EVERYTHING, GOODBYE, PASSWORD, REDIRECT

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SECRET = "the secret of an app that listens"


@dataclass
class Listener:
    """An app with a server of its own, and what it was told."""

    site: Site
    client_id: str
    server: Receiver

    def __post_init__(self) -> None:
        self.options = Options(backchannel_logout_uri=self.server.url + "/logout?tenant=1")

    def register(self, alg: str = "", profile: str = COMPATIBLE, jwks: str = "") -> None:
        new = NewClient(
            self.client_id, "演示·点餐应用", COMPANY_CODE, WEB, EVERYTHING, (REDIRECT,),
            (GOODBYE,), profile=profile, options=self.options, auth_method=BASIC, jwks=jwks,
        )  # fmt: skip
        with self.site.world.working() as work:
            client, _ = add_client(work, new, SECRET)
            if alg:
                work.store.clients.replace(type(client)(**(vars(client) | {"id_token_alg": alg})))

    def tokens(self, browser: Browser, **changes: str) -> dict[str, Any]:
        answer = browser.authorize(request_of(client_id=self.client_id, **changes))
        form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
        proof = basic(self.client_id, SECRET)
        verifier = "v" * 43
        got = browser.token(proof, **form, code=answer["code"], code_verifier=verifier)
        assert got.status_code == 200, got.text
        return dict(got.json())

    def refresh(self, browser: Browser, token: str) -> int:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return browser.token(basic(self.client_id, SECRET), **form).status_code

    def id_token(self, tokens: dict[str, Any]) -> dict[str, Any]:
        return verify_signature(self.site.world.realm.keys, ID, tokens["id_token"])

    def heard(self) -> list[dict[str, Any]]:
        """What it was told, each token checked as an app has to (§2.6)."""
        while send_due(self.site.world.realm):
            pass
        return [self.check(got.body) for got in self.server.received]

    def check(self, body: bytes) -> dict[str, Any]:
        (token,) = parse_qs(body.decode(), strict_parsing=True)["logout_token"]
        keys = KeySet.import_key_set(self.site.browser().http.get("/jwks").json())
        read = jwt.decode(token, keys, ["ES256", "RS256", "EdDSA"])
        now, claims = self.site.world.clock.now, dict(read.claims)
        assert read.header["typ"] == "logout+jwt"
        assert set(claims) == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
        assert (claims["iss"], claims["aud"]) == (self.site.url, self.client_id)
        assert claims["iat"] <= now < claims["exp"] <= claims["iat"] + 120
        assert claims["events"] == {EVENT: {}}
        return claims


@pytest.fixture
def app(site: Site) -> Iterator[Listener]:
    with receiving() as server:
        listener = Listener(site, "listener-" + site.world.realm.fresh_id()[:8], server)
        listener.register()
        yield listener


def form_at(browser: Browser, path: str, act: str) -> dict[str, str]:
    forms = read_forms(browser.http.get(path).text)
    return next(form.fields for form in forms if form.fields.get("act") == act)


@pytest.mark.module("oidcc-backchannel-logout-discovery-endpoint-verification")
def test_oidcc_backchannel_logout_discovery_endpoint_verification(site: Site) -> None:
    metadata = site.browser().http.get("/.well-known/openid-configuration").json()
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True
    assert metadata["end_session_endpoint"].startswith(site.url)


@pytest.mark.line(42)
@pytest.mark.module("oidcc-backchannel-rp-initiated-logout")
def test_oidcc_backchannel_rp_initiated_logout(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    tokens = app.tokens(browser)
    ask = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE, "state": "s"}
    answer = browser.http.get("/logout", params=ask)
    assert answer.headers["location"].startswith(GOODBYE)
    (heard,) = app.heard()
    told = app.id_token(tokens)
    assert (heard["sub"], heard["sid"]) == (told["sub"], told["sid"])
    (got,) = app.server.received
    assert got.path == "/logout?tenant=1"
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    assert app.heard() == [heard]  # once


def by_sign_out_page(site: Site, browser: Browser) -> None:
    browser.submit(browser.http.get("/sign-out"), after="")


def by_own_page(site: Site, browser: Browser) -> None:
    elsewhere = site.browser(browser.account)
    elsewhere.submit(elsewhere.http.get("/sign-in"))
    elsewhere.http.post("/account", data=form_at(elsewhere, "/account", "end"))


def by_everywhere(site: Site, browser: Browser) -> None:
    browser.http.post("/account", data=form_at(browser, "/account", "everywhere"))


def by_new_password(site: Site, browser: Browser) -> None:
    forms = read_forms(browser.http.get("/account/password").text)
    fields = next(form.fields for form in forms if form.action == "/account/password")
    # The same password again: what matters here is what ends.
    filled = {**fields, "password": PASSWORD, "new": PASSWORD}
    assert browser.http.post("/account/password", data=filled).status_code == 303


def by_operator(site: Site, browser: Browser) -> None:
    person = site.world.person(browser.account)
    with site.world.working() as work:
        assert sign_out_person(work, person.person_id) >= 1


def by_disuse(site: Site, browser: Browser) -> None:
    site.world.clock.now += IDLE_SECONDS
    end_expired(site.world.realm)


def by_age(site: Site, browser: Browser) -> None:
    for _ in range(ABSOLUTE_SECONDS // 1000):
        site.world.clock.now += 1000
        browser.http.get("/account")
    site.world.clock.now += 1000
    end_expired(site.world.realm)


def by_somebody_else(site: Site, browser: Browser) -> None:
    page = browser.http.get("/sign-in")
    browser.submit(page, account="agent", password=PASSWORD)


ENDS: list[Callable[[Site, Browser], None]] = [
    by_sign_out_page, by_own_page, by_everywhere, by_new_password, by_operator, by_disuse, by_age,
    by_somebody_else,
]  # fmt: skip


@pytest.mark.line(42)
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_line_42_whatever_ends_a_sign_in_its_apps_hear_of_it_once(
    site: Site, app: Listener, end: Callable[[Site, Browser], None]
) -> None:
    browser = site.browser("reader")
    told = app.id_token(app.tokens(browser))
    assert app.heard() == []
    end(site, browser)
    (heard,) = app.heard()
    assert (heard["sub"], heard["sid"]) == (told["sub"], told["sid"])
    end_expired(site.world.realm)
    assert len(app.heard()) == 1


def test_an_app_that_got_no_token_hears_nothing(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    browser.authorize(request_of(client_id=app.client_id))  # the code is never redeemed
    by_sign_out_page(site, browser)
    assert app.heard() == []


def test_each_app_hears_its_own_name_of_the_person(site: Site, app: Listener) -> None:
    with receiving() as server:
        other = Listener(site, app.client_id + "-2", server)
        other.register(alg="EdDSA")
        browser = site.browser("reader")
        names = {app.id_token(each.tokens(browser))["sub"] for each in (app, other)}
        by_sign_out_page(site, browser)
        heard = {each.heard()[0]["sub"] for each in (app, other)}
    assert len(names) == 2
    assert heard == names


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_the_token_is_signed_as_the_apps_id_tokens(site: Site, alg: str) -> None:
    with receiving() as server:
        app = Listener(site, "listener-" + site.world.realm.fresh_id()[:8], server)
        app.register(alg=alg)
        browser = site.browser("reader")
        app.tokens(browser)
        by_sign_out_page(site, browser)
        app.heard()
        (token,) = parse_qs(server.received[0].body.decode())["logout_token"]
    keys = KeySet.import_key_set(site.browser().http.get("/jwks").json())
    assert jwt.decode(token, keys, [alg]).header["alg"] == alg


def test_an_app_hears_of_a_company_and_of_the_person_apart(site: Site, app: Listener) -> None:
    browser = site.browser("agent")
    company = app.id_token(app.tokens(browser))
    browser.party = "本人"
    person = app.id_token(app.tokens(browser, prompt="select_account"))
    assert company["sub"] != person["sub"]
    by_sign_out_page(site, browser)
    heard = app.heard()
    assert {each["sub"] for each in heard} == {company["sub"], person["sub"]}
    assert {each["sid"] for each in heard} == {company["sid"]} == {person["sid"]}


def test_signing_in_again_keeps_the_name_that_apps_know(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    before = app.tokens(browser)
    cookie = browser.http.cookies["haihe_session"]
    site.world.clock.now += 1
    again = app.id_token(app.tokens(browser, prompt="login"))
    assert browser.http.cookies["haihe_session"] != cookie
    assert again["sid"] == app.id_token(before)["sid"]
    assert again["auth_time"] == site.world.clock.now
    by_sign_out_page(site, browser)
    assert [each["sid"] for each in app.heard()] == [again["sid"]]


@pytest.mark.parametrize(("seconds", "over"), [(IDLE_SECONDS - 1, False), (IDLE_SECONDS, True)])
def test_a_sign_in_is_idle_at_its_second(
    site: Site, app: Listener, seconds: int, over: bool
) -> None:
    browser = site.browser("reader")
    app.tokens(browser)
    site.world.clock.now += seconds
    end_expired(site.world.realm)
    assert bool(app.heard()) == over
    assert (browser.http.get("/account").status_code == 303) == over


@pytest.mark.parametrize(("before", "over"), [(1, False), (0, True)])
def test_a_sign_in_is_too_old_at_its_second(
    site: Site, app: Listener, before: int, over: bool
) -> None:
    start = site.world.clock.now
    browser = site.browser("reader")
    app.tokens(browser)
    while site.world.clock.now < start + ABSOLUTE_SECONDS - 1000:
        site.world.clock.now += 900
        assert browser.http.get("/account").status_code == 200
    site.world.clock.now = start + ABSOLUTE_SECONDS - before
    end_expired(site.world.realm)
    assert bool(app.heard()) == over
    assert (browser.http.get("/account").status_code == 303) == over


def test_an_app_in_use_keeps_its_sign_in_from_being_called_idle(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    refresh = app.tokens(browser)["refresh_token"]
    for _ in range(3):
        site.world.clock.now += IDLE_SECONDS - 60
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        refresh = browser.token(basic(app.client_id, SECRET), **form).json()["refresh_token"]
        end_expired(site.world.realm)
        assert app.heard() == []
    assert browser.http.get("/account").status_code == 303  # for pages it is over
    site.world.clock.now += IDLE_SECONDS
    end_expired(site.world.realm)
    assert len(app.heard()) == 1


def test_a_refresh_token_that_does_not_rotate_shows_that_its_app_is_in_use(
    site: Site, app: Listener
) -> None:
    holder = Holder(site)  # such tokens are bound to a key
    proof = basic(app.client_id, SECRET)
    code = site.browser("reader").authorize(request_of(client_id=app.client_id))["code"]
    refresh = holder.redeem(code, proof).json()["refresh_token"]
    with site.world.working() as work:
        client = work.store.clients.find(app.client_id)
        assert client is not None
        work.store.clients.replace(replace(client, profile=FAPI2))
    assert not policy_of(replace(client, profile=FAPI2)).rotates
    for _ in range(4):
        site.world.clock.now += IDLE_SECONDS // 2
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        holder.nonce = holder.token(proof, **form).headers["DPoP-Nonce"]
        assert holder.token(proof, **form).status_code == 200
        end_expired(site.world.realm)
        assert app.heard() == []
    site.world.clock.now += IDLE_SECONDS
    end_expired(site.world.realm)
    assert len(app.heard()) == 1


def test_offline_access_outlives_a_sign_in_that_was_not_used_and_nothing_else_does(
    site: Site, app: Listener
) -> None:
    browser = site.browser("reader")
    offline = app.tokens(browser, scope="openid offline_access")["refresh_token"]
    online = app.tokens(browser, scope="openid profile")["refresh_token"]
    by_disuse(site, browser)
    assert app.refresh(browser, online) == 400
    assert app.refresh(browser, offline) == 200


@pytest.mark.line(29)
def test_line_29_who_signs_out_ends_offline_access_too(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    tokens = app.tokens(browser, scope="openid offline_access")
    assert userinfo(site, tokens["access_token"]).status_code == 200
    by_sign_out_page(site, browser)
    assert userinfo(site, tokens["access_token"]).status_code == 401
    assert app.refresh(browser, tokens["refresh_token"]) == 400


def test_a_code_of_a_sign_in_that_ended_meanwhile_gives_nothing(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    app.tokens(browser)
    code = browser.authorize(request_of(client_id=app.client_id))["code"]
    session = hash_cookie(browser.http.cookies["haihe_session"])
    with site.world.working() as work:  # the code was written after its sign-in had ended
        found = work.store.sessions.find(session)
        assert found is not None
        work.store.sessions.end(found.session_id, work.now)
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code}
    answer = browser.token(basic(app.client_id, SECRET), **form, code_verifier="v" * 43)
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.line(25)
def test_line_25_a_logout_token_is_taken_for_nothing_else(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    app.tokens(browser)
    by_sign_out_page(site, browser)
    app.heard()
    (token,) = parse_qs(app.server.received[0].body.decode())["logout_token"]
    for kind in (ACCESS, ID):
        with pytest.raises(BadAccessToken):
            verify_signature(site.world.realm.keys, kind, token)
    assert userinfo(site, token).status_code == 401
    assert browser.http.get("/logout", params={"id_token_hint": token}).status_code == 400


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_logout_that_failed_is_repeated_under_the_same_name(
    site: Site, app: Listener, status: int
) -> None:
    app.server.statuses = [status, 200]
    browser = site.browser("reader")
    app.tokens(browser)
    by_sign_out_page(site, browser)
    (first,) = app.heard()
    app.server.received.clear()
    site.world.clock.now += 600
    (second,) = app.heard()
    assert first["jti"] == second["jti"]
    assert second["iat"] == site.world.clock.now


def test_parallel_ends_of_one_sign_in_tell_once(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    app.tokens(browser)
    person = site.world.person("reader").person_id
    barrier = threading.Barrier(8)

    def end(number: int) -> None:
        barrier.wait()
        if number % 2:
            with site.world.working() as work:
                sign_out_person(work, person)
        else:
            end_expired(site.world.realm)

    site.world.clock.now += IDLE_SECONDS
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(end, range(8)))
    assert len(app.heard()) == 1


def test_what_has_ended_already_is_not_told_again(site: Site, app: Listener) -> None:
    sid = app.id_token(app.tokens(site.browser("reader")))["sid"]
    for _ in range(2):  # two windows, in each of which the person signs out
        with site.world.working() as work:
            end_session(work, sid)
    assert [each["sid"] for each in app.heard()] == [sid]


def test_an_app_that_is_removed_is_told_nothing(site: Site, app: Listener) -> None:
    browser = site.browser("reader")
    app.tokens(browser)
    by_sign_out_page(site, browser)
    with site.world.working() as work:
        work.store.clients.remove(app.client_id)
    assert app.heard() == []


def test_who_gets_encrypted_id_tokens_gets_encrypted_logout_tokens(site: Site) -> None:
    key = ECKey.generate_key("P-256", {"kid": "ec", "use": "enc"})
    with receiving() as server:
        app = Listener(site, "listener-" + site.world.realm.fresh_id()[:8], server)
        app.options = replace(app.options, id_token_encrypted_response_alg="ECDH-ES")
        app.register(jwks=json.dumps({"keys": [key.as_dict(private=False)]}))
        browser = site.browser("reader")
        app.tokens(browser)
        by_sign_out_page(site, browser)
        send_due(site.world.realm)
        (token,) = parse_qs(server.received[0].body.decode())["logout_token"]
    inside = jwe.decrypt_compact(token, key, ["ECDH-ES", "A128CBC-HS256"])
    assert inside.protected["cty"] == "JWT"
    app.check(b"logout_token=" + (inside.plaintext or b""))
