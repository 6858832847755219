"""The pages on which a legal person manages its apps, used without script; and the set-up check."""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from identity.apps.changes import WAITS_SECONDS
from identity.apps.clients import Client
from identity.asking.scopes import powers_of
from identity.errors import AppUnreachable, BadRegistrationRequest
from identity.operating.checkup import Facts, Finding, check_app, look_at
from identity.operating.registry import add_mandate
from identity.people.assurance import PASSWORD_LEVEL, RECENT_SECONDS
from identity.people.sessions import cookie_name
from identity.sign_in.methods import Proof
from identity.sign_in.signing_in import open_session
from identity.standing.acting import choose_party, find_session
from identity.store.operating import Wanted
from identity.strangers.deliveries import Message
from identity.trail import events
from service.tour.forms import read_forms
from tests.identity.browser import basic, request_of
from tests.identity.conftest import Site, serving
from tests.identity.signing import JWKS, add_signer
from tests.identity.world import COMPANY_CODE, OTHER_COMPANY_CODE, REDIRECT

CALLBACK = "https://shop.example/cb"


@dataclass
class Manager:
    """Somebody in a browser without script who acts for a legal person."""

    site: Site
    http: httpx.Client

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def post(self, path: str, at: str = "", **fields: str) -> httpx.Response:
        """Send the form of a page; `at` is the page if it is not the address itself."""
        page = self.get(at or path)
        form = next(form for form in read_forms(page.text) if form.action.split("#")[0] == path)
        hidden = {
            name: form.fields[name]
            for name in ("csrf", "kind", "drafted_for")
            if name in form.fields
        }
        return self.http.post(path, data={**hidden, **fields})


OPENED: list[Manager] = []


@pytest.fixture
def office(office_server: Site) -> Iterator[Site]:
    """The server, an hour later."""
    office_server.world.clock.now += 3600
    yield office_server
    while OPENED:
        OPENED.pop().http.close()


@pytest.fixture(scope="module")
def office_server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(template, tmp_path_factory.mktemp("office")) as site:
        with site.world.working() as work:
            for account in ("person", "reader"):
                add_mandate(
                    work, account=account, code=COMPANY_CODE, role="administrator",
                    powers=["apps", "licences"],
                )  # fmt: skip
            other = {"account": "reader", "code": OTHER_COMPANY_CODE, "role": "administrator"}
            add_mandate(work, **other, powers=["apps"])  # type: ignore[arg-type]
        yield site


def manager(site: Site, account: str = "person", code: str = COMPANY_CODE) -> Manager:
    """Sign in as somebody who acts for a company, or for themself if `code` is empty."""
    person, world = site.world.person(account), site.world
    with world.working() as work:
        party = work.store.people.find_legal_person(code=code) if code else None
        cookie, _ = open_session(work, Proof(person, PASSWORD_LEVEL), None)
        signed_in = find_session(work, cookie)
        assert signed_in is not None
        choose_party(work, signed_in, party.legal_person_id if party else person.person_id)
    http = httpx.Client(base_url=site.url)
    http.cookies.set(cookie_name(site.url), cookie)
    OPENED.append(Manager(site, http))
    return OPENED[-1]


def text(answer: httpx.Response) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def secret_in(answer: httpx.Response) -> str:
    found = re.search(r'id="client-secret">([0-9a-f]{64})<', answer.text)
    assert found is not None, answer.text
    return found[1]


def register(who: Manager, kind: str = "web", **more: str) -> tuple[str, httpx.Response]:
    fields = {"client_name": "演示·商店", "scope-openid": "1", "scope-profile": "1"}
    if kind != "service":
        fields["redirect_uris"] = CALLBACK
    answer = who.post("/apps/new", f"/apps/new?kind={kind}", **(fields | more))
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="client-id">([0-9a-f]{32})<', answer.text)
    assert found is not None, answer.text
    return found[1], answer


