"""Prints docs/security-checklist.md: which tests hold which line of the security checklist.

.venv/bin/python -m tests.tools.security_checklist > docs/security-checklist.md
"""

from collections.abc import Mapping
from pathlib import Path

from tests.tools.conformance import Tests, collect

LINES = Path(__file__).with_name("security_lines.txt")
HEAD = """# What guards the city, line by line

What a provider for a whole city must hold, after RFC 9700, OAuth 2.1, FAPI 2.0, RFC 8725 and the
OWASP ASVS, and the tests that try to break each line, from the tests' markers.

| line | what holds | tests |
|---|---|---|
"""


def read_lines() -> dict[int, str]:
    """Return our wording of each line by its number."""
    parted = (line.split(" ", 1) for line in LINES.read_text("utf-8").splitlines())
    return {int(number): text for number, text in parted}


def table(tests: Mapping[int, set[str]]) -> str:
    """Return the whole document."""
    return HEAD + "".join(
        f"| {number} | {text} | {', '.join(f'`{test}`' for test in sorted(tests[number]))} |\n"
        for number, text in read_lines().items()
    )


def held() -> Tests[int]:
    """Return the tests of each line, of the whole suite."""
    return collect("line", "tests")


if __name__ == "__main__":
    print(table(held()), end="")
