"""A process that appends, sequences and anchors is killed at random moments: nothing is lost."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ledger.auditing import audit
from ledger.chains import ChainSetup, open_chain
from tests.ledger.world import OPERATOR_KEY, SIGNER, World

PROJECT = Path(__file__).parents[2]
WORK = """
import secrets, sys
from pathlib import Path
from tests.ledger.world import World
world = World(Path(sys.argv[1]))
world.random = secrets.token_bytes
contract = world.contract
while True:
    print(*world.append(3), flush=True)
    world.sequence()
    world.anchor()
"""
KILLS = 3


def run_until_killed(folder, seconds):
    """Return the ids of all records that were acknowledged before the kill."""
    command = [sys.executable, "-c", WORK, str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as worker:
        first = worker.stdout.readline()
        time.sleep(seconds)
        worker.send_signal(signal.SIGKILL)
        rest = worker.stdout.read()
    # A line that the kill cut short was never acknowledged.
    lines = [line for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]
    return [record_id for line in lines for record_id in line.split()]


def test_nothing_acknowledged_is_lost_and_the_audit_is_clean_after_every_kill(tmp_path):
    moments = random.Random(9162)
    answered = []
    for _ in range(KILLS):
        answered += run_until_killed(tmp_path, moments.uniform(0.02, 0.3))
        world = World(tmp_path)
        report = world.audit()
        assert report.clean, report.finding
        with world.reading() as store:
            assert all(store.find_record(record_id) for record_id in answered)
        world.close()
    world = World(tmp_path)
    while world.sequence():
        pass
    for _ in range(3):
        world.anchor()
    counts = world.audit().counts
    assert (counts.pending, counts.unfinished_anchors) == (0, 0)
    assert counts.records >= len(set(answered)) == len(answered)
    with world.reading() as store:
        assert world.chain.head(world.contract) == store.latest_checkpoint().head
    world.close()


def test_an_audit_beside_the_running_service_is_clean(tmp_path):
    World(tmp_path).close()
    command = [sys.executable, "-c", WORK, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as worker:
        worker.stdout.readline()
        chain = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY, mines=False))
        beside = World(tmp_path, chain=chain)
        reports = [audit(beside.snapshot, SIGNER.key, chain) for _ in range(15)]
        worker.kill()
        worker.stdout.read()
    assert [report.finding for report in reports if not report.clean] == []
    assert reports[-1].counts.anchors > reports[0].counts.anchors
    beside.close()
