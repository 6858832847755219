"""Catalogue, matters, states and purposes: both sides of each rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.catalogue import CATALOGUE, LONGEST, check_fields, find_type
from certificates.errors import (
    FieldsRefused,
    NoGround,
    PurposeRefused,
    TransitionRefused,
    UnknownMatter,
    UnknownType,
)
from certificates.identifiers import make_identifier
from certificates.lifecycle import ALLOWED, State, check_transition, state_at
from certificates.matters import MATTERS, fields_for, find_matter
from certificates.purposes import check_purpose

REPORT = {
    "number": "XY-1",
    "name": "演示·海河餐饮有限公司",
    "uscc": "91120101MA00030139",
    "period_from": "2024-02-29",
    "period_to": "2026-01-31",
    "violations": "无",
}


def reasons(changes: dict[str, str]) -> set[str]:
    with pytest.raises(FieldsRefused) as refused:
        check_fields(find_type("credit-report"), REPORT | changes)
    return set(refused.value.reasons)


def test_good_fields_come_back_clean_and_in_order() -> None:
    clean = check_fields(find_type("credit-report"), {"remarks": " ", **REPORT, "number": " XY-1 "})
    assert list(clean) == list(REPORT)
    assert clean == REPORT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", ""),
        ("number", "x" * (LONGEST + 1)),
        ("number", "a\u0000b"),
        ("number", "\u200b"),
        ("number", "a\u202eb"),
        ("number", "a\u2028b"),
        ("number", "\ue000"),
        ("uscc", "91120101MA0003013X"),
        ("period_from", "2023-02-29"),
        ("period_from", "20240229"),
        ("violations", "maybe"),
        ("colour", "red"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    assert reasons({name: value}) == {name}


def test_all_bad_values_are_told_at_once() -> None:
    assert reasons({"number": "", "uscc": "x", "period_to": "x"}) == {"number", "uscc", "period_to"}


def test_the_longest_value_is_accepted() -> None:
    check_fields(find_type("credit-report"), REPORT | {"number": "x" * LONGEST})


@pytest.mark.parametrize("name", ["演示·李㐀", "演示·𠮷", "演示·\U00031350", "A B　C"])
def test_rare_characters_of_names_are_kept(name: str) -> None:
    assert check_fields(find_type("credit-report"), REPORT | {"name": name})["name"] == name


@given(st.text(), st.sampled_from([f.name for f in find_type("birth-certificate").fields]))
def test_any_text_is_accepted_or_refused_but_never_breaks(value: str, name: str) -> None:
    with pytest.raises(FieldsRefused):
        check_fields(find_type("birth-certificate"), {name: value})


@pytest.mark.parametrize("value", ["0", "100", "99.5", "0.0001"])
def test_decimals_are_accepted(value: str) -> None:
    fields = {each.name: "1" for each in find_type("business-licence").fields}
    good = {"uscc": REPORT["uscc"], "established": "2020-01-01", "capital": value}
    assert check_fields(find_type("business-licence"), fields | good)["capital"] == value


@pytest.mark.parametrize("value", ["01", "1.", "1e3", "-1", "1.00001", "１"])
def test_what_is_no_decimal_is_refused(value: str) -> None:
    fields = {each.name: "1" for each in find_type("business-licence").fields}
    good = {"uscc": REPORT["uscc"], "established": "2020-01-01", "capital": value}
    with pytest.raises(FieldsRefused):
        check_fields(find_type("business-licence"), fields | good)


def test_every_type_can_have_an_identifier_and_has_fields_of_its_own_names() -> None:
    assert len({each.code for each in CATALOGUE.values()}) == len(CATALOGUE)
    for kind in CATALOGUE.values():
        make_identifier(kind.code, kind.code[:18], "12345678")
        assert len({field.name for field in kind.fields}) == len(kind.fields)
        assert all((field.kind == "choice") == bool(field.choices) for field in kind.fields)


def test_matters_ask_only_for_what_licences_have() -> None:
    assert len(MATTERS) == 13
    for matter in MATTERS.values():
        for slug, names in matter.grounds.items():
            assert set(names) <= {field.name for field in find_type(slug).fields}


def test_a_matter_without_ground_is_refused() -> None:
    assert "mother_name" not in fields_for(find_matter("school-enrolment"), "birth-certificate")
    with pytest.raises(NoGround):
        fields_for(find_matter("school-enrolment"), "business-licence")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownType):
        find_type("driving-licence")
    with pytest.raises(UnknownMatter):
        find_matter("x")


STATES: tuple[State, ...] = ("valid", "suspended", "revoked", "expired")


@pytest.mark.parametrize("old", STATES)
@pytest.mark.parametrize("new", STATES)
def test_the_table_of_transitions_is_kept(old: State, new: State) -> None:
    if new in ALLOWED[old]:
        check_transition(old, new)
    else:
        with pytest.raises(TransitionRefused):
            check_transition(old, new)


def test_a_revoked_licence_never_comes_back() -> None:
    assert not ALLOWED["revoked"]


@pytest.mark.parametrize(
    ("stored", "now", "state"),
    [
        ("valid", 99, "valid"),
        ("valid", 100, "expired"),
        ("suspended", 99, "suspended"),
        ("suspended", 100, "expired"),
        ("revoked", 100, "revoked"),
    ],
)
def test_expiry_begins_at_its_second_and_wins_but_over_revocation(
    stored: State, now: int, state: State
) -> None:
    assert state_at(stored, 100, now) == state


def test_without_an_end_nothing_expires() -> None:
    assert state_at("valid", None, 10**12) == "valid"


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\nb"])
def test_a_purpose_is_mandatory_short_and_one_line(text: str) -> None:
    with pytest.raises(PurposeRefused):
        check_purpose(text)


def test_a_purpose_of_200_characters_is_accepted_and_trimmed() -> None:
    assert check_purpose(f" {'因' * 200} ") == "因" * 200
