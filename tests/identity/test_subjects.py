"""Citizen numbers and social credit codes, against published samples and python-stdnum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from identity.errors import BadNumber
from identity.people.subjects import (
    CITIZEN_CHECKS,
    CREDIT_ALPHABET,
    _organisation_check,
    check_citizen_number,
    check_credit_code,
    looks_like_citizen_number,
)
from tests.identity.world import PUBLISHED

CITIZENS: list[str] = PUBLISHED["citizen_numbers"]
CODES: list[str] = PUBLISHED["credit_codes"]


@pytest.mark.parametrize("number", CITIZENS)
def test_a_real_citizen_number_is_accepted(number: str) -> None:
    assert check_citizen_number(f" {number.lower()} ") == number


@pytest.mark.parametrize("code", CODES)
def test_a_real_credit_code_is_accepted(code: str) -> None:
    assert check_credit_code(f" {code.lower()} ") == code


@pytest.mark.parametrize("number", CITIZENS)
def test_any_other_last_character_of_a_citizen_number_is_refused(number: str) -> None:
    for last in set("0123456789X") - {number[-1]}:
        with pytest.raises(BadNumber, match="last character"):
            check_citizen_number(number[:-1] + last)


@pytest.mark.parametrize("code", CODES)
def test_any_other_last_character_of_a_credit_code_is_refused(code: str) -> None:
    for last in set(CREDIT_ALPHABET) - {code[-1]}:
        with pytest.raises(BadNumber, match="last character"):
            check_credit_code(code[:-1] + last)


@given(st.dates(), st.integers(0, 999))
def test_the_check_of_citizen_numbers_agrees_with_stdnum(born: object, sequence: int) -> None:
    year, month, day = str(born).split("-")
    body = f"120101{int(year):04d}{month}{day}{sequence:03d}"
    verdicts = {last: _accepts(check_citizen_number, body + last) for last in CITIZEN_CHECKS}
    if int(body[6:10]) >= 1800:
        assert verdicts == {last: ric.is_valid(body + last) for last in CITIZEN_CHECKS}


@given(st.text(CREDIT_ALPHABET, min_size=9, max_size=9), st.integers(100000, 659999))
def test_the_check_of_credit_codes_agrees_with_stdnum(middle: str, area: int) -> None:
    body = f"91{area}{middle}"
    expected = uscc.calc_check_digit(body)
    for last in CREDIT_ALPHABET:
        accepted = _accepts(check_credit_code, body + last)
        assert not accepted or last == expected
    if body[16] == _organisation_check(body[8:16]):
        assert _accepts(check_credit_code, body + expected)


def test_the_organisation_code_inside_has_a_check_of_its_own() -> None:
    body = "91350100M000100Y5"
    code = body + uscc.calc_check_digit(body)
    assert uscc.is_valid(code)
    with pytest.raises(BadNumber, match="organisation code"):
        check_credit_code(code)


@pytest.mark.parametrize("date", ["19490229", "20230229", "19491301", "19491200", "17991231"])
def test_a_birth_date_that_never_was_is_refused(date: str) -> None:
    with pytest.raises(BadNumber, match="birth date"):
        check_citizen_number(f"110105{date}002X")


@pytest.mark.parametrize("date", ["20240229", "18000101"])
def test_a_birth_date_that_was_is_not_the_reason_to_refuse(date: str) -> None:
    with pytest.raises(BadNumber, match="last character"):
        check_citizen_number(f"110105{date}000{_wrong(f'110105{date}000')}")


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1",
        "11010519491231002",
        "11010519491231002XX",
        "０10105194912310020",
        "A1010519491231002X",
    ],
)
def test_another_form_is_no_citizen_number(number: str) -> None:
    with pytest.raises(BadNumber, match="17 digits"):
        check_citizen_number(number)


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y4", "91350100I000100Y43", "9135010OM000100Y43"]
)
def test_another_form_is_no_credit_code(code: str) -> None:
    with pytest.raises(BadNumber, match="18 characters"):
        check_credit_code(code)


def test_a_number_typed_at_sign_in_is_told_from_an_account_name() -> None:
    assert looks_like_citizen_number(" 11010519491231002x ")
    assert not looks_like_citizen_number("agent")


def _accepts(check: object, number: str) -> bool:
    try:
        check(number)  # type: ignore[operator]
    except BadNumber:
        return False
    return True


def _wrong(body: str) -> str:
    return next(last for last in CITIZEN_CHECKS if not _accepts(check_citizen_number, body + last))
