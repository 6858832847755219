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
    """What a request costs with one worker and with several."""
    rows = []
    for scenario, parties in found.items():
        one, many = parties.values()
        costs = [_microseconds(each) for each in (one, many)]
        more = median(
            b.cpu_seconds / b.done / (a.cpu_seconds / a.done)
            for a, b in zip(one, many, strict=True)
        )
        rows.append([scenario, *(f"{each:,.0f}" for each in costs), f"{(more - 1) * 100:+.0f} %"])
    return table(["CPU µs of a request", "1 worker", "2 workers", "more"], rows)


def _microseconds(rounds: Sequence[Round]) -> float:
    return median(each.cpu_seconds / each.done for each in rounds) * 1e6


def memory(resident: Mapping[str, float]) -> str:
    """How much of it each process holds."""
    rows = [[name, f"{each:.0f}"] for name, each in resident.items()]
    return table(["memory of a process", "MiB"], rows)
