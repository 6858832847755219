import base64

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import MAX_INTEGER, canonical, decode_bytes, encode_bytes, parse_canonical
from ledger.errors import NotCanonical

basic = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(basic), inner),
    max_leaves=12,
)


@given(values)
def test_it_writes_what_an_independent_writer_of_rfc_8785_writes(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_what_it_writes_it_reads(value):
    assert parse_canonical(canonical(value)) == value


@pytest.mark.parametrize(
    "data",
    [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b"1.0", b"1e2", b'"\\u0041"', b"", b"\xff",
     b"[1]\n", b"NaN", b"-0", b"9007199254740992", b"[" * 100_000],
)  # fmt: skip
def test_another_spelling_is_refused(data):
    with pytest.raises(NotCanonical):
        parse_canonical(data)


@pytest.mark.parametrize("value", [1.5, {"a": b"x"}, {1: "a"}, {"\U00010000": 1}, "\ud800", {1, 2}])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)


def test_the_largest_exact_number_is_the_bound():
    assert canonical(MAX_INTEGER) == b"9007199254740991"
    with pytest.raises(NotCanonical):
        canonical(MAX_INTEGER + 1)


@given(st.binary())
def test_base64url_is_read_as_written(data):
    assert decode_bytes(encode_bytes(data)) == data
    assert encode_bytes(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("text", ["AB", "A", "A=", "AA==", "A A", "+/", None, 1])
def test_another_spelling_of_base64url_is_refused(text):
    with pytest.raises(NotCanonical):
        decode_bytes(text)
