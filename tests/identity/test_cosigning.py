"""Who lets a mandate hold: the city what the city holds back, two people what needs two."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete, text

from identity.errors import MandateRefused, NotRegistered
from identity.operating.suspending import (
    resume_legal_person,
    resume_mandate,
    suspend_legal_person,
    suspend_mandate,
)
from identity.people.mandates import Mandate
from identity.people.sessions import cookie_name
from identity.standing.acting import SignedIn
from identity.standing.cosigning import resume, sign
from identity.standing.granting import grant, suspend, withdraw
from identity.store.tables import mandates
from tests.identity.conftest import Site
from tests.identity.test_granting import appoint, company_of, fields, holds, offer, world_id
from tests.identity.world import COMPANY_CODE, World

Heads = tuple[SignedIn, SignedIn]


@pytest.fixture
def heads(world: World) -> Heads:
    return appoint(world)


def given(world: World, heads: Heads, **changes: object) -> Mandate:
    with world.working() as work:
        return grant(work, heads[0], offer(**changes))


def replaced(world: World, holder: SignedIn, **changes: object) -> Mandate:
    """Change what somebody holds; the mandate they hold now."""
    with world.working() as work:
        store, person_id = work.store.mandates, holder.person.person_id
        (held,) = [each for each in store.of_person(person_id) if each.revoked_at is None]
        store.revoke(held.mandate_id, work.now)
        new = replace(held, mandate_id=work.realm.fresh_id(), **changes)  # type: ignore[arg-type]
        store.add(new)
    return new


@pytest.mark.line(46)
def test_line_46_what_the_city_holds_back_only_the_city_lets_go(world: World, heads: Heads) -> None:
    mandate_id = given(world, heads).mandate_id
    with world.working() as work:
        suspend_mandate(work, mandate_id)
    for head in heads:
        with world.working() as work, pytest.raises(MandateRefused, match="held"):
            resume(work, head, mandate_id)
    assert not holds(world)
    with world.working() as work:
        assert resume_mandate(work, mandate_id).is_live(work.now)
    assert holds(world)


def test_the_city_and_the_legal_person_let_a_mandate_rest_each_for_themselves(
    world: World, heads: Heads
) -> None:
    mandate_id = given(world, heads).mandate_id
    with world.working() as work:
        suspend(work, heads[0], mandate_id)
        suspend_mandate(work, mandate_id)
        assert not resume_mandate(work, mandate_id).is_live(work.now)
    assert not holds(world)
    with world.working() as work:
        resume(work, heads[0], mandate_id)
    assert holds(world)


def test_a_company_that_is_let_go_keeps_at_rest_what_it_suspended_itself(
    world: World, heads: Heads
) -> None:
    own, other = given(world, heads), given(world, heads, powers=frozenset({"apps"}))
    with world.working() as work:
        suspend(work, heads[0], own.mandate_id)
        held = suspend_legal_person(work, COMPANY_CODE)
        assert resume_legal_person(work, COMPANY_CODE) == held
        found = [work.store.mandates.find(each.mandate_id) for each in (own, other)]
    assert [each is not None and each.is_live(world.clock.now) for each in found] == [False, True]


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_held_back_is_not_granted_anew(world: World, heads: Heads, gone: bool) -> None:
    mandate_id = given(world, heads).mandate_id
    with world.working() as work:
        suspend_mandate(work, mandate_id)
        if gone:
            withdraw(work, heads[0], mandate_id)
    with world.working() as work, pytest.raises(MandateRefused, match="held"):
        grant(work, heads[0], offer())
    with world.working() as work:
        resume_mandate(work, mandate_id)
        grant(work, heads[0], offer())
    assert holds(world)


def test_a_mandate_that_was_held_back_and_is_over_bars_nobody(world: World, heads: Heads) -> None:
    mandate = given(world, heads, days=1)
    with world.working() as work:
        suspend_mandate(work, mandate.mandate_id)
    world.clock.now = (mandate.valid_to or 0) - 1
    with world.working() as work, pytest.raises(MandateRefused, match="held"):
        grant(work, heads[0], offer())
    world.clock.now += 1
    with world.working() as work:
        assert grant(work, heads[0], offer()).is_live(work.now)


@pytest.mark.line(48)
def test_line_48_who_grants_only_with_another_resumes_only_with_another(
    world: World, heads: Heads
) -> None:
    first, second = heads
    mandate_id = given(world, heads).mandate_id
    with world.working() as work:
        suspend(work, first, mandate_id)
    replaced(world, second, joint=True)
    with world.working() as work:
        assert resume(work, second, mandate_id).signatures_missing == 1
    assert not holds(world)
    with world.working() as work, pytest.raises(MandateRefused, match="own"):
        sign(work, second, mandate_id)
    with world.working() as work:  # who granted it once is the other person now
        sign(work, first, mandate_id)
    assert holds(world)


def test_who_grants_alone_resumes_alone(world: World, heads: Heads) -> None:
    mandate_id = given(world, heads).mandate_id
    with world.working() as work:
        suspend(work, heads[0], mandate_id)
        resume(work, heads[1], mandate_id)
    assert holds(world)


def test_of_many_who_resume_at_once_one_begins_and_one_other_ends(
    world: World, heads: Heads
) -> None:
    mandate_id = given(world, heads).mandate_id
    with world.working() as work:
        suspend(work, heads[0], mandate_id)
    for head in heads:
        replaced(world, head, joint=True)

    def attempt(number: int) -> bool:
        try:
            with world.working() as work:
                resume(work, heads[number % 2], mandate_id)
        except NotRegistered:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(50))) == 1
    assert not holds(world)
    done = 0
    for head in heads:
        with world.working() as work:
            try:
                sign(work, head, mandate_id)
            except MandateRefused:
                continue
            done += 1
    assert done == 1
    assert holds(world)


ENDINGS = ["revoked", "suspended", "held back", "expired", "without the power", "for less matters"]


@pytest.mark.line(48)
@pytest.mark.parametrize("ending", ["", *ENDINGS])
def test_line_48_the_first_signature_counts_while_its_signer_could_still_grant(
    world: World, heads: Heads, ending: str
) -> None:
    first, second = heads
    ends = world.clock.now + 10
    own = replaced(world, first, valid_to=ends)
    mandate_id = given(world, heads, joint=True).mandate_id
    with world.database.writing() as connection:  # the holder of a long one, from a short one
        connection.execute(text("UPDATE mandates SET valid_to = NULL WHERE parent_id <> ''"))
    change(world, own, ending, ends)
    with world.working() as work:
        if not ending:
            sign(work, second, mandate_id)
        else:
            with pytest.raises(MandateRefused, match=r"granter|matters"):
                sign(work, second, mandate_id)
    assert holds(world) is not bool(ending)


def change(world: World, own: Mandate, ending: str, ends: int) -> None:
    """Let the first signer's own mandate end, or shrink; without a word, wait until its last."""
    world.clock.now = ends - (ending != "expired")
    with world.working() as work:
        store, now = work.store.mandates, work.now
        acts = {"revoked": store.revoke, "suspended": store.suspend, "held back": store.hold_back}
        if ending in acts:
            acts[ending](own.mandate_id, now)
    less = {"without the power": "powers = 'licences'", "for less matters": "matters = 'birth'"}
    if ending in less:
        with world.database.writing() as connection:
            statement = f"UPDATE mandates SET {less[ending]} WHERE mandate_id = :id"
            connection.execute(text(statement), {"id": own.mandate_id})


