"""For whom an app's request is answered: the person, the one chosen, or the one hinted at."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from identity.asking.scopes import is_for_others, join, matters_of, permitted, split
from identity.errors import MandateMissing
from identity.operating.registry import (
    NewClient,
    add_client,
    add_legal_person,
    add_mandate,
    revoke_mandate,
)
from identity.people.mandates import Mandate
from identity.people.sessions import cookie_name
from identity.signing.tokens import ACCESS, ID, verify_signature
from identity.standing.acting import covering
from tests.identity.browser import Browser, basic, request_of, told
from tests.identity.conftest import Site
from tests.identity.test_back_channel import userinfo
from tests.identity.world import COMPANY, COMPANY_CODE, EVERYTHING, REDIRECT, World

RESTAURANT = "mandate:open-restaurant"
SECOND = "91110000802100433B"
SECOND_NAME = "演示·第二家公司"
MANDATE = Mandate("m", "p", "company", "agent", frozenset({"licences"}), 0)


@pytest.fixture(name="site")
def tidy_site(site: Site) -> Iterator[Site]:
    """The server, and nothing left on it of what a test allowed and granted."""
    yield site
    with site.world.working() as work:
        for account in ("agent", "reader"):
            found = work.store.people.find_account(account)
            assert found is not None
            for consent in work.store.clients.consents_of(found[0].person_id):
                work.store.clients.delete_consent(
                    found[0].person_id, consent.party_id, consent.client_id
                )
            body = work.store.people.find_legal_person(code=SECOND)
            for mandate in work.store.mandates.of_person(found[0].person_id):
                ours = body is not None and mandate.legal_person_id == body.legal_person_id
                if ours and mandate.revoked_at is None:
                    work.store.mandates.revoke(mandate.mandate_id, work.now)


def two_companies(world: World) -> str:
    """Let the agent act for a second company too; its id."""
    with world.working() as work:
        found = work.store.people.find_legal_person(code=SECOND)
        if found is None:
            found = add_legal_person(work, code=SECOND, name=SECOND_NAME)
        held = work.store.mandates.of_person(work.store.people.find_account("agent")[0].person_id)  # type: ignore[index]
        live = [each.legal_person_id for each in held if each.is_live(work.now)]
        if found.legal_person_id not in live:
            add_mandate(work, account="agent", code=SECOND, role="agent", powers=["licences"])
    return found.legal_person_id


def subject(site: Site, party_id: str) -> str:
    with site.world.working() as work:
        client = work.store.clients.find("web")
        assert client is not None
        return work.realm.seals.subject(party_id, client.sector)


def allowed(site: Site, party_id: str) -> Browser:
    """A browser acting for a party, where the app `web` was allowed all for every party."""
    cookie, signed_in = site.world.sign_in("agent", party_id)
    parties = (party_id, site.world.company_id(), two_companies(site.world))
    with site.world.working() as work:
        for party in parties:
            person_id = signed_in.person.person_id
            scopes = EVERYTHING | {RESTAURANT}
            work.store.clients.save_consent(person_id, party, "web", scopes, work.now)
            work.store.clients.save_consent(person_id, person_id, "web", scopes, work.now)
    browser = site.browser()
    browser.http.cookies.set(cookie_name(site.url), cookie)
    return browser


def id_claims(site: Site, tokens: dict[str, str]) -> dict[str, object]:
    return verify_signature(site.world.realm.keys, ID, tokens["id_token"])


def test_scopes_of_a_matter_are_read_joined_and_allowed_by_their_family() -> None:
    names = split("openid mandate:open-restaurant mandate:NO mandate: unknown mandate")
    assert names == {"openid", RESTAURANT, "mandate"}
    assert join(names) == f"openid mandate {RESTAURANT}"
    assert permitted(names, {"openid", "mandate"}) == names
    assert permitted(names, {"openid"}) == {"openid"}
    assert matters_of(names) == {"", "open-restaurant"}


@pytest.mark.parametrize(
    ("scopes", "others"),
    [
        ("openid profile email", False),
        ("openid offline_access", False),
        ("openid legal_person", True),
        ("mandate", True),
        (RESTAURANT, True),
        ("licence.read", True),
    ],
)
def test_who_knows_of_acting_for_others(scopes: str, *, others: bool) -> None:
    assert is_for_others(split(scopes)) is others


def test_a_mandate_for_chosen_matters_counts_in_those_alone() -> None:
    limited = replace(MANDATE, matters=frozenset({"open-restaurant"}))
    assert covering([limited], [RESTAURANT]) == [limited]
    assert covering([limited, MANDATE], ["mandate:company-change"]) == [MANDATE]
    assert covering([limited], ["legal_person"]) == [limited]
    assert covering([], ["legal_person"]) == []
    for held, scopes in (([limited], ["mandate:company-change"]), ([], ["mandate"])):
        with pytest.raises(MandateMissing):
            covering(held, scopes)


@pytest.mark.line(47)
def test_an_app_that_knows_nothing_of_it_gets_a_plain_person(site: Site) -> None:
    browser = allowed(site, site.world.company_id())
    tokens = browser.tokens(scope="openid profile")
    claims = id_claims(site, tokens)
    assert claims["sub"] == subject(site, site.world.person("agent").person_id)
    assert "act" not in claims
    assert browser.pages == []
    known = userinfo(site, tokens["access_token"]).json()
    assert known["name"] == "演示·张强"


def test_an_undecided_person_is_not_asked_for_whom_by_such_an_app(site: Site) -> None:
    browser = site.browser()
    assert "code" in browser.authorize(request_of(scope="openid profile", prompt="consent"))
    assert browser.pages == ["/sign-in", "/consent"]


@pytest.mark.parametrize("hint", ["login_hint", "id_token_hint", "claims"])
def test_an_apps_hint_chooses_without_a_page_and_leaves_the_sign_in_as_it_is(
    site: Site, hint: str
) -> None:
    company, second = site.world.company_id(), two_companies(site.world)
    browser = allowed(site, company)
    before = id_claims(site, browser.tokens())
    assert before["sub"] == subject(site, company)
    value = subject(site, second)
    if hint == "id_token_hint":
        value = allowed(site, second).tokens()["id_token"]
    if hint == "claims":
        value = json.dumps({"id_token": {"sub": {"value": value}}})
    hinted = id_claims(site, browser.tokens(**{hint: value, "prompt": "none"}))
    assert hinted["sub"] == subject(site, second)
    assert hinted["act"] == before["act"]
    assert hinted["sid"] == before["sid"]
    assert id_claims(site, browser.tokens())["sub"] == subject(site, company)


def test_a_hint_at_somebody_who_gave_no_mandate_chooses_nobody(site: Site) -> None:
    browser = allowed(site, site.world.company_id())
    with site.world.working() as work:
        other = work.store.people.find_legal_person(code="11120101000002014A")
    assert other is not None
    stranger = subject(site, other.legal_person_id)
    assert id_claims(site, browser.tokens(login_hint=stranger))["sub"] != stranger
    wish = json.dumps({"id_token": {"sub": {"value": stranger}}})
    refused = browser.http.get("/authorize", params=request_of(claims=wish, prompt="none"))
    assert "error" in told(refused.headers["location"])


def test_who_is_chosen_on_the_page_counts_for_more_than_a_hint(site: Site) -> None:
    second = two_companies(site.world)
    browser = allowed(site, site.world.company_id())
    browser.party = COMPANY
    hinted = request_of(login_hint=subject(site, second), prompt="select_account")
    tokens = browser.redeem(browser.authorize(hinted)["code"]).json()
    assert id_claims(site, tokens)["sub"] == subject(site, site.world.company_id())


def limited_agent(site: Site, *matters: str) -> str:
    """Let the reader act for the second company in some matters alone; the mandate's id."""
    two_companies(site.world)
    with site.world.working() as work:
        person = work.store.people.find_account("reader")
        assert person is not None
        body = work.store.people.find_legal_person(code=SECOND)
        assert body is not None
        mandate = Mandate(
            work.realm.fresh_id(), person[0].person_id, body.legal_person_id, "agent",
            frozenset({"licences"}), work.now, matters=frozenset(matters),
        )  # fmt: skip
        work.store.mandates.add(mandate)
    return mandate.mandate_id


