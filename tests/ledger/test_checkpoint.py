import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    TreeHead,
    make_signer,
    open_checkpoint,
    origin_of,
    parse_verifier_key,
    sign_checkpoint,
)
from ledger.errors import NoteRejected
from ledger.merkle import EMPTY_ROOT

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "ledger" / "notes.json").read_text())
SIGNER = make_signer("id.example.gov/ledger", bytes(range(32)))
HEAD = TreeHead(42, bytes(range(32)))


def test_the_published_key_signs_the_published_signature():
    seed = base64.b64decode(VECTOR["signer_key"].split("+", 4)[4])[1:]
    signer = make_signer("PeterNeumann", seed)
    assert signer.key == parse_verifier_key(VECTOR["verifier_key"])
    signature = signer.key.key_id + signer.private.sign(VECTOR["text"].encode())
    assert base64.b64encode(signature).decode() == VECTOR["signature"]


def test_the_published_signature_verifies():
    key = parse_verifier_key(VECTOR["verifier_key"])
    key.verify(VECTOR["text"].encode(), base64.b64decode(VECTOR["signature"])[4:])
    with pytest.raises(NoteRejected):
        key.verify(VECTOR["text"].encode() + b"\n", base64.b64decode(VECTOR["signature"])[4:])


@pytest.mark.parametrize("name", ["verifier_key", "other_verifier_key"])
def test_a_verifier_key_is_written_as_it_was_read(name):
    assert parse_verifier_key(VECTOR[name]).verifier_key() == VECTOR[name]


@given(st.integers(0, len(VECTOR["verifier_key"]) - 1), st.sampled_from("AZaz09+/ "))
def test_a_mangled_verifier_key_is_refused(place, character):
    text = VECTOR["verifier_key"]
    mangled = text[:place] + character + text[place + 1 :]
    if mangled != text:
        with pytest.raises(NoteRejected):
            parse_verifier_key(mangled)


@pytest.mark.parametrize("size", [0, 1, 2**53])
def test_a_signed_checkpoint_opens(size):
    head = TreeHead(size, EMPTY_ROOT)
    assert open_checkpoint(sign_checkpoint(head, SIGNER), SIGNER.key) == head


def test_every_changed_character_of_a_checkpoint_is_refused():
    note = sign_checkpoint(HEAD, SIGNER)
    for place in range(len(note)):
        for character in "A0\n":
            changed = note[:place] + character + note[place + 1 :]
            if changed != note:
                with pytest.raises(NoteRejected):
                    open_checkpoint(changed, SIGNER.key)


@pytest.mark.parametrize("change", [lambda n: n + "\n", lambda n: n[:-1], lambda n: "\n" + n])
def test_added_and_cut_lines_are_refused(change):
    with pytest.raises(NoteRejected):
        open_checkpoint(change(sign_checkpoint(HEAD, SIGNER)), SIGNER.key)


def test_another_log_or_another_key_is_refused():
    note = sign_checkpoint(HEAD, SIGNER)
    for other in (
        make_signer("other.gov/ledger", bytes(range(32))),
        make_signer(SIGNER.origin, b"x" * 32),
    ):
        with pytest.raises(NoteRejected):
            open_checkpoint(note, other.key)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "a\nb"])
def test_a_name_that_cannot_stand_in_a_note_is_refused(origin):
    with pytest.raises(NoteRejected):
        make_signer(origin, b"1" * 32)


def test_the_log_is_named_after_its_issuer():
    assert origin_of("https://id.example.gov") == "id.example.gov/ledger"
