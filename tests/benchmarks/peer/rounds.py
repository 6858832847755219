"""One scenario against one provider for a while, and what it cost its processes."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError

from tests.benchmarks.peer.scenarios import SCENARIOS
from tests.benchmarks.peer.visitor import Party, Visitor

READY_SECONDS = 60


class RoundFailed(Exception):
    """A visitor was answered wrongly."""


@dataclass(frozen=True)
class Round:
    """What came of it."""

    done: int
    cpu_seconds: float
    waits: list[float]

    @property
    def per_cpu_second(self) -> float:
        return self.done / self.cpu_seconds

    def percentile_ms(self, share: float) -> float:
        """Within how many milliseconds this share of all was answered."""
        ordered = sorted(self.waits)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def play(party: Party, scenario: str, visitors: int, seconds: float, core: int | None) -> Round:
    """Let visitors, each a process of its own, do the same again and again.

    Args:
        party: whom they visit.
        scenario: one of `SCENARIOS`.
        visitors: how many at once.
        seconds: how long; getting ready is not counted.
        core: where the visitors run; None: anywhere.

    Raises:
        RoundFailed: one was answered wrongly.
    """
    context = multiprocessing.get_context("fork")
    start = context.Barrier(visitors + 1)
    ends = []
    for _ in range(visitors):
        ours, theirs = context.Pipe(duplex=False)
        work = (theirs, start, party, scenario, seconds, core)
        context.Process(target=_visit, args=work, daemon=True).start()
        theirs.close()
        ends.append(ours)
    with suppress(BrokenBarrierError):
        start.wait(READY_SECONDS)
    before = cpu_seconds(party.pid)
    told = [end.recv() for end in ends]
    used = cpu_seconds(party.pid) - before
    for each in told:
        if isinstance(each, str) and each:
            raise RoundFailed(f"{party.name}, {scenario}: {each}")
    waits = [wait for each in told for wait in each]
    return Round(len(waits), used, waits)


def play_together(
    parties: Sequence[Party], scenario: str, visitors: int, seconds: float, core: int | None
) -> Round:
    """Play with several parties at the same time, each with its share of the visitors."""
    share = visitors // len(parties)
    with ThreadPoolExecutor(len(parties)) as pool:
        games = [pool.submit(play, each, scenario, share, seconds, core) for each in parties]
        played = [game.result() for game in games]
    waits = [wait for each in played for wait in each.waits]
    return Round(len(waits), sum(each.cpu_seconds for each in played), waits)


def _visit(
    end: Connection, start: Barrier, party: Party, scenario: str, seconds: float, core: int | None
) -> None:
    try:
        if core is not None:
            os.sched_setaffinity(0, {core})
        turn = SCENARIOS[scenario](Visitor(party))
        start.wait(READY_SECONDS)
        waits, until = [], time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            turn()
            waits.append(time.perf_counter() - began)
        end.send(waits)
    except BrokenBarrierError:
        end.send("")  # whoever broke it says why
    except Exception as error:  # noqa: BLE001  # it fails the round, elsewhere
        start.abort()
        end.send(f"{type(error).__name__}: {error}")


def family(pid: int) -> list[int]:
    """A process and all that it started and they started."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and those it started have used (Linux)."""
    ticks = 0
    for each in family(pid):
        with suppress(OSError):
            parts = Path(f"/proc/{each}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Memory of one process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