def test_a_request_for_one_matter_needs_a_mandate_for_it_and_tells_no_other(site: Site) -> None:
    mandate_id = limited_agent(site, "open-restaurant")
    other = limited_agent(site, "company-change")
    browser = site.browser("reader")
    browser.party = SECOND_NAME
    tokens = browser.redeem(
        browser.authorize(request_of(scope=f"openid {RESTAURANT} offline_access"))["code"]
    ).json()
    assert browser.pages == ["/sign-in", "/act-for", "/consent"]
    claims = id_claims(site, tokens)
    authority = claims["verified_claims"]["claims"]["authority"]  # type: ignore[index]
    assert [each["matters"] for each in authority["permission"]] == [["open-restaurant"]]
    access = verify_signature(site.world.realm.keys, ACCESS, tokens["access_token"])
    assert RESTAURANT in access["scope"].split()
    asked = {"token": tokens["access_token"]}
    assert browser.http.post("/introspect", data=asked, headers=basic()).json()["active"]
    with site.world.working() as work:
        revoke_mandate(work, mandate_id)
    told_now = browser.http.post("/introspect", data=asked, headers=basic()).json()
    assert told_now == {"active": False}  # the other mandate does not cover the matter
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert browser.token(**again).json()["error"] == "invalid_grant"
    with site.world.working() as work:
        revoke_mandate(work, other)


def test_who_has_no_such_mandate_is_told_and_can_go_back_to_the_app(site: Site) -> None:
    browser = site.browser("person")
    page = browser.http.get("/authorize", params=request_of(scope="openid mandate"))
    page = browser.http.get(page.headers["location"])
    step = browser.http.get(browser.submit(page).headers["location"])
    shown = browser.http.get(step.headers["location"])
    assert "没有单位授权您办理这件事" in shown.text
    assert "为自己办事" not in shown.text
    silent = browser.http.get(
        "/authorize", params=request_of(scope="openid mandate", prompt="none")
    )
    assert told(silent.headers["location"])["error"] == "account_selection_required"


@pytest.mark.parametrize(
    "scope", ["openid mandate:no-such-matter", f"openid {RESTAURANT} mandate:company-change"]
)
def test_matters_that_do_not_exist_and_two_at_once_are_refused(site: Site, scope: str) -> None:
    answer = site.browser().http.get("/authorize", params=request_of(scope=scope))
    assert told(answer.headers["location"])["error"] == "invalid_scope"


def test_an_app_that_is_not_registered_for_mandates_gets_none(site: Site) -> None:
    with site.world.working() as work:
        if work.store.clients.find("modest") is None:
            scopes = frozenset({"openid", "legal_person"})
            add_client(
                work, NewClient("modest", "演示", COMPANY_CODE, "public", scopes, (REDIRECT,))
            )
    browser = site.browser()
    asked = request_of(client_id="modest", scope=f"openid legal_person {RESTAURANT}")
    code = browser.authorize(asked)["code"]
    answer = browser.redeem(code, client_id="modest", headers={})  # type: ignore[arg-type]
    assert RESTAURANT not in answer.text
