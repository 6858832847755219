"""The table of conformance modules is what the tests' markers say."""

from pathlib import Path

from tests.tools.conformance import collect, read_plans, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"
WHOLE = (
    "Basic", "Config", "RP-Initiated Logout", "Back-Channel Logout", "Third-Party-Initiated Login",
)  # fmt: skip


def test_the_table_is_not_stale() -> None:
    tests = collect()
    assert DOCUMENT.read_text("utf-8") == table(tests), (
        "write it anew: .venv/bin/python -m tests.tools.conformance > docs/conformance.md"
    )


def test_every_module_of_these_plans_has_a_test_of_its_name() -> None:
    tests, plans = collect(), read_plans()
    missing = {name for plan in WHOLE for name in plans[plan]} - tests.keys()
    assert missing == set()
