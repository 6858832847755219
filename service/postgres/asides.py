"""Plain functions that step aside while they wait, on the event loop.

A function runs in a greenlet; where it has to wait, `wait` hands the awaitable to the loop and the
function goes on when it is there (SQLAlchemy's asyncio extension works in the same way). Greenlets
are used again and again: Python gives each new one 16 KiB of its own by a system call and takes
them back at its end, which cost more than all the rest of it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from greenlet import getcurrent, greenlet

MOST_IDLE = 64
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Ended:
    """A function that has returned, or raised."""

    value: Any = None
    error: BaseException | None = None


def wait(awaitable: Awaitable[Result]) -> Result:
    """Step aside until something is there; only inside a function that `Asides` runs."""
    loop_side = getcurrent().parent
    if loop_side is None:
        raise RuntimeError("not inside a function that may step aside")
    return cast("Result", loop_side.switch(awaitable))


class Asides:
    """Runs functions on the loop of this thread."""

    def __init__(self) -> None:
        self._idle: list[greenlet] = []

    async def run(self, act: Callable[[], Result]) -> Result:
        """Run a function; other tasks go on while it waits."""
        aside = self._idle.pop() if self._idle else greenlet(_one_after_another)
        aside.gr_context = getcurrent().gr_context  # what is logged belongs to this request
        said = aside.switch(act)
        while not isinstance(said, _Ended):
            try:
                found = await said
            except BaseException as error:  # noqa: BLE001  # it is the function's own
                said = aside.throw(error)
            else:
                said = aside.switch(found)
        if len(self._idle) < MOST_IDLE:
            self._idle.append(aside)
        if said.error is not None:
            raise said.error
        return cast("Result", said.value)


def _one_after_another(act: Callable[[], Any]) -> None:
    """Run a function, say how it ended, wait for the next."""
    loop_side = getcurrent().parent
    assert loop_side is not None  # noqa: S101  # a greenlet is made by its parent
    while True:
        try:
            ended = _Ended(act())
        except BaseException as error:  # noqa: BLE001  # it is raised again where it belongs
            ended = _Ended(error=error)
        act = loop_side.switch(ended)
