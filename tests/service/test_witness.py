"""A witness over the network: what it cosigns, and what nobody gets it to cosign."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from ledger.checkpoint import TreeHead, make_signer, sign_checkpoint, to_base64
from ledger.cosignature import verify_cosignature
from ledger.merkle import (
    NodeId,
    consistency_spans,
    grow,
    hashes_of,
    leaf_hash,
    tree_hash,
)
from ledger.signed_checkpoint import parse_checkpoint
from service.witnessing import MOST_BYTES, create_witness_app, open_witness
from tests.service.running import free_port

LOG = make_signer("id.example.gov/ledger", bytes(range(32)))
OTHER_KEY = make_signer(LOG.origin, b"x" * 32)
STRANGER = make_signer("stranger.example/ledger", bytes(range(32)))
LEAVES = [b"leaf %d" % number for number in range(20)]
FORKED = [*LEAVES[:5], b"another", *LEAVES[6:]]


def note_of(size: int, leaves: list[bytes] = LEAVES, signer=LOG) -> str:
    return sign_checkpoint(TreeHead(size, tree_hash(leaves[:size])), signer)


def proof_of(first: int, second: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    nodes: dict[NodeId, bytes] = dict(grow(0, [], map(leaf_hash, leaves)).created)
    return hashes_of(consistency_spans(first, second), nodes)


def request_of(old: int, note: str, proof: list[bytes]) -> str:
    return "\n".join([f"old {old}", *map(to_base64, proof), "", note])


@contextmanager
def witnessing(folder: Path) -> Iterator[tuple[str, Callable[..., httpx.Response]]]:
    witness = open_witness(folder, "archive.example.gov/w1", {LOG.origin: LOG.key})
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_witness_app(witness), port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def post(old: int, note: str, proof: list[bytes] | None = None) -> httpx.Response:
        body = request_of(old, note, proof or [])
        return httpx.post(f"http://127.0.0.1:{port}/add-checkpoint", content=body.encode())

    try:
        yield f"http://127.0.0.1:{port}/add-checkpoint", post
    finally:
        server.should_exit = True
        thread.join()


def cosigned(answer: httpx.Response, note: str, folder: Path) -> int:
    witness = open_witness(folder, "archive.example.gov/w1", {LOG.origin: LOG.key})
    assert answer.status_code == 200, answer.text
    note_with_both = parse_checkpoint(note + answer.text)
    times = [verify_cosignature(note_with_both, signer.key) for signer in witness.signers]
    assert len(times) == len(answer.text.splitlines()) == 2
    return times[0]


def test_a_log_that_grows_is_cosigned_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post):
        assert abs(cosigned(post(0, note_of(7)), note_of(7), tmp_path) - time.time()) < 60
        assert cosigned(post(7, note_of(7)), note_of(7), tmp_path)
    with witnessing(tmp_path) as (_, post):
        held = post(0, note_of(9))
        assert (held.status_code, held.text) == (409, "7\n")
        assert held.headers["content-type"] == "text/x.tlog.size"  # to the letter: logs compare it
        assert cosigned(post(7, note_of(9), proof_of(7, 9)), note_of(9), tmp_path)


def test_a_split_view_is_refused(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post):
        assert post(0, note_of(9)).status_code == 200
        other = post(9, note_of(9, FORKED))
        assert (other.status_code, other.text) == (409, "9\n")
        assert post(9, note_of(12, FORKED), proof_of(9, 12, FORKED)).status_code == 422
        assert post(0, note_of(9, FORKED)).status_code == 409
        assert post(9, note_of(12), proof_of(9, 12)).status_code == 200


def test_a_smaller_head_is_refused(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post):
        assert post(0, note_of(9)).status_code == 200
        assert post(9, note_of(8)).status_code == 400
        smaller = post(8, note_of(8))
        assert (smaller.status_code, smaller.text) == (409, "9\n")


def test_unknown_logs_and_keys_and_bad_proofs_have_their_answers(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post):
        assert post(0, note_of(4, signer=STRANGER)).status_code == 404
        assert post(0, note_of(4, signer=OTHER_KEY)).status_code == 403
        assert post(0, note_of(4), [bytes(32)]).status_code == 422
        assert post(3, note_of(4), proof_of(3, 4)).text == "0\n"
        assert post(0, note_of(4)).status_code == 200
        good = proof_of(4, 9)
        for bad in (good[:-1], [*good, bytes(32)], [bytes(32), *good[1:]]):
            assert post(4, note_of(9), bad).status_code == 422
        assert post(4, note_of(9), good).status_code == 200


def test_the_witness_keeps_its_key_to_itself(tmp_path: Path) -> None:
    open_witness(tmp_path, "archive.example.gov/w1", {LOG.origin: LOG.key})
    for name in ("witness.key", "witness-ml-dsa.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_largest_size_that_can_be_kept_is_cosigned_and_the_next_refused(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post):
        for size, status in ((2**63, 400), (2**63 - 1, 200)):
            note = sign_checkpoint(TreeHead(size, bytes(32)), LOG)
            assert post(0, note).status_code == status


def test_the_empty_tree_is_cosigned_and_grows(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post):
        assert post(0, note_of(0)).status_code == 200
        wrong = sign_checkpoint(TreeHead(0, bytes(32)), LOG)
        assert post(0, wrong).status_code == 409
        assert post(0, note_of(3)).status_code == 200


MALFORMED = [
    b"",
    b"\xff",
    b"old 0",
    b"old 00\n\n" + note_of(3).encode(),
    b"old -1\n\n" + note_of(3).encode(),
    b"old 0\n!\n\n" + note_of(3).encode(),
    b"old 0\n" + b"AAAA\n" * 64 + b"\n" + note_of(3).encode(),
    b"old 0\n\n" + note_of(3).encode()[:-1],
    b"old 0\n\n" + b"a" * MOST_BYTES,
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_requests_are_refused(tmp_path: Path, body: bytes) -> None:
    with witnessing(tmp_path) as (url, _):
        assert httpx.post(url, content=body).status_code == 400


def test_of_many_heads_at_one_moment_only_one_line_of_growth_is_cosigned(tmp_path: Path) -> None:
    with witnessing(tmp_path) as (_, post), ThreadPoolExecutor(16) as pool:
        notes = [note_of(size, leaves) for size in range(6, 18) for leaves in (LEAVES, FORKED)]
        answers = list(pool.map(lambda note: post(0, note), notes))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 23
        won = next(n for n, a in zip(notes, answers, strict=True) if a.status_code == 200)
        assert {a.text for a in answers if a.status_code == 409} == {won.split("\n")[1] + "\n"}


def test_two_that_read_the_same_head_cannot_both_replace_it(tmp_path: Path) -> None:
    witness = open_witness(tmp_path, "archive.example.gov/w1", {LOG.origin: LOG.key})
    heads = [TreeHead(size, tree_hash(LEAVES[:size])) for size in (5, 9)]
    with witness.reading() as store:
        nothing = store.held(LOG.origin)
    with witness.writing() as store:
        assert store.advance(LOG.origin, nothing, heads[0])
        assert not store.advance(LOG.origin, nothing, heads[1])
        assert store.advance(LOG.origin, heads[0], heads[1])
        assert not store.advance(LOG.origin, heads[0], heads[0])
        assert store.held(LOG.origin) == heads[1]
