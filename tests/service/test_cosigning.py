"""The log asks witnesses over the network, and serves what they signed below its heads."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ledger.checkpoint import make_signer, origin_of
from ledger.cosignature import ML_DSA_44, make_witness, verify_cosignature
from ledger.cosigning import RENEWAL_SECONDS, Asked, ask, is_fresh, newest
from ledger.errors import LedgerError, LogForked, WitnessFailed
from ledger.policy import judge, parse_policy
from ledger.signed_checkpoint import parse_checkpoint, read_checkpoint
from service.cosigning import FIRST_REST, MOST_BYTES, Rounds, post
from service.secrets import derive
from tests.ledger.world import SIGNER, World
from tests.service.running import Running, free_port
from tests.service.witnesses import Say, Served, saying, witness

MASTER = bytes(range(32))
LOGS = {SIGNER.origin: SIGNER.key}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def note_of(world: World) -> str:
    with world.reading() as store:
        checkpoint = store.latest_checkpoint()
        return checkpoint.note + "".join(store.cosignatures.lines(checkpoint.size))


def show(world: World, asked: Served | Asked, clock: object = lambda: 1_790_000_000) -> None:
    means = world.cosigning(post, clock)
    ask(means, newest(means), Asked(asked.address, asked.keys))


def grow(world: World, count: int) -> None:
    world.append(count)
    world.sequence()


def wait_for(condition, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


# The service as a whole


def write_policy(path: Path, url: str, witnesses: dict[str, Served]) -> Path:
    key = make_signer(origin_of(url), derive(MASTER, "log")).key
    names = [f"{name}-{number}" for name in witnesses for number in range(2)]
    lines = [f"log {key.verifier_key()}"]
    lines += [line for name, served in witnesses.items() for line in served.lines(name)]
    lines += [f"group everybody all {' '.join(names)}", "quorum everybody", ""]
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_the_service_serves_its_head_with_the_signatures_of_all_witnesses(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_bytes(MASTER)
    (tmp_path / "master.key").chmod(0o600)
    service = Running(tmp_path / "data", free_port())
    key = make_signer(origin_of(service.url), derive(MASTER, "log")).key
    second = make_witness(key.origin, derive(MASTER, "log, second key"), ML_DSA_44).key
    logs = {key.origin: key}
    with (
        witness(tmp_path / "w1", "archive.example.gov/w1", logs) as first,
        witness(tmp_path / "w2", "court.example.gov/w2", logs) as other,
    ):
        path = write_policy(tmp_path / "policy", service.url, {"archive": first, "court": other})
        service.more |= {
            "HAIHE_WITNESSES": str(path),
            "HAIHE_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        }
        policy = parse_policy(path.read_bytes())
        service.start()
        try:
            wait_for(lambda: is_judged(service.url, policy, key))
            note = httpx.get(service.url + "/ledger/checkpoint").text
            assert len(parse_checkpoint(note).signatures) == 6
            assert abs(verify_cosignature(read_checkpoint(note, key), second) - time.time()) < 60
            service.kill()
            service.start()
            assert is_judged(service.url, policy, key)  # what was signed is on the disk
        finally:
            service.stop()
    assert service.haihe("audit").returncode == 0


def is_judged(url: str, policy, key) -> bool:
    answer = httpx.get(url + "/ledger/cosigned-checkpoint")
    if answer.status_code == 404:
        return False
    latest = httpx.get(url + "/ledger/checkpoint").text
    try:
        judge(policy, read_checkpoint(latest, key), key)
        return bool(judge(policy, read_checkpoint(answer.text, key), key).seen)
    except LedgerError:
        return False


@pytest.mark.parametrize(
    "text", ["", "quorum none\n", f"log {SIGNER.key.verifier_key()}\nquorum none\n", "x"]
)
def test_a_file_that_names_no_witness_to_ask_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy").write_text(text)
    service = Running(tmp_path / "data", free_port())
    service.more = {"HAIHE_WITNESSES": str(tmp_path / "policy")}
    refused = service.haihe("migrate")
    assert refused.returncode == 2
    assert "HAIHE_WITNESSES" in refused.stderr


# One log and its witnesses


def test_a_witness_is_shown_every_growth_and_a_renewal(tmp_path: Path, world: World) -> None:
    with witness(tmp_path / "w", "w.example/1", LOGS) as served:
        for count in (1, 4, 3):
            grow(world, count)
            show(world, served)
            note = read_checkpoint(note_of(world), SIGNER.key)
            assert len(note.signatures) == 1 + len(served.keys)
        means = world.cosigning(post, lambda: int(time.time()) + RENEWAL_SECONDS)
        assert not is_fresh(means, newest(means), served.keys[0])
        means = world.cosigning(post, lambda: int(time.time()))
        assert is_fresh(means, newest(means), served.keys[0])
        show(world, served)  # the same head again
        assert len(parse_checkpoint(note_of(world)).signatures) == 3
    assert world.audit().clean
    assert world.audit().counts.cosignatures == 6


def test_a_log_that_forgot_learns_from_409_what_the_witness_holds(
    tmp_path: Path, world: World
) -> None:
    grow(world, 3)
    with witness(tmp_path / "w", "w.example/1", LOGS) as served:
        show(world, served)
        with world.database.writing() as connection:
            for table in ("cosigners", "cosignatures"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        grow(world, 4)
        show(world, served)
    assert len(parse_checkpoint(note_of(world)).signatures) == 3


def test_a_split_view_is_found_by_the_log_itself(tmp_path: Path, world: World) -> None:
    (tmp_path / "fork").mkdir()
    fork = World(tmp_path / "fork")
    try:
        fork.append(1, kind="issue")
        with witness(tmp_path / "w", "w.example/1", LOGS) as served:
            grow(world, 3)
            show(world, served)
            for count in (2, 2):  # 3 records as the witness saw, but others; then 5
                grow(fork, count)
                with pytest.raises((LogForked, WitnessFailed)):
                    show(fork, served)
            assert len(parse_checkpoint(note_of(fork)).signatures) == 1
    finally:
        fork.close()


def test_a_database_from_an_old_backup_is_told_so(tmp_path: Path, world: World) -> None:
    (tmp_path / "old").mkdir()
    old = World(tmp_path / "old")
    try:
        for each in (world, old):
            grow(each, 2)
        grow(world, 5)
        with witness(tmp_path / "w", "w.example/1", LOGS) as served:
            show(world, served)
            with pytest.raises(LogForked, match="holds 7 records"):
                show(old, served)
    finally:
        old.close()


SIZE = "text/x.tlog.size"
BAD_ANSWERS: dict[str, Say] = {
    "404": lambda *_: (404, "text/plain", b"no\n"),
    "500": lambda *_: (500, "text/plain", b"no\n"),
    "200 and nothing": lambda *_: (200, "text/plain", b""),
    "200 and words": lambda *_: (200, "text/plain", b"well done\n"),
    "200 and no UTF-8": lambda *_: (200, "text/plain", b"\xff\n"),
    "too much": lambda *_: (200, "text/plain", b"a" * (MOST_BYTES + 1)),
    "a redirect": lambda *_: (307, "text/plain", b""),
    "409 of another type": lambda *_: (409, "text/plain", b"1\n"),
    "409 without a number": lambda *_: (409, SIZE, b"one\n"),
    "409 for ever": lambda path, body: (409, SIZE, b"1\n" if b"old 0" in body else b"2\n"),
    "a stranger's line": lambda *_: (
        200,
        "text/plain",
        "— stranger.example AAAAAAAAAAAAAAAA\n".encode(),
    ),
}


@pytest.mark.parametrize("say", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_nothing_is_kept_of_a_bad_answer(world: World, say: Say) -> None:
    grow(world, 3)
    key = make_witness("w.example/1", b"w" * 32).key
    with saying(say) as address, pytest.raises((WitnessFailed, LogForked)):
        show(world, Asked(address, (key,)))
    assert len(parse_checkpoint(note_of(world)).signatures) == 1


def test_a_witness_that_holds_another_tree_of_the_size_we_named_makes_a_fork(world: World) -> None:
    grow(world, 3)
    key = make_witness("w.example/1", b"w" * 32).key
    with saying(lambda *_: (409, SIZE, b"0\n")) as address, pytest.raises(LogForked, match="of 0"):
        show(world, Asked(address, (key,)))


def test_a_bad_signature_in_the_name_of_a_pinned_key_is_not_kept(
    tmp_path: Path, world: World
) -> None:
    grow(world, 3)
    with witness(tmp_path / "w", "w.example/1", LOGS) as served:

        def lie(_path: str, body: bytes) -> tuple[int, str, bytes]:
            told = httpx.post(served.address + "/add-checkpoint", content=body)
            line = told.content.split(b"\n")[0]
            return (
                200,
                "text/plain",
                line[:60] + (b"A" if line[60:61] != b"A" else b"B") + line[61:] + b"\n",
            )

        with saying(lie) as address, pytest.raises(WitnessFailed):
            show(world, Asked(address, served.keys))
    assert len(parse_checkpoint(note_of(world)).signatures) == 1


def test_a_witness_that_hangs_rests_and_delays_nobody(tmp_path: Path, world: World) -> None:
    hung = threading.Event()
    grow(world, 3)

    def hang(*_: object) -> tuple[int, str, bytes]:
        hung.wait(30)
        return 500, "text/plain", b""

    clock = [0.0]
    with witness(tmp_path / "w", "w.example/1", LOGS) as good, saying(hang) as address:
        silent = Asked(address, (make_witness("silent.example", b"x" * 32).key,))
        means = world.cosigning(post, lambda: int(time.time()))
        rounds = Rounds(means, [silent, Asked(good.address, good.keys)], lambda: clock[0])
        round_ = threading.Thread(target=rounds.once)
        round_.start()
        wait_for(lambda: len(parse_checkpoint(note_of(world)).signatures) == 4, 4)
        started = time.monotonic()
        grow(world, 2)  # the log goes on meanwhile
        assert time.monotonic() - started < 2
        round_.join()
        assert rounds.resting == {address: FIRST_REST}
        started = time.monotonic()
        rounds.once()  # it rests: the other one is asked alone
        assert time.monotonic() - started < 3
        assert len(parse_checkpoint(note_of(world)).signatures) == 4
        clock[0] = FIRST_REST
        hung.set()
        rounds.once()
        assert rounds.resting == {address: 2 * FIRST_REST}


def test_of_many_that_keep_at_once_heads_only_grow(world: World) -> None:
    for _ in range(12):
        grow(world, 1)
    key = make_witness("w.example/1", b"w" * 32).key

    def keep(size: int) -> bool:
        with world.writing() as store:
            return store.cosignatures.keep(size, key.label, key.verifier_key(), f"{size}")

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(keep, [*range(1, 13)] * 4))
    assert any(kept)
    with world.reading() as store:
        rows = list(store.cosignatures.all_of(key.label))
        assert store.cosignatures.last_size(key.label) == rows[-1].size == 12
    assert [row.previous_size for row in rows] == [-1, *(row.size for row in rows[:-1])]