def find(site: Site, client_id: str) -> Client | None:
    with site.world.working() as work:
        return work.store.clients.find(client_id)


def app(site: Site, client_id: str) -> Client:
    found = find(site, client_id)
    assert found is not None
    return found


def trail(site: Site, client_id: str) -> list[str]:
    with site.world.working() as work:
        found = work.store.events.read(Wanted(0, 2**40, 50, client_id=client_id))
    return sorted(each.kind for each in found)


@pytest.mark.line(50)
def test_only_who_has_the_power_for_a_legal_person_manages_its_apps(office: Site) -> None:
    for account, code in (("agent", COMPANY_CODE), ("person", "")):
        answer = manager(office, account, code).get("/apps")
        assert answer.status_code == 403
        assert "管理应用" in text(answer)
    assert httpx.get(office.url + "/apps").headers["location"].startswith("/sign-in")
    mine = manager(office)
    assert "演示·点餐应用" in text(mine.get("/apps"))
    other = manager(office, "reader", OTHER_COMPANY_CODE)
    assert "演示·点餐应用" not in text(other.get("/apps"))
    for path in ("/apps/web", "/apps/web/edit", "/apps/web/secret", "/apps/web/remove"):
        assert other.get(path).status_code == 404
        assert mine.get(path).status_code == 200
    assert mine.get("/apps/never").status_code == 404


@pytest.mark.parametrize(
    ("kind", "asks", "asks_not"),
    [
        ("web", "redirect_uris profile jwks backchannel_logout_uri", ""),
        ("public", "redirect_uris", "profile jwks backchannel_logout_uri"),
        ("service", "jwks", "redirect_uris profile backchannel_logout_uri scope-openid"),
    ],
)
def test_a_new_app_is_asked_only_what_its_kind_needs(
    office: Site, kind: str, asks: str, asks_not: str
) -> None:
    who = manager(office)
    choice = who.get("/apps/new")
    assert f"/apps/new?kind={kind}" in choice.text
    form = who.get(f"/apps/new?kind={kind}").text
    assert all(f'name="{name}"' in form for name in asks.split())
    assert not any(f'name="{name}"' in form for name in asks_not.split())
    scope = {"scope-licence.read": "1"} if kind == "service" else {}
    client_id, answer = register(who, kind, **scope)
    made = app(office, client_id)
    assert (made.kind, made.name) == (kind, "演示·商店")
    assert ("client-secret" in answer.text) == (kind != "public")
    if kind != "public":
        secret = secret_in(answer)
        assert made.has_secret(secret, office.world.clock.now)
        assert secret not in who.get(f"/apps/{client_id}").text
    assert trail(office, client_id) == [events.APP_ADDED]


def test_an_app_is_registered_only_for_whom_the_form_was_shown(office: Site) -> None:
    who = manager(office, "reader")
    page = who.get("/apps/new?kind=public")
    form = next(form for form in read_forms(page.text) if form.action == "/apps/new")
    other = manager(office, "reader", OTHER_COMPANY_CODE)  # what another window did
    shown = read_forms(other.get("/apps/new?kind=public").text)
    csrf = next(each.fields["csrf"] for each in shown if each.action == "/apps/new")
    fields = {**form.fields, "csrf": csrf, "client_name": "演示·商店", "redirect_uris": CALLBACK}
    refused = other.http.post("/apps/new", data=fields)
    assert refused.status_code == 400
    assert "您在别的窗口换了身份" in refused.text
    assert 'value="演示·商店"' in refused.text


