"""Cosignatures (C2SP tlog-cosignature): a real one of a public witness, and mutated ones."""

import base64
import json
from pathlib import Path

import pytest

from ledger.checkpoint import TreeHead, make_signer, parse_verifier_key, sign_checkpoint
from ledger.cosignature import (
    MOST_SIGNATURES,
    cosign,
    make_witness,
    parse_checkpoint,
    parse_witness_key,
    verify_cosignature,
    verify_log_signature,
)
from ledger.errors import LedgerError, NoteRejected, SignerUnknown

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


@pytest.mark.parametrize("at", [0, 1, 1_790_000_000, 2**63])
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
