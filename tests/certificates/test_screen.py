"""A verdict stays on its own clerk's screen for some minutes, and on nobody else's."""

from dataclasses import replace

from certificates.pages.screen import MOST, SECONDS, Screen
from certificates.verifying import Verdict
from tests.certificates.world import CLERK, NOW

FORM = {"matter": "birth", "purpose": "x", "code": "HAIHE:…"}


def verdict(record: str) -> Verdict:
    return Verdict(passed=True, checks=(), licence=None, record=record)


def test_a_reload_shows_the_same_verdict_without_the_code() -> None:
    screen = Screen()
    screen.keep(CLERK, verdict("r1"), FORM, NOW)
    kept = screen.find(CLERK, "r1", NOW + SECONDS - 1)
    assert kept is not None
    assert kept.verdict == verdict("r1")
    assert dict(kept.form) == {"matter": "birth", "purpose": "x"}
    assert screen.find(CLERK, "r1", NOW + SECONDS) is None


def test_nobody_else_sees_it() -> None:
    screen = Screen()
    screen.keep(CLERK, verdict("r1"), FORM, NOW)
    assert screen.find(replace(CLERK, person_id="other"), "r1", NOW) is None
    assert screen.find(replace(CLERK, party_id="other"), "r1", NOW) is None
    assert screen.find(CLERK, "r2", NOW) is None


def test_it_does_not_grow_without_end() -> None:
    screen = Screen()
    for number in range(MOST + 5):
        screen.keep(CLERK, verdict(str(number)), FORM, NOW)
    assert screen.find(CLERK, "5", NOW) is None
    assert screen.find(CLERK, str(MOST + 4), NOW) is not None