@pytest.fixture
def held_back(site: Site) -> Iterator[str]:
    """A mandate that the city holds back, of a company that `person` leads."""
    made = []
    with site.world.working() as work:
        for account, role in (("person", "legal_representative"), ("reader", "agent")):
            mandate = Mandate(
                work.realm.fresh_id(), world_id(site.world, account, work), company_of(work), role,
                frozenset({"licences", "mandates"}), work.now,
            )  # fmt: skip
            work.store.mandates.add(mandate)
            made.append(mandate.mandate_id)
        suspend_mandate(work, mandate.mandate_id)
    yield mandate.mandate_id
    with site.world.database.writing() as connection:  # the server is everybody's
        connection.execute(delete(mandates).where(mandates.c.mandate_id.in_(made)))


def test_the_page_says_who_holds_a_mandate_back_and_offers_no_way_around(
    site: Site, held_back: str
) -> None:
    browser = site.browser("person")
    cookie, _ = site.world.sign_in("person", site.world.company_id())
    browser.http.cookies.set(cookie_name(site.url), cookie)
    for language, words in (("zh", "登记机关已暂停"), ("en", "Suspended by the registry")):
        page = browser.http.get("/mandates", headers={"Accept-Language": language})
        assert words in page.text
        assert 'value="resume"' not in page.text
    refused = browser.http.post(
        "/mandates", data={**fields(page), "act": "resume", "mandate": held_back}
    )
    assert refused.status_code == 400
    assert "只有登记机关可以恢复" in refused.text