@pytest.mark.line(50)
def test_nobody_gives_a_program_more_than_they_may_do_themself(office: Site) -> None:
    who = manager(office)
    form = who.get("/apps/new?kind=service").text
    assert 'name="scope-licence.read"' in form
    assert 'name="scope-licence.issue"' not in form
    more = {"scope-licence.read": "1", "scope-licence.issue": "1", "scope-licence.verify": "1"}
    client_id, _ = register(who, "service", **more)
    assert app(office, client_id).scopes == {"licence.read"}
    # Nor later; but what an operator gave stays when somebody changes another field.
    given = replace(app(office, client_id), scopes=frozenset({"licence.read", "licence.issue"}))
    with office.world.working() as work:
        work.store.clients.replace(given)
    who.post(f"/apps/{client_id}/edit", client_name="演示·新名", **more)
    changed = app(office, client_id)
    assert changed.name == "演示·新名"
    assert changed.scopes == {"licence.read", "licence.issue"}
    reader = manager(office, "reader", OTHER_COMPANY_CODE)  # may manage apps, and nothing else
    client_id, _ = register(reader, "service", **more)
    assert not powers_of(app(office, client_id).scopes)


def test_what_cannot_be_registered_is_named_beside_its_field_and_kept_as_typed(
    office: Site,
) -> None:
    who = manager(office)
    usual = {"client_name": "演示·商店", "scope-openid": "1", "redirect_uris": CALLBACK}
    wrong = [
        ({"redirect_uris": "http://shop.example/cb"}, "redirect_uris"),
        ({"redirect_uris": CALLBACK + "\n" + CALLBACK + "#x"}, "redirect_uris"),
        ({"redirect_uris": ""}, "redirect_uris"),
        ({"client_name": " "}, "client_name"),
        ({"jwks": "{"}, "jwks"),
        ({"jwks": '{"keys":[{"kty":"oct","k":"AA"}]}'}, "jwks"),
        ({"jwks_uri": "http://shop.example/jwks"}, "jwks_uri"),
        ({"backchannel_logout_uri": "ftp://x"}, "backchannel_logout_uri"),
        ({"profile": "strict"}, "profile"),
        ({"profile": "fapi2"}, ""),
    ]
    for change, field in wrong:
        answer = who.post("/apps/new", "/apps/new?kind=web", **(usual | change))
        assert answer.status_code == 400, change
        assert f'href="#{field}' in answer.text
        assert "演示·商店" in answer.text or change == {"client_name": " "}


@pytest.mark.line(50)
def test_changing_asks_for_a_sign_in_of_just_now(office: Site) -> None:
    who = manager(office)
    client_id, _ = register(who)
    office.world.clock.now += RECENT_SECONDS
    assert who.get(f"/apps/{client_id}").status_code == 200
    for path in (
        "/apps/new",
        *(f"/apps/{client_id}/{act}" for act in ("edit", "secret", "remove")),
    ):
        asked = who.get(path)
        assert asked.status_code == 303
        assert asked.headers["location"].startswith("/sign-in?return_to=%2Fapps")
    page = who.get("/apps")
    csrf = next(form.fields["csrf"] for form in read_forms(page.text) if "csrf" in form.fields)
    before = app(office, client_id)
    for path in ("edit", "secret", "remove"):
        sent = who.http.post(f"/apps/{client_id}/{path}", data={"csrf": csrf, "sure": "yes"})
        assert sent.headers["location"].startswith("/sign-in")
    assert app(office, client_id) == before


def test_an_app_is_changed_and_its_people_keep_their_subjects(office: Site) -> None:
    who = manager(office)
    client_id, answer = register(who)
    before = app(office, client_id)
    fields = {
        "client_name": "演示·新商店",
        "redirect_uris": "https://new.example/cb\nhttps://new.example/second",
        "post_logout_redirect_uris": "https://new.example/bye",
        "scope-openid": "1",
        "profile": "standard",
        "backchannel_logout_uri": "https://new.example/out",
    }
    changed = who.post(f"/apps/{client_id}/edit", **fields)
    assert changed.headers["location"] == f"/apps/{client_id}?done=changed"
    after = app(office, client_id)
    assert after.redirect_uris == ("https://new.example/cb", "https://new.example/second")
    assert after.logout_uris == ("https://new.example/bye",)
    assert after.scopes == frozenset({"openid"})
    assert after.options.backchannel_logout_uri == "https://new.example/out"
    assert (after.sector, after.secret_hash) == (before.sector, before.secret_hash)
    assert after.has_secret(secret_in(answer), office.world.clock.now)
    same = who.post(f"/apps/{client_id}/edit", **fields)
    assert same.headers["location"] == f"/apps/{client_id}"
    assert trail(office, client_id) == [events.APP_ADDED, events.APP_CHANGED]


