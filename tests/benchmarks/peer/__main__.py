"""Ours beside node-oidc-provider, in turn, on one PostgreSQL server: `make bench-peer` prints it.

Only ratios mean something on a shared machine, and only of CPU time: each round gives what a
provider did in one second of its own processes' CPU (the database's is not counted, for neither).
Rounds are short and take turns. What is printed is the median of the rounds, and for ratios of
neighbouring rounds the lowest and the highest beside it.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.benchmarks.peer import printing
from tests.benchmarks.peer.providers import haihe, install_peer, peer
from tests.benchmarks.peer.rounds import family, play_together, resident_mib
from tests.benchmarks.peer.scenarios import SCENARIOS
from tests.benchmarks.peer.visitor import Party
from tests.tools_found import postgres

MANY_WORKERS = 2
SHARED = (
    "flow",
    "cc",
    "userinfo",
    "introspect",
    "refresh",
)  # where workers could be in each other's way


def main() -> int:
    asked = _arguments()
    install_peer()
    # Two cores at least: one for whoever serves, the rest for visitors and database.
    core = 0 if (os.cpu_count() or 1) > 1 else None
    with tempfile.TemporaryDirectory(prefix="haihe-peer-") as folder:
        place = Path(folder)
        with postgres(place / "pg"):
            with peer(place / "pg", core) as other, haihe(place, "alone", 1, core) as ours:
                found = take_turns([[other], [ours]], asked, asked.scenarios, core)
                memory = {each.name: resident_mib(each.pid) for each in (other, ours)}
            with (
                haihe(place, "one", 1, None) as one,
                haihe(place, "two", 1, None) as two,
                haihe(place, "many", MANY_WORKERS, None) as many,
            ):
                shared = [each for each in SHARED if each in asked.scenarios]
                workers = take_turns([[one], [one, two], [many]], asked, shared, None)
                sizes = [resident_mib(pid) for pid in family(many.pid)]
                memory[f"{many.name}, the larger"] = max(sizes)
    print(printing.beside_the_peer(found, asked))
    print(printing.waits(found))
    print(printing.of_workers(workers))
    print(printing.memory(memory))
    return 0


def _arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="make bench-peer")
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--seconds", type=float, default=3.0, help="of each round")
    asked.add_argument("--visitors", type=int, default=8, help="at once, a connection each")
    asked.add_argument("--scenarios", nargs="*", choices=SCENARIOS, default=[*SCENARIOS])
    return asked.parse_args()


def take_turns(
    groups: Sequence[Sequence[Party]],
    asked: argparse.Namespace,
    scenarios: Sequence[str],
    core: int | None,
) -> printing.Found:
    """Play each scenario with all, next to each other, the first being last the next time.

    Args:
        groups: parties, and parties that are to be asked at the same time.
        asked: how often, how long, with how many visitors.
        scenarios: which.
        core: where the parties are; visitors stay away from there.
    """
    names = {" + ".join(each.name for each in group): group for group in groups}
    found: printing.Found = {scenario: {name: [] for name in names} for scenario in scenarios}
    others = None if core is None else 1
    games = [(scenario, number) for number in range(asked.rounds) for scenario in scenarios]
    console = Console(stderr=True)
    for scenario, number in track(games, "measuring", console=console, transient=True):
        for name in names if number % 2 else reversed(names):
            played = play_together(names[name], scenario, asked.visitors, asked.seconds, others)
            found[scenario][name].append(played)
    return found


if __name__ == "__main__":
    sys.exit(main())
