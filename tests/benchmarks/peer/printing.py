"""The tables of the comparison, as Markdown."""

import argparse
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from tests.benchmarks.peer.rounds import Round

Found = dict[str, dict[str, list[Round]]]  # by scenario, by party, one after the other


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def beside_the_peer(found: Found, asked: argparse.Namespace) -> str:
    """What both do in one second of CPU."""
    head = (
        f"Ours / node-oidc-provider per second of the server's CPU. One process each, one "
        f"PostgreSQL server, {asked.visitors} connections, medians of {asked.rounds} rounds of "
        f"{asked.seconds:g} s in turn ({os.cpu_count()} cores, Python "
        f"{platform.python_version()}).\n\n"
    )
    rows = []
    for scenario, parties in found.items():
        other, ours = parties.values()
        rows.append([scenario, *_compared(ours, other), _rate(ours), _rate(other)])
    return head + table(["scenario", "ratio", "lowest", "highest", "ours", "peer"], rows)


def _compared(ours: Sequence[Round], other: Sequence[Round]) -> list[str]:
    ratios = [one.per_cpu_second / two.per_cpu_second for one, two in zip(ours, other, strict=True)]
    return [f"{each:.2f}" for each in (median(ratios), min(ratios), max(ratios))]


def _rate(rounds: Sequence[Round]) -> str:
    return f"{median(each.per_cpu_second for each in rounds):,.0f}"


def waits(found: Found) -> str:
    """How long a flow takes."""
    rows = [
        [name, *(f"{median(each.percentile_ms(share) for each in rounds):.1f}" for share in SHARES)]
        for name, rounds in found.get("flow", {}).items()
    ]
    return table(["flow", *(f"p{share * 100:.0f} ms" for share in SHARES)], rows)


SHARES = (0.5, 0.99)


def of_workers(found: Found) -> str:
    """What a request costs with one worker, with two services side by side, with two workers.

    Two busy processes are in each other's way on one machine, whoever they are. So two workers are
    held against two services that know nothing of each other as well.
    """
    rows = []
    for scenario, (one, services, many) in ((name, each.values()) for name, each in found.items()):
        costs = [f"{_microseconds(each):,.0f}" for each in (one, services, many)]
        rows.append([scenario, *costs, _more(many, one), _more(many, services)])
    titles = ["CPU µs of a request", "1 worker", "2 services", "2 workers"]
    return table([*titles, "than 1 worker", "than 2 services"], rows)


def _more(many: Sequence[Round], few: Sequence[Round]) -> str:
    pairs = zip(many, few, strict=True)
    ratio = median(two.per_cpu_second / one.per_cpu_second for one, two in pairs)
    return f"{(ratio - 1) * 100:+.0f} %"


def _microseconds(rounds: Sequence[Round]) -> float:
    return 1e6 / median(each.per_cpu_second for each in rounds)


def memory(resident: Mapping[str, float]) -> str:
    """How much of it each process holds."""
    rows = [[name, f"{each:.0f}"] for name, each in resident.items()]
    return table(["memory of a process", "MiB"], rows)