def test_a_new_secret_is_shown_once_and_a_removal_needs_a_tick(office: Site) -> None:
    who = manager(office)
    client_id, first = register(who)
    path = f"/apps/{client_id}/secret"
    assert who.post(path).status_code == 400
    fresh = secret_in(who.post(path, sure="yes"))
    assert fresh != secret_in(first)
    now = office.world.clock.now
    assert app(office, client_id).has_secret(fresh, now)
    assert app(office, client_id).has_secret(secret_in(first), now)  # for a day
    gone = f"/apps/{client_id}/remove"
    assert who.post(gone).status_code == 400
    assert find(office, client_id) is not None
    assert who.post(gone, sure="yes").headers["location"] == "/apps?done=removed"
    assert find(office, client_id) is None
    assert set(trail(office, client_id)) == {
        events.APP_ADDED,
        events.SECRET_ROTATED,
        events.APP_REMOVED,
    }


def bank(who: Manager) -> str:
    keys = {"jwks": JWKS, "profile": "fapi2"}
    client_id, answer = register(who, **keys)
    assert "client-secret" not in answer.text
    return client_id


def change_in(who: Manager, client_id: str) -> str:
    found = re.findall(r'name="change" value="([0-9a-f]{32})"', who.get(f"/apps/{client_id}").text)
    return str(found[-1])


FAPI_FIELDS = {
    "client_name": "演示·银行",
    "scope-openid": "1",
    "profile": "fapi2",
    "jwks": JWKS,
    "redirect_uris": "https://bank.example/cb",
}


@pytest.mark.line(50)
def test_a_sensitive_app_is_changed_by_two_people(office: Site) -> None:
    one, two = manager(office), manager(office, "reader")
    client_id = bank(one)
    before = app(office, client_id)
    sent = one.post(f"/apps/{client_id}/edit", **FAPI_FIELDS)
    assert sent.headers["location"].endswith("done=proposed")
    assert app(office, client_id) == before
    page = text(two.get(f"/apps/{client_id}"))
    assert "https://bank.example/cb" in page
    assert "演示·李明" in page
    assert "等待批准" in text(two.get("/apps"))
    change = change_in(one, client_id)
    path = f"/apps/{client_id}"
    own = one.post(path, act="approve", change=change)
    assert own.headers["location"].endswith("done=gone")
    assert app(office, client_id) == before
    done = two.post(path, act="approve", change=change)
    assert done.headers["location"].endswith("done=approved")
    assert app(office, client_id).redirect_uris == ("https://bank.example/cb",)
    again = two.post(path, act="approve", change=change)
    assert again.headers["location"].endswith("done=gone")
    assert trail(office, client_id) == [
        events.APP_ADDED,
        events.APP_CHANGED,
        events.CHANGE_PROPOSED,
    ]


@pytest.mark.line(50)
def test_of_many_parallel_approvals_exactly_one_acts(office: Site) -> None:
    one, two = manager(office), manager(office, "reader")
    client_id = bank(one)
    one.post(f"/apps/{client_id}/edit", **FAPI_FIELDS)
    change, path = change_in(one, client_id), f"/apps/{client_id}"
    page = two.get(path)
    form = next(form for form in read_forms(page.text) if form.fields.get("change") == change)
    data = {**form.fields, "act": "approve"}

    def approve(_: int) -> str:
        with httpx.Client(base_url=office.url, cookies=two.http.cookies) as http:
            return http.post(path, data=data, timeout=60).headers["location"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(approve, range(16)))
    assert sum(answer.endswith("done=approved") for answer in answers) == 1
    assert trail(office, client_id).count(events.APP_CHANGED) == 1


