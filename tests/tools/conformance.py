"""Prints docs/conformance.md: which test follows which module of the OpenID Foundation's suite.

.venv/bin/python -m tests.tools.conformance > docs/conformance.md
"""

import contextlib
import io
from collections import defaultdict

import pytest

HEAD = """# Conformance, module by module

Each module of the OpenID Foundation's conformance suite that a test of ours follows, from the
markers of the tests. The suite itself was not run to make this table.

| module | test |
|---|---|"""


class Markers:
    """Collects the markers of all tests."""

    def __init__(self) -> None:
        self.found: defaultdict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            test = item.nodeid.partition("[")[0]
            for marker in item.iter_markers("module"):
                self.found[marker.args[0]].add(test)


def table() -> str:
    """Return the whole document."""
    markers = Markers()
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-q", "tests/identity", "-p", "no:cacheprovider"], [markers])
    rows = [
        f"| {name} | {', '.join(f'`{test}`' for test in sorted(tests))} |"
        for name, tests in sorted(markers.found.items())
    ]
    return "\n".join([HEAD, *rows, ""])


if __name__ == "__main__":
    print(table(), end="")
