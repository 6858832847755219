"""Identifiers by GB/T 36904 and the codes inside them, against real samples and an oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from certificates.errors import IdentifierMalformed
from certificates.identifiers import (
    ALPHABET,
    USCC_ALPHABET,
    check_character,
    check_citizen_number,
    check_identifier,
    check_uscc,
    make_identifier,
    mask,
)

REAL = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
REAL_USCC = ("914403001922038216", "9144030071526726XG", "91330106673959654P", "91110000802100433B")
serials = st.text(ALPHABET, min_size=8, max_size=32)


def test_a_real_identifier_is_taken_apart() -> None:
    found = check_identifier(REAL)
    assert (found.type_code, found.issuer) == ("11100000000013338W011", "11430000006122244L")
    assert (found.serial, found.version) == ("20230000403", "001")
    assert str(found) == REAL


def test_the_check_character_of_a_real_identifier_with_an_area_code_as_issuer() -> None:
    assert check_character("11100000MB03271699022" + "340100" + "000000016" + "001") == "9"


@given(st.text(ALPHABET, min_size=1, max_size=60))
def test_the_check_character_is_the_oracles(text: str) -> None:
    assert check_character(text) == mod_37_36.calc_check_digit(text)


@given(serials)
def test_what_is_made_can_be_taken_apart(serial: str) -> None:
    made = make_identifier("11120101000002014A001", "11120101000002014A", serial)
    assert check_identifier(made).serial == serial


@pytest.mark.parametrize("position", range(len(REAL)))
def test_every_single_changed_character_is_noticed(position: int) -> None:
    changed = "7" if REAL[position] != "7" else "8"
    with pytest.raises(IdentifierMalformed):
        check_identifier(REAL[:position] + changed + REAL[position + 1 :])


@pytest.mark.parametrize("length", [7, 33])
def test_a_serial_outside_8_to_32_characters_is_refused(length: int) -> None:
    with pytest.raises(IdentifierMalformed):
        make_identifier("11120101000002014A001", "11120101000002014A", "1" * length)


@pytest.mark.parametrize("length", [8, 32])
def test_a_serial_of_8_or_32_characters_is_accepted(length: int) -> None:
    make_identifier("11120101000002014A001", "11120101000002014A", "1" * length)


@pytest.mark.parametrize("code", REAL_USCC)
def test_real_credit_codes_are_accepted(code: str) -> None:
    check_uscc(code)


@given(st.sampled_from(REAL_USCC), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_a_credit_code_is_judged_as_by_the_oracle(code: str, place: int, new: str) -> None:
    changed = code[:place] + new + code[place + 1 :]
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(changed[:17]))
    right = uscc.calc_check_digit(changed[:17]) == changed[17]
    assert (USCC_ALPHABET[-total % 31] == changed[17]) == right
    if right:
        check_uscc(changed)
    else:
        with pytest.raises(IdentifierMalformed):
            check_uscc(changed)


@given(st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True))
def test_a_citizen_numbers_check_digit_is_the_oracles(number: str) -> None:
    if ric.calc_check_digit(number) == number[17]:
        check_citizen_number(number)
    else:
        with pytest.raises(IdentifierMalformed):
            check_citizen_number(number)


def test_the_standards_sample_is_accepted_and_its_neighbour_is_not() -> None:
    check_citizen_number("11010519491231002X")
    with pytest.raises(IdentifierMalformed):
        check_citizen_number("110105194912310021")
    with pytest.raises(ValidationError):
        ric.validate("110105194912310021")


def test_a_masked_number_shows_its_ends_only() -> None:
    assert mask("11010519491231002X") == "1101************2X"
    assert mask("12345678") == "1*******"
    assert mask("") == ""