@pytest.mark.line(50)
def test_what_was_proposed_can_be_rejected_and_does_not_wait_for_ever(office: Site) -> None:
    one, two = manager(office), manager(office, "reader")
    client_id = bank(one)
    path = f"/apps/{client_id}"
    for who in (one, two):
        one.post(f"{path}/remove", sure="yes")
        rejected = who.post(path, act="reject", change=change_in(one, client_id))
        assert rejected.headers["location"].endswith("done=rejected")
    one.post(f"{path}/remove", sure="yes")
    change = change_in(one, client_id)
    other = manager(office, "reader", OTHER_COMPANY_CODE)
    csrf = read_forms(other.get("/apps").text)[0].fields["csrf"]
    data = {"csrf": csrf, "act": "approve", "change": change}
    assert other.http.post(path, data=data).status_code == 404
    office.world.clock.now += WAITS_SECONDS
    late = manager(office, "reader")
    assert "等待批准" not in text(late.get(path))
    csrf = read_forms(late.get("/apps").text)[0].fields["csrf"]
    sent = late.http.post(path, data={**data, "csrf": csrf})
    assert sent.headers["location"].endswith("done=gone")
    assert find(office, client_id) is not None


@pytest.mark.line(50)
def test_an_app_that_becomes_sensitive_needs_two_people_already(office: Site) -> None:
    who = manager(office)
    client_id, _ = register(who)
    sent = who.post(f"/apps/{client_id}/edit", **FAPI_FIELDS)
    assert sent.headers["location"].endswith("done=proposed")
    assert app(office, client_id).profile == "standard"
    two = manager(office, "reader")
    done = two.post(f"/apps/{client_id}", act="approve", change=change_in(who, client_id))
    assert done.headers["location"].endswith("done=approved")
    bound = app(office, client_id)
    assert (bound.profile, bound.auth_method, bound.secret_hash) == (
        "fapi2",
        "private_key_jwt",
        None,
    )


@pytest.mark.ux(38)
def test_a_wrong_redirect_shows_the_first_difference(office: Site) -> None:
    who = manager(office)
    wrong = {"try": REDIRECT + "x"}
    page = who.http.get("/apps/web", params=wrong)
    assert f"differ from character {len(REDIRECT) + 1}" in text(page)
    assert "和登记的一致" in text(who.http.get("/apps/web", params={"try": REDIRECT}))
    refused = httpx.get(office.url + "/authorize", params=request_of(redirect_uri=REDIRECT + "x"))
    assert f"differ from character {len(REDIRECT) + 1}" in text(refused)
    assert f"differ from character {len(REDIRECT) + 1}" in text(who.get("/apps/web"))


def test_the_page_tells_what_was_refused_and_how_to_connect(office: Site) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT}
    answer = httpx.post(office.url + "/token", data=form, headers=basic())
    assert answer.json()["error"] == "invalid_grant"
    page = text(manager(office).get("/apps/web"))
    assert "invalid_grant" in page
    assert "/token" in page
    for snippet in ("from authlib", "openid-client", office.url, '"web"', REDIRECT):
        assert snippet in page


class App(BaseHTTPRequestHandler):
    """An app on this machine that is told about sign-outs."""

    status = 400

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def listening() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_check_calls_the_app_and_the_page_gives_advice(
    office: Site, listening: HTTPServer
) -> None:
    who = manager(office)
    client_id, _ = register(who)
    told = f"http://127.0.0.1:{listening.server_port}/out"
    with office.world.working() as work:
        client = app_in(work.store.clients.find(client_id))
        options = replace(client.options, backchannel_logout_uri=told)
        work.store.clients.replace(replace(client, options=options))
    page = text(who.post(f"/apps/{client_id}", act="check"))
    assert "answers 400 to an empty token" in page
    assert "the app was never given tokens" in page
    assert "应用可能还没有接好" in page
    findings = {each.name: each for each in look_at(office.world.realm, client_id)}
    assert findings["logout"].state == "passed"
    assert len(findings) == 8


