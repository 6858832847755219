"""Prints docs/conformance.md: which test follows which module of the OpenID Foundation's suite.

.venv/bin/python -m tests.tools.conformance > docs/conformance.md
"""

import contextlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

NAMES = Path(__file__).with_name("conformance_plans.txt")
HEAD = """# Conformance, module by module

Each module of the OpenID Foundation's conformance suite and the test of ours that follows it, from
the markers of the tests. The suite itself was not run to make this table; how to run it stands in
[conformance-run.md](conformance-run.md). Modules of the plan Basic are followed by a static app
that is answered in the query and by one that registered itself and is answered by a form, so they
stand for the plan Form Post Basic too.
"""
LEFT_OUT = {
    "Front-Channel Logout": "Not offered: browsers keep third-party cookies from it. Apps hear of "
    "a logout by the back channel.",
    "Session Management": "Not offered, for the same reason.",
}
OTHERS = {  # profiles of other countries inside a plan
    "brazil": "Open Finance Brazil only",
    "australia": "Australia only",
    "connectid": "Australia only",
}
Key = TypeVar("Key")
Tests = Mapping[Key, set[str]]


class Markers:
    """Collects the markers of one name of all tests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: defaultdict[Any, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            test = item.nodeid.partition("[")[0]
            for marker in item.iter_markers(self.name):
                self.found[marker.args[0]].add(test)


def collect(name: str = "module", folder: str = "tests/identity") -> Tests[Any]:
    """Return the tests by what a marker of theirs names, for instance a module."""
    markers = Markers(name)
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-q", folder, "-p", "no:cacheprovider"], [markers])
    return markers.found


def read_plans() -> dict[str, list[str]]:
    """Return the names of each plan's modules."""
    plans: dict[str, list[str]] = {}
    for line in NAMES.read_text("utf-8").splitlines():
        if line.endswith(":") and not line.startswith("#"):
            plans[line[:-1]] = []
        elif line and not line.startswith("#"):
            plans[list(plans)[-1]].append(line)
    return plans


def rows_of(names: Sequence[str], tests: Tests[str]) -> Iterator[str]:
    """Write one row for each module of a plan."""
    for name in names:
        elsewhere = next((why for word, why in OTHERS.items() if word in name), "no test yet")
        found = ", ".join(f"`{test}`" for test in sorted(tests.get(name, ()))) or elsewhere
        yield f"| {name} | {found} |"


def count(names: Sequence[str], tests: Tests[str]) -> str:
    """Say how much of a plan is followed."""
    ours = [name for name in names if not any(word in name for word in OTHERS)]
    followed = [name for name in ours if name in tests]
    return f"{len(followed)} of {len(ours)} modules have a test of ours."


def table(tests: Tests[str]) -> str:
    """Return the whole document."""
    parts = [HEAD]
    plans = read_plans()
    for plan, names in plans.items():
        parts += [f"## {plan}\n", LEFT_OUT.get(plan, count(names, tests)) + "\n"]
        if plan not in LEFT_OUT:
            parts += ["| module | test |", "|---|---|", *rows_of(names, tests), ""]
    known = {name for names in plans.values() for name in names}
    if more := sorted(tests.keys() - known):
        parts += ["## Other modules\n", "| module | test |", "|---|---|", *rows_of(more, tests), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    print(table(collect()), end="")
