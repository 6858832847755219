"""Somebody outside follows the log over the network, and says so when it lies."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.chains import ChainSetup, open_chain
from ledger.checkpoint import TreeHead, make_signer, sign_checkpoint
from ledger.cosigning import Asked, ask, newest
from ledger.errors import ChainUnreachable, LedgerError
from ledger.merkle import tree_hash
from ledger.signed_checkpoint import parse_checkpoint
from ledger.tiles import parse_tile, read_tile
from service.cli import app
from service.cosigning import post
from tests.ledger.test_chains import ANVIL_KEY
from tests.ledger.world import SIGNER, World
from tests.service.running import PROJECT, Running, free_port
from tests.service.witnesses import Say, saying, witness
from tests.tools_found import anvil

PLAIN = "text/plain; charset=utf-8"


def log_of(
    world: World, change: Callable[[str, bytes], bytes | None] = lambda _, data: data
) -> Say:
    """What a log answers; `change` may give other bytes, or None for nothing there."""

    def answer(path: str, _body: bytes) -> tuple[int, str, bytes]:
        data = change(path, _plain(world, path) or b"")
        return (404, PLAIN, b"") if not data else (200, PLAIN, data)

    return answer


def _plain(world: World, path: str) -> bytes | None:
    with world.reading() as store:
        if path.endswith("checkpoint"):
            newest = store.latest_checkpoint()
            return (newest.note + "".join(store.cosignatures.lines(newest.size))).encode()
        if path == "/api/trust":
            return world.trust.encode()
        try:
            return read_tile(store, parse_tile(path.removeprefix("/ledger/tile/")))
        except LedgerError:
            return None


def grow(world: World, count: int) -> None:
    world.append(count)
    world.sequence()


Follow = Callable[[str], "Follower"]


class Follower:
    """`haihe monitor --once`, again and again with one state file."""

    def __init__(self, folder: Path, url: str, said: pytest.LogCaptureFixture) -> None:
        self.state = folder / "state.json"
        self.url = url
        self.said = said

    def once(self, *more: str) -> int:
        self.said.clear()
        command = ["monitor", self.url, "--once", f"--state={self.state}", *more]
        return CliRunner().invoke(app, command).exit_code

    def sees(self, code: int, text: str, *more: str) -> str:
        assert (self.once(*more), text in self.said.text) == (code, True), self.said.text
        return self.said.text


@pytest.fixture
def follow(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Callable[[str], Follower]:
    caplog.set_level(logging.INFO, "haihe.monitor")
    return lambda url: Follower(tmp_path, url, caplog)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.append(700)  # two whole tiles and a part
    made.sequence(700)
    yield made
    made.close()


@pytest.fixture
def fork(tmp_path: Path) -> Iterator[World]:
    """Another log under the same key."""
    (tmp_path / "fork").mkdir()
    made = World(tmp_path / "fork")
    made.append(699)
    made.append(1, kind="issue")
    made.sequence(700)
    yield made
    made.close()


def test_a_running_service_is_followed_by_a_process(tmp_path: Path, running: Running) -> None:
    state, said = tmp_path / "state.json", tmp_path / "said"
    command = [sys.executable, "-m", "service.cli", "monitor", running.url]
    for more in (["--once"], ["--every=1"]):
        with said.open("w+") as log:
            process = subprocess.Popen(
                [*command, f"--state={state}", *more], cwd=PROJECT, stderr=log
            )
            until = time.monotonic() + 60
            while "all in order" not in said.read_text() and time.monotonic() < until:
                time.sleep(0.1)
            if more != ["--once"]:
                process.terminate()
            assert process.wait(30) == 0, said.read_text()
    seen = json.loads(state.read_bytes())
    assert parse_checkpoint(seen["note"]).origin.endswith("/ledger")


def test_a_log_is_followed_through_whole_and_partial_tiles(
    tmp_path: Path, follow: Follow, world: World
) -> None:
    with saying(log_of(world)) as url:
        follower = follow(url)
        follower.sees(0, "700 records")
        for count, size in ((1, 701), (67, 768), (1, 769)):
            grow(world, count)
            follower.sees(0, f"{size} records")


def test_two_heads_of_one_size_are_a_fork(
    tmp_path: Path, follow: Follow, world: World, fork: World
) -> None:
    shown = [world]
    alarms: list[dict[str, object]] = []

    def answer(path: str, body: bytes) -> tuple[int, str, bytes]:
        if path == "/hook":
            alarms.append(json.loads(body))
            return 204, PLAIN, b""
        return log_of(shown[0])(path, body)

    with saying(answer) as url:
        follower = follow(url)
        follower.sees(0, "700 records")
        shown[0] = fork
        said = follower.sees(1, "ALARM fork (log)", f"--webhook={url}/hook")
        assert "signed two heads of 700 records" in said
        (alarm,) = alarms
        assert (alarm["kind"], alarm["subject"], alarm["log"]) == ("fork", "log", SIGNER.origin)
        heads = {parse_checkpoint(note).head for note in alarm["notes"]}  # type: ignore[attr-defined]
        assert {head.size for head in heads} == {700}
        assert len(heads) == 2
        (proof,) = tmp_path.glob("state.json.fork-*.json")
        assert json.loads(proof.read_text("utf-8")) == alarm["notes"]
        follower.sees(1, "ALARM fork (log)", f"--webhook={url}/hook")
        assert len(alarms) == 1  # said once
        shown[0] = world
        follower.sees(0, "over: fork")


def test_a_fork_that_grew_is_found_by_its_leaves(
    tmp_path: Path, follow: Follow, world: World, fork: World
) -> None:
    shown = [world]
    with saying(lambda *asked: log_of(shown[0])(*asked)) as url:  # noqa: PLW0108 - it changes
        follower = follow(url)
        follower.sees(0, "700 records")
        grow(fork, 60)
        shown[0] = fork
        follower.sees(1, "ALARM fork (log): the leaves of 760 records do not lead")


def test_a_smaller_head_is_a_rollback(tmp_path: Path, follow: Follow, world: World) -> None:
    old = sign_head(world, 699)
    change: list[bytes] = []

    def shrink(path: str, data: bytes) -> bytes:
        return change[0] if change and path.endswith("/checkpoint") else data

    with saying(log_of(world, shrink)) as url:
        follower = follow(url)
        follower.sees(0, "700 records")
        change.append(old.encode())
        follower.sees(1, "ALARM rollback (log): the log shows 699 records, it had 700")


def sign_head(world: World, size: int, signer=SIGNER) -> str:
    with world.reading() as store:
        leaves = store.leaves(0, size)
    return sign_checkpoint(TreeHead(size, tree_hash(leaves)), signer)


@pytest.mark.parametrize(
    "change",
    [
        lambda path, data: None if "entries/001" in path else data,
        lambda path, data: data[:-1] if "entries/000" in path else data,
        lambda path, data: data + b"\0" if "entries/002" in path else data,
    ],
    ids=["missing", "cut", "longer"],
)
def test_leaves_that_cannot_be_read_are_a_gap(
    tmp_path: Path, follow: Follow, world: World, change: Callable[[str, bytes], bytes | None]
) -> None:
    with saying(log_of(world, change)) as url:
        follow(url).sees(1, "ALARM gap (log)")


def test_a_leaf_that_was_changed_does_not_lead_to_the_root(
    tmp_path: Path, follow: Follow, world: World
) -> None:
    def change(path: str, data: bytes) -> bytes:
        return data.replace(b'"verify"', b'"Verify"', 1) if "entries/001" in path else data

    with saying(log_of(world, change)) as url:
        follow(url).sees(1, "ALARM fork (log)")


def test_a_head_by_another_key_is_no_head(tmp_path: Path, follow: Follow, world: World) -> None:
    other = make_signer(SIGNER.origin, b"x" * 32)
    notes = [sign_head(world, 700, other), sign_head(world, 700)[:-3] + "==\n", "x"]
    for note in notes:
        with saying(
            log_of(world, lambda p, d, n=note: n.encode() if p.endswith("/checkpoint") else d)
        ) as url:
            follow(url).sees(1, "ALARM signature (log)")


def test_silence_is_what_lasts_longer_than_the_heartbeat(
    tmp_path: Path, follow: Follow, world: World
) -> None:
    up = [True]
    say = log_of(world)
    policy = tmp_path / "policy"
    policy.write_text(f"log {SIGNER.key.verifier_key()}\nquorum none\n")
    with saying(lambda path, body: say(path, body) if up[0] else (500, PLAIN, b"")) as url:
        follower = follow(url)
        up[0] = False
        follower.sees(1, "ALARM silence (log): it was never heard of", f"--policy={policy}")
        up[0] = True
        follower.sees(0, "over: silence", f"--policy={policy}")
        up[0] = False
        follower.sees(0, "answers 500", f"--policy={policy}")
        time.sleep(2)
        follower.sees(1, "ALARM silence (log): no news", f"--policy={policy}", "--heartbeat=1")


def test_a_mirror_may_be_behind_but_never_other(
    tmp_path: Path, follow: Follow, world: World, fork: World
) -> None:
    behind = sign_head(world, 300).encode()
    with (
        saying(log_of(world)) as url,
        saying(lambda *_: (200, PLAIN, behind)) as late,
        saying(log_of(fork)) as other,
    ):
        follower = follow(url)
        follower.sees(0, "700 records", f"--mirror={late}")
        follower.sees(0, "700 records", f"--mirror={url}/ledger")
        follower.sees(1, "ALARM mismatch (mirror): its head of 700", f"--mirror={other}/ledger")
        grow(fork, 1)
        follower.sees(1, "ALARM mismatch (mirror): it holds 701", f"--mirror={other}/ledger")


def test_a_mirror_that_stands_still_behind_the_log_is_silent(
    tmp_path: Path, follow: Follow, world: World
) -> None:
    behind = sign_head(world, 300).encode()
    with saying(log_of(world)) as url, saying(lambda *_: (200, PLAIN, behind)) as late:
        follower = follow(url)
        follower.sees(0, "in order", f"--mirror={late}", "--heartbeat=60")
        time.sleep(2)
        follower.sees(1, "ALARM silence (mirror)", f"--mirror={late}", "--heartbeat=1")


def test_a_quorum_is_demanded_and_grows_old(tmp_path: Path, follow: Follow, world: World) -> None:
    now = [int(time.time())]
    with witness(tmp_path / "w", "w.example/1", {SIGNER.origin: SIGNER.key}) as served:
        policy = tmp_path / "policy"
        lines = [f"log {SIGNER.key.verifier_key()}", *served.lines("w"), "quorum w-0", ""]
        policy.write_text("\n".join(lines))
        with saying(log_of(world)) as url:
            follower = follow(url)
            follower.sees(1, "ALARM silence (cosigned)", f"--policy={policy}")
            cosign(world, served, now)
            follower.sees(0, "700 records", f"--policy={policy}")
            time.sleep(2)
            follower.sees(1, "ALARM silence (cosigned)", f"--policy={policy}", "--heartbeat=1")
            cosign(world, served, now)
            follower.sees(0, "over: silence", f"--policy={policy}", "--heartbeat=30")


def cosign(world: World, served, now) -> None:
    means = world.cosigning(post, lambda: now[0])
    ask(means, newest(means), Asked(served.address, served.keys))


@pytest.mark.parametrize(
    "text", ["quorum\n", f"log {make_signer('other', b'o' * 32).key.verifier_key()}\nlog "
             f"{make_signer('third', b't' * 32).key.verifier_key()}\nquorum none\n"]
)  # fmt: skip
def test_what_cannot_be_used_is_not_followed(
    tmp_path: Path, follow: Follow, world: World, text: str
) -> None:
    policy = tmp_path / "policy"
    policy.write_text(text)
    with saying(log_of(world)) as url:
        assert follow(url).once(f"--policy={policy}") == 2
        assert follow("nonsense").once() == 2
        assert follow(url).once("--chain=nonsense") == 2
        follower = follow(url)
        follower.sees(0, "700 records")
        good = follower.state.read_bytes()
        follower.state.write_bytes(good.replace(b'"note":"', b'"note":"x'))
        assert follower.once() == 2


@pytest.fixture
def node() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [anvil(), "--silent", "--port", str(port), "--hardfork", "paris"], stdin=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            assert open_chain(ChainSetup(url, Path(), ANVIL_KEY)).chain_id
            break
        except ChainUnreachable:
            time.sleep(0.1)
    yield url
    process.kill()
    process.wait()


@pytest.mark.node
def test_the_contract_must_hold_a_head_of_the_log(
    tmp_path: Path, follow: Follow, node: str
) -> None:
    (tmp_path / "anchored").mkdir()
    chain = open_chain(ChainSetup(node, tmp_path, ANVIL_KEY))
    world = World(tmp_path / "anchored", chain=chain)
    grow(world, 20)
    world.anchor(5)
    grow(world, 3)
    with saying(log_of(world)) as url:
        follow(url).sees(0, "23 records", f"--chain={node}")
    (tmp_path / "fork").mkdir()
    fork = World(tmp_path / "fork", chain=chain)  # other leaves, and it names the same contract
    fork.append(700, kind="issue")
    fork.sequence()
    fork.trust  # noqa: B018 - makes a contract of its own, so that nothing is signed meanwhile
    with saying(log_of(fork, lambda p, d: world.trust.encode() if p == "/api/trust" else d)) as url:
        (tmp_path / "state.json").unlink()
        said = follow(url).sees(1, "ALARM", f"--chain={node}")
        assert "ALARM mismatch (chain): its head of 20 records" in said
    fork.database.close()
    world.close()
