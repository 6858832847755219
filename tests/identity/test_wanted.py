"""The `claims` parameter where it decides whether there is an answer: who answers, and how sure."""

import json
from typing import Any

import pytest

from identity.asking.wanted import Wanted, read_wanted
from identity.errors import BadWish
from identity.people.assurance import acr_of
from tests.identity.browser import request_of
from tests.identity.conftest import Site
from tests.identity.test_acting_for import allowed, subject

NO_TEXTS = [
    {"value": None},
    {"value": 5},
    {"value": ["a"]},
    {"values": None},
    {"values": []},
    {"values": [[1]]},
    {"values": [None, 2, {}]},
    {"values": "a"},
    {"values": {"a": 1}},
]
UNREADABLE: list[Any] = ["a", 5, [], True, {"essential": "true"}, {"essential": None}]


def wanted(name: str, about: Any) -> Wanted:
    return read_wanted(json.dumps({"id_token": {name: about}}))


def ask(name: str, about: Any) -> dict[str, str]:
    return request_of(claims=json.dumps({"id_token": {name: about}}), prompt="none")


@pytest.mark.parametrize("about", [None, {}, {"essential": True}, {"essential": False}])
def test_a_claim_without_values_may_have_any(about: Any) -> None:
    assert wanted("acr", about).essential_acrs is None
    assert wanted("sub", about).subjects is None


@pytest.mark.parametrize("about", NO_TEXTS)
def test_values_that_are_no_text_are_met_by_nothing(about: dict[str, Any]) -> None:
    assert wanted("acr", {"essential": True, **about}).essential_acrs == frozenset()
    assert wanted("sub", about).subjects == frozenset()


@pytest.mark.parametrize(
    ("about", "values"),
    [
        ({"value": "a"}, {"a"}),
        ({"values": ["a", "b", 3]}, {"a", "b"}),
        ({"value": None, "values": ["a"]}, {"a"}),
        ({"value": "", "values": []}, {""}),
    ],
)
def test_of_several_values_each_text_counts(about: dict[str, Any], values: set[str]) -> None:
    assert wanted("acr", {"essential": True, **about}).essential_acrs == values
    assert wanted("sub", about).subjects == values


def test_a_wish_for_a_level_is_no_need() -> None:
    assert wanted("acr", {"values": [[1]]}).essential_acrs is None


@pytest.mark.parametrize("name", ["sub", "acr"])
@pytest.mark.parametrize("about", UNREADABLE)
def test_a_condition_that_cannot_be_read_refuses_the_request(
    site: Site, name: str, about: Any
) -> None:
    with pytest.raises(BadWish, match=name):
        wanted(name, about)
    told = site.browser().authorize(ask(name, about))
    assert told["error"] == "invalid_request"
    assert name in told["error_description"]


@pytest.mark.line(39)
@pytest.mark.parametrize("about", NO_TEXTS)
def test_line_39_a_level_that_nobody_could_have_is_unmet(site: Site, about: dict[str, Any]) -> None:
    browser = allowed(site, site.world.company_id())
    told = browser.authorize(ask("acr", {"essential": True, **about}))
    assert told["error"] == "unmet_authentication_requirements"
    assert "code" in browser.authorize(ask("acr", about))


def test_one_level_that_can_be_met_is_enough_beside_what_is_no_text(site: Site) -> None:
    browser = allowed(site, site.world.company_id())
    needed = {"essential": True, "values": [1, acr_of(2)]}
    assert "code" in browser.authorize(ask("acr", needed))


@pytest.mark.parametrize("about", [*NO_TEXTS, {"value": "\ud800"}, {"value": "演示"}])
def test_a_subject_that_is_nobody_gets_no_answer(site: Site, about: dict[str, Any]) -> None:
    browser = allowed(site, site.world.company_id())
    told = browser.authorize(ask("sub", about))
    assert told["error"] in {"account_selection_required", "login_required"}


def test_one_of_several_subjects_may_answer(site: Site) -> None:
    company = site.world.company_id()
    browser = allowed(site, company)
    known = ["somebody else", subject(site, company)]
    assert "code" in browser.authorize(ask("sub", {"values": known}))
    assert "code" not in browser.authorize(ask("sub", {"values": known[:1]}))
