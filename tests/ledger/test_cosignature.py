"""Cosignatures (C2SP tlog-cosignature): a real one of a public witness, and mutated ones."""

import base64
import json
from pathlib import Path

import pytest

from ledger.checkpoint import TreeHead, make_signer, parse_verifier_key, sign_checkpoint
from ledger.cosignature import (
    ED25519,
    LATEST,
    ML_DSA_44,
    cosign,
    make_witness,
    parse_witness_key,
    verify_cosignature,
)
from ledger.errors import LedgerError, NoteRejected, SignerUnknown
from ledger.signed_checkpoint import MOST_SIGNATURES, parse_checkpoint, verify_log_signature

FOLDER = Path(__file__).parents[1] / "vectors" / "ledger"
VECTOR = json.loads((FOLDER / "cosignatures.json").read_text("utf-8"))
PUBLISHED = VECTOR["checkpoint"]
SIGNER = make_signer("id.example.gov/ledger", bytes(range(32)))
WITNESS = make_witness("archive.example.gov/w1", bytes(32))
NOTE = sign_checkpoint(TreeHead(42, bytes(range(32))), SIGNER)


def test_a_published_checkpoint_is_by_its_log_and_cosigned_by_its_witness():
    checkpoint = parse_checkpoint(PUBLISHED)
    verify_log_signature(checkpoint, parse_verifier_key(VECTOR["log_key"]))
    assert verify_cosignature(checkpoint, parse_witness_key(VECTOR["witness_key"])) == 0x6A122120
    assert checkpoint.head.size == 1432088532


def test_a_witness_key_is_written_as_it_was_read():
    assert parse_witness_key(VECTOR["witness_key"]).verifier_key() == VECTOR["witness_key"]


@pytest.mark.parametrize("key", [VECTOR["log_key"], "a+b", VECTOR["witness_key"][:-1] + "3", ""])
def test_what_is_no_witness_key_is_refused(key):
    with pytest.raises(NoteRejected):
        parse_witness_key(key)


def test_every_changed_character_that_the_witness_signed_is_refused():
    key = parse_witness_key(VECTOR["witness_key"])
    body, last = PUBLISHED.index("\n\n") + 2, PUBLISHED.index("— remora")
    signed = [*range(body), *range(last, len(PUBLISHED))]
    for place in signed:
        for character in "A0\n":
            changed = PUBLISHED[:place] + character + PUBLISHED[place + 1 :]
            if changed != PUBLISHED:
                with pytest.raises(LedgerError):
                    verify_cosignature(parse_checkpoint(changed), key)


@pytest.mark.parametrize("at", [0, 1, 1_790_000_000, LATEST])
def test_a_cosigned_checkpoint_says_who_and_when(at):
    both = parse_checkpoint(NOTE + cosign(parse_checkpoint(NOTE), WITNESS, at))
    assert verify_cosignature(both, WITNESS.key) == at
    verify_log_signature(both, SIGNER.key)


def test_a_cosignature_of_another_time_or_length_is_refused():
    line = cosign(parse_checkpoint(NOTE), WITNESS, 1000)
    data = base64.b64decode(line.split(" ")[2])
    for changed in (data[:11] + b"\x01" + data[12:], data[:-1], data + b"\x00"):
        encoded = base64.b64encode(changed).decode()
        note = parse_checkpoint(f"{NOTE}— {WITNESS.name} {encoded}\n")
        with pytest.raises(NoteRejected):
            verify_cosignature(note, WITNESS.key)


def test_a_witness_that_is_not_there_and_a_log_key_of_the_same_secret_do_not_count():
    note = parse_checkpoint(NOTE)
    with pytest.raises(SignerUnknown):
        verify_cosignature(note, WITNESS.key)
    with pytest.raises(SignerUnknown):
        verify_cosignature(note, make_witness(SIGNER.origin, bytes(range(32))).key)


def test_signatures_are_counted_up_to_the_limit():
    line = NOTE.split("\n\n")[1]
    assert len(parse_checkpoint(NOTE + line * (MOST_SIGNATURES - 1)).signatures) == MOST_SIGNATURES
    with pytest.raises(NoteRejected):
        parse_checkpoint(NOTE + line * MOST_SIGNATURES)


def test_a_size_is_read_up_to_what_can_be_kept():
    for size, good in ((2**63 - 1, True), (2**63, False)):
        note = sign_checkpoint(TreeHead(size, bytes(32)), SIGNER)
        if good:
            assert parse_checkpoint(note).head.size == size
        else:
            with pytest.raises(NoteRejected):
                parse_checkpoint(note)


def test_a_published_head_is_signed_by_its_log_with_ml_dsa():
    key, note = parse_witness_key(VECTOR["ml_dsa_key"]), VECTOR["ml_dsa_checkpoint"]
    assert (key.kind, key.title, key.verifier_key()) == (
        ML_DSA_44, "ML-DSA-44", VECTOR["ml_dsa_key"],
    )  # fmt: skip
    assert verify_cosignature(parse_checkpoint(note), key) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mldsa-log\n", "mldsa-lot\n"),  # another log
        ("\n1\n", "\n2\n"),  # another size
        ("+zoE", "+zoF"),  # another root
        ("— example.com/mldsa-log td9FxQAAAAAAAAAA", "— example.com/mldsa-log td9FxQAAAAAAAAAB"),
        ("kjFvCxC6", "kjFvCxC7"),  # another signature
        ("4eKDU=", "4eKDY="),  # its last byte
    ],
)
def test_every_part_of_an_ml_dsa_statement_counts(old, new):
    key, note = parse_witness_key(VECTOR["ml_dsa_key"]), VECTOR["ml_dsa_checkpoint"]
    assert old in note
    with pytest.raises(LedgerError):
        verify_cosignature(parse_checkpoint(note.replace(old, new)), key)


def test_a_seed_makes_two_keys_of_which_neither_passes_for_the_other():
    first, second = (make_witness("w.example", bytes(32), kind) for kind in (ED25519, ML_DSA_44))
    for signer, other in ((first, second), (second, first)):
        note = parse_checkpoint(NOTE + cosign(parse_checkpoint(NOTE), signer, 9))
        assert verify_cosignature(note, signer.key) == 9
        with pytest.raises(SignerUnknown):
            verify_cosignature(note, other.key)
        assert parse_witness_key(signer.key.verifier_key()) == signer.key


def test_a_time_beyond_the_last_one_is_refused():
    for at in (LATEST + 1, 2**64 - 1):
        with pytest.raises(NoteRejected):
            verify_cosignature(
                parse_checkpoint(NOTE + cosign(parse_checkpoint(NOTE), WITNESS, at)), WITNESS.key
            )


@pytest.mark.parametrize(("length", "good"), [(255, True), (256, False)])
def test_a_name_is_as_long_as_one_byte_counts(length, good):
    if good:
        signer = make_witness("w" * length, bytes(32), ML_DSA_44)
        assert verify_cosignature(
            parse_checkpoint(NOTE + cosign(parse_checkpoint(NOTE), signer, 5)), signer.key
        )
    else:
        with pytest.raises(NoteRejected):
            make_witness("w" * length, bytes(32), ML_DSA_44)