def app_in(client: Client | None) -> Client:
    assert client is not None
    return client


def facts(client: Client, **changes: object) -> Facts:
    def unreachable(_: str) -> bytes:
        raise BadRegistrationRequest("it could not be read")

    usual = Facts(
        client=client,
        issuer="https://id.example",
        now=1000 * 86_400,
        secret_since=999 * 86_400,
        last_token_at=999 * 86_400,
        fetch=unreachable,
        post=lambda address, message: 400,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def state(name: str, given: Facts) -> tuple[str, str]:
    found: dict[str, Finding] = {each.name: each for each in check_app(given)}
    return found[name].state, found[name].said


def test_each_check_passes_warns_and_fails_where_it_should(office: Site) -> None:
    add_signer(office.world, "checked")
    with office.world.working() as work:
        web = app_in(work.store.clients.find("other"))
        signer = app_in(work.store.clients.find("checked"))
    day, year = 86_400, 365 * 86_400

    def silent(_: str, __: Message) -> int:
        raise AppUnreachable("it does not answer")

    told = replace(web, options=replace(web.options, backchannel_logout_uri="https://x.example/o"))
    keyed = replace(signer, jwks="", jwks_uri="https://x.example/keys")
    rsa = {"keys": [json.loads(JWKS)["keys"][2] | {"alg": "RS256"}]}
    now = 1000 * day
    cases = [
        ("redirects", facts(web), "passed"),
        ("redirects", facts(replace(web, redirect_uris=(REDIRECT,))), "warned"),
        ("redirects", facts(replace(web, redirect_uris=("http://x.example/",))), "failed"),
        ("redirects", facts(signer), "not-applicable"),
        ("discovery", facts(web, fetch=lambda _: b"{}"), "passed"),
        ("discovery", facts(web), "failed"),
        ("discovery", facts(web, issuer="http://127.0.0.1:1"), "not-applicable"),
        ("keys", facts(signer), "passed"),
        ("keys", facts(web), "not-applicable"),
        ("keys", facts(keyed), "failed"),
        ("keys", facts(keyed, fetch=lambda _: JWKS.encode()), "passed"),
        ("keys", facts(keyed, fetch=lambda _: json.dumps(rsa).encode()), "failed"),
        ("keys", facts(keyed, fetch=lambda _: b"\xff"), "failed"),
        ("logout", facts(told), "passed"),
        ("logout", facts(told, post=lambda a, m: 500), "failed"),
        ("logout", facts(told, post=lambda a, m: 499), "passed"),
        ("logout", facts(told, post=silent), "failed"),
        ("logout", facts(web), "not-applicable"),
        ("sector", facts(web), "passed"),
        ("sector", facts(replace(web, sector="old.example")), "warned"),
        ("sector", facts(signer), "not-applicable"),
        ("algorithms", facts(web), "passed"),
        ("algorithms", facts(replace(web, profile="fapi2")), "failed"),
        ("secret", facts(web, secret_since=now - year), "passed"),
        ("secret", facts(web, secret_since=now - year - 1), "warned"),
        ("secret", facts(replace(web, old_secret_hash=b"x", old_secret_until=now + 1)), "warned"),
        ("secret", facts(replace(web, old_secret_hash=b"x", old_secret_until=now)), "passed"),
        ("secret", facts(signer, secret_since=None), "not-applicable"),
        ("tokens", facts(web, last_token_at=now - 30 * day), "passed"),
        ("tokens", facts(web, last_token_at=now - 30 * day - 1), "warned"),
        ("tokens", facts(web, last_token_at=None), "warned"),
    ]
    for name, given, expected in cases:
        found, said = state(name, given)
        assert found == expected, (name, said)
        assert said
