"""What exercises each thing the metadata claims: one small function for each.

`@exercises("member", entry, ...)` registers a function for some entries of a member that is a
list; it is called with each entry in turn. `@exercises("member")` registers one for every entry,
or for the value of a member that is no list.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tests.identity.conftest import Site

Exercise = Callable[[Site, Any], None]
EXERCISES: dict[tuple[str, Any], Exercise] = {}
ANY = object()


def exercises(member: str, *entries: Any) -> Callable[[Exercise], Exercise]:
    """Register a function for a member of the metadata, or for some of its entries."""

    def register(exercise: Exercise) -> Exercise:
        for entry in entries or (ANY,):
            assert (member, entry) not in EXERCISES, f"{member} {entry} has two exercises"
            EXERCISES[member, entry] = exercise
        return exercise

    return register


def entries_of(metadata: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every single thing that is claimed."""
    for member, value in metadata.items():
        yield from ((member, each) for each in (value if isinstance(value, list) else [value]))


def find_exercise(member: str, entry: Any) -> Exercise | None:
    """What exercises an entry; None if nobody has written it."""
    special = EXERCISES.get((member, entry)) if isinstance(entry, str) else None
    return special or EXERCISES.get((member, ANY))
