"""Mandates as people grant them: nothing beyond one's own, nothing for oneself, two where two."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from identity.errors import BadRegistration, MandateMissing, MandateRefused, NotRegistered
from identity.operating.registry import add_mandate, add_person
from identity.operating.representatives import change_representative
from identity.people.mandates import Mandate
from identity.people.sessions import cookie_name
from identity.standing.acting import SignedIn, powers_for
from identity.standing.cosigning import resume, sign
from identity.standing.granting import (
    Offer,
    check_offer,
    give_up,
    grant,
    suspend,
    withdraw,
)
from service.tour.forms import read_forms
from tests.identity.conftest import Site
from tests.identity.world import COMPANY_CODE, PASSWORD, World

OWN = Mandate(
    "own", "p", "c", "administrator", frozenset({"licences", "mandates", "apps"}), 0,
    matters=frozenset({"open-restaurant", "birth"}),
)  # fmt: skip
OFFER = Offer("reader", "演示·赵静", "agent", frozenset({"licences"}), frozenset({"birth"}))
KNOWN = frozenset({"open-restaurant", "birth", "company-change"})


def appoint(world: World) -> tuple[SignedIn, SignedIn]:
    """Make `person` the representative, `boss` a second one; both act for the company."""
    with world.working() as work:
        add_person(
            work, account="boss", name="演示·吴刚", citizen_number="120101192304010039",
            password=PASSWORD,
        )  # fmt: skip
        for account in ("person", "boss"):
            add_mandate(
                work, account=account, code=COMPANY_CODE, role="legal_representative",
                powers=["licences", "mandates", "apps"],
            )  # fmt: skip
    company = world.company_id()
    return world.sign_in("person", company)[1], world.sign_in("boss", company)[1]


@pytest.fixture
def heads(world: World) -> tuple[SignedIn, SignedIn]:
    return appoint(world)


def offer(**changes: object) -> Offer:
    usual = Offer("reader", "演示·赵静", "agent", frozenset({"licences"}))
    return replace(usual, **changes)  # type: ignore[arg-type]


def holds(world: World, account: str = "reader") -> bool:
    with world.working() as work:
        try:
            powers_for(work, world_id(world, account, work), company_of(work))
        except MandateMissing:
            return False
    return True


def world_id(_world: World, account: str, work: object) -> str:
    found = work.store.people.find_account(account)  # type: ignore[attr-defined]
    return str(found[0].person_id)


def company_of(work: object) -> str:
    found = work.store.people.find_legal_person(code=COMPANY_CODE)  # type: ignore[attr-defined]
    return str(found.legal_person_id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, ""),
        ({"role": "administrator"}, "role"),
        ({"role": "legal_representative"}, "role"),
        ({"powers": frozenset()}, "powers"),
        ({"powers": frozenset({"licences", "issue"})}, "powers"),
        ({"powers": frozenset({"mandates"})}, "powers"),
        ({"matters": frozenset()}, "matters"),
        ({"matters": frozenset({"company-change"})}, "matters"),
        ({"matters": frozenset({"no-such"})}, "matters"),
        ({"days": 0}, "days"),
        ({"days": 1}, ""),
        ({"days": 1098}, ""),
        ({"days": 1099}, "days"),
    ],
)
def test_nobody_gives_more_than_they_hold(changes: dict[str, object], field: str) -> None:
    asked = replace(OFFER, **changes)  # type: ignore[arg-type]
    if not field:
        check_offer(OWN, asked, KNOWN)
        return
    with pytest.raises(MandateRefused) as refused:
        check_offer(OWN, asked, KNOWN)
    assert refused.value.field == field


def test_only_a_representative_appoints_administrators() -> None:
    head = replace(OWN, role="legal_representative", matters=frozenset())
    check_offer(head, replace(OFFER, role="administrator", powers=frozenset({"mandates"})), KNOWN)
    agent = replace(OWN, role="agent")
    with pytest.raises(MandateRefused):
        check_offer(agent, OFFER, KNOWN)


def test_a_grant_ends_with_the_mandate_under_which_it_was_made(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        own = replace(
            offer(role="administrator", powers=frozenset({"licences", "mandates"})), days=10
        )
        ends = grant(work, heads[0], own).valid_to
    company = world.company_id()
    administrator = world.sign_in("reader", company)[1]
    with world.working() as work:
        given = {"account": "boss", "name": "演示·吴刚"}
        assert grant(work, administrator, offer(**given, days=30)).valid_to == ends
        shorter = grant(work, administrator, offer(**given, days=5))
    assert shorter.valid_to == world.clock.now + 5 * 86_400


def test_a_grant_works_at_once_for_thirty_days_and_not_a_second_longer(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        mandate = grant(work, heads[0], offer())
    assert holds(world)
    assert mandate.valid_to == world.clock.now + 30 * 86_400
    world.clock.now = mandate.valid_to - 1
    assert holds(world)
    world.clock.now += 1
    assert not holds(world)


@pytest.mark.line(48)
def test_nobody_grants_to_themself_or_signs_their_own_mandate(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    first, second = heads
    with world.working() as work, pytest.raises(MandateRefused, match="own"):
        grant(work, first, offer(account="person", name="演示·李明"))
    with world.working() as work:
        mine = grant(work, first, offer(account="boss", name="演示·吴刚", joint=True))
    for signer in heads:  # the granter, and the holder
        with world.working() as work, pytest.raises(MandateRefused, match="own"):
            sign(work, signer, mine.mandate_id)
    assert second.person.person_id == mine.person_id


@pytest.mark.line(48)
def test_a_joint_mandate_holds_only_with_the_second_signature(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        mandate = grant(work, heads[0], offer(joint=True))
    assert not holds(world)
    with world.working() as work:
        sign(work, heads[1], mandate.mandate_id)
    assert holds(world)
    with world.working() as work, pytest.raises((MandateRefused, NotRegistered)):
        sign(work, heads[1], mandate.mandate_id)


@pytest.mark.line(48)
@pytest.mark.parametrize(
    ("matters", "refused"),
    [(set(), True), ({"open-restaurant", "company-change"}, True), ({"open-restaurant"}, False)],
)
def test_nobody_signs_or_resumes_for_matters_that_they_do_not_hold(
    world: World, heads: tuple[SignedIn, SignedIn], matters: set[str], refused: bool
) -> None:
    second = heads[1]
    with world.working() as work:
        whole = work.store.mandates.of_person(second.person.person_id)[0]
        work.store.mandates.revoke(whole.mandate_id, work.now)
        few = replace(
            whole,
            mandate_id=work.realm.fresh_id(),
            revoked_at=None,
            matters=frozenset({"open-restaurant"}),
        )
        work.store.mandates.add(few)
        given = grant(work, heads[0], offer(joint=True, matters=frozenset(matters)))
        rests = grant(work, heads[0], offer(matters=frozenset(matters)))
        suspend(work, heads[0], rests.mandate_id)
    for act, mandate in ((sign, given), (resume, rests)):
        within = pytest.raises(MandateRefused, match="matters") if refused else nullcontext()
        with world.working() as work, within:
            act(work, second, mandate.mandate_id)
    assert holds(world) is not refused


def test_who_may_grant_only_together_grants_only_together(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        held = work.store.mandates.of_person(heads[0].person.person_id)[0]
        work.store.mandates.revoke(held.mandate_id, work.now)
        joint = replace(held, mandate_id=work.realm.fresh_id(), joint=True, revoked_at=None)
        work.store.mandates.add(joint)
    with world.working() as work:
        assert grant(work, heads[0], offer()).signatures_missing == 1
    assert not holds(world)


def test_of_many_signatures_at_once_one_counts(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        mandate = grant(work, heads[0], offer(joint=True))

    def attempt(_: int) -> bool:
        try:
            with world.working() as work:
                sign(work, heads[1], mandate.mandate_id)
        except (MandateRefused, NotRegistered):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(50))) == 1


def test_what_is_suspended_or_withdrawn_allows_nothing(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        mandate_id = grant(work, heads[0], offer()).mandate_id
        suspend(work, heads[1], mandate_id)
    assert not holds(world)
    with world.working() as work:
        resume(work, heads[1], mandate_id)
    assert holds(world)
    with world.working() as work:
        withdraw(work, heads[1], mandate_id)
    assert not holds(world)
    with world.working() as work, pytest.raises(NotRegistered):
        resume(work, heads[1], mandate_id)


def test_nobody_resumes_their_own_mandate(world: World, heads: tuple[SignedIn, SignedIn]) -> None:
    with world.working() as work:
        powers = frozenset({"mandates", "licences"})
        boss = offer(account="agent", name="演示·张强", role="administrator", powers=powers)
        own = grant(work, heads[0], boss)
        suspend(work, heads[1], own.mandate_id)
    administrator = world.sign_in("agent", world.company_id())[1]
    with world.working() as work, pytest.raises((MandateMissing, MandateRefused)):
        resume(work, administrator, own.mandate_id)


def test_an_agent_manages_no_mandates(world: World, heads: tuple[SignedIn, SignedIn]) -> None:
    agent = world.sign_in("agent", world.company_id())[1]
    with world.working() as work, pytest.raises(MandateMissing):
        grant(work, agent, offer())
    with world.working() as work:
        mandate_id = grant(work, heads[0], offer()).mandate_id
    with world.working() as work, pytest.raises(MandateMissing):
        withdraw(work, agent, mandate_id)


def test_mandates_of_another_legal_person_and_of_representatives_are_out_of_reach(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        other = add_mandate(
            work, account="reader", code="11120101000002014A", role="agent", powers=["licences"]
        )
        head = work.store.mandates.of_person(heads[1].person.person_id)[0]
    for mandate_id in (other.mandate_id, head.mandate_id, "no-such", "x" * 32):
        with world.working() as work, pytest.raises(NotRegistered):
            withdraw(work, heads[0], mandate_id)


def test_a_person_gives_up_what_was_granted_to_them_alone(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    with world.working() as work:
        mandate = grant(work, heads[0], offer())
        with pytest.raises(NotRegistered):
            give_up(work, heads[0], mandate.mandate_id)
    holder = world.sign_in("reader", world.company_id())[1]
    with world.working() as work:
        give_up(work, holder, mandate.mandate_id)
    assert not holds(world)


def test_an_account_and_a_name_that_do_not_belong_together_find_nobody(
    world: World, heads: tuple[SignedIn, SignedIn]
) -> None:
    for wrong in (offer(name="演示·别人"), offer(account="nobody")):
        with world.working() as work, pytest.raises(MandateRefused, match="person"):
            grant(work, heads[0], wrong)


@pytest.mark.line(48)
def test_a_new_representative_freezes_what_the_old_one_granted(world: World) -> None:
    with world.working() as work:
        add_mandate(
            work, account="person", code=COMPANY_CODE, role="legal_representative",
            powers=["licences", "mandates"],
        )  # fmt: skip
    old = world.sign_in("person", world.company_id())[1]
    powers = frozenset({"mandates", "licences"})
    with world.working() as work:
        admin = grant(
            work, old,
            offer(account="agent", name="演示·张强", role="administrator", powers=powers),
        )  # fmt: skip
    administrator = world.sign_in("agent", world.company_id())[1]
    with world.working() as work:
        below = grant(work, administrator, offer())
        with pytest.raises(BadRegistration):
            change_representative(work, COMPANY_CODE, "person")
        _, resting = change_representative(work, COMPANY_CODE, "reader")
    assert resting == 2
    assert not holds(world, "person")
    with world.working() as work:
        held = work.store.mandates
        found = [held.find(each.mandate_id) for each in (admin, below)]
    assert all(each is not None and each.suspended_at is not None for each in found)
    new = world.sign_in("reader", world.company_id())[1]
    with world.working() as work:
        resume(work, new, admin.mandate_id)
        with pytest.raises(MandateRefused, match="own"):
            resume(work, new, below.mandate_id)  # it is the new representative's own


def fields(page: httpx.Response) -> dict[str, str]:
    form = next(form for form in read_forms(page.text) if form.action == "/mandates")
    return dict(form.fields)


def test_the_page_grants_keeps_what_was_typed_and_takes_back(site: Site) -> None:
    with site.world.working() as work:
        if not work.store.mandates.of_person(world_id(site.world, "person", work)):
            add_mandate(
                work, account="person", code=COMPANY_CODE, role="legal_representative",
                powers=["licences", "mandates"],
            )  # fmt: skip
    browser = site.browser("person")
    cookie, _ = site.world.sign_in("person", site.world.company_id())
    browser.http.cookies.set(cookie_name(site.url), cookie)
    page = browser.http.get("/mandates")
    csrf = {name: value for name, value in fields(page).items() if name not in {"act", "mandate"}}
    asked = {
        **csrf, "act": "grant", "account": "reader", "name": "演示·赵静", "role": "agent",
        "power.licences": "on", "matters": "chosen", "matter.open-restaurant": "on", "days": "0",
        "drafted_for": site.world.company_id(),
    }  # fmt: skip
    wrong = browser.http.post("/mandates", data=asked)
    assert wrong.status_code == 400
    assert 'value="reader"' in wrong.text
    assert 'href="#days"' in wrong.text
    assert browser.http.post("/mandates", data=asked | {"days": "30"}).status_code == 303
    listed = browser.http.get("/mandates").text
    assert "演示·赵静" in listed
    assert "开办餐饮店" in listed
    with site.world.working() as work:
        mandate = next(
            each
            for each in work.store.mandates.of_person(world_id(site.world, "reader", work))
            if each.granted_by and each.is_live(work.now)
        )
    act = {**csrf, "act": "revoke", "mandate": mandate.mandate_id}
    assert browser.http.post("/mandates", data=act).status_code == 303
    with site.world.working() as work:
        kept = work.store.mandates.find(mandate.mandate_id)
    assert kept is not None
    assert kept.revoked_at is not None
    assert browser.http.post("/mandates", data=act).status_code == 303  # twice does no harm
    assert browser.http.post("/mandates", data={"act": "revoke"}).status_code == 403
    assert site.browser().http.get("/mandates").headers["location"].startswith("/sign-in")
    with site.world.working() as work:  # the server is everybody's
        for each in work.store.mandates.of_person(world_id(site.world, "person", work)):
            if each.is_live(work.now):
                work.store.mandates.revoke(each.mandate_id, work.now)


def test_a_page_of_somebody_without_power_grants_nothing(site: Site, tmp_path: Path) -> None:
    browser = site.browser()
    cookie, _ = site.world.sign_in("agent", site.world.company_id())
    browser.http.cookies.set(cookie_name(site.url), cookie)
    page = browser.http.get("/mandates")
    assert page.status_code == 200
    assert "授权给一个人" not in page.text
    assert COMPANY_CODE not in page.text
