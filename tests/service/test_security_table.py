"""The table of the security checklist is what the tests' markers say; no line is without a test."""

from pathlib import Path

from tests.tools.security_checklist import held, read_lines, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "security-checklist.md"


def test_each_of_the_fifty_lines_has_a_test_and_the_table_is_not_stale() -> None:
    tests = held()
    assert set(read_lines()) == set(range(1, 51))
    assert set(tests) == set(range(1, 51))
    assert DOCUMENT.read_text("utf-8") == table(tests), (
        "write it anew: .venv/bin/python -m tests.tools.security_checklist"
        " > docs/security-checklist.md"
    )
