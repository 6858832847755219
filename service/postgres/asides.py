"""Plain functions that step aside while they wait, on the event loop.

A function runs in a greenlet; where it has to wait, `wait` hands the awaitable to the loop and the
function goes on when it is there (SQLAlchemy's asyncio extension works in the same way). Greenlets
are used again and again: Python gives each new one 16 KiB of its own by a system call and takes
them back at its end, which cost more than all the rest of it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from greenlet import getcurrent, greenlet

MOST_IDLE = 64
Result = TypeVar("Result")
_ENDED = object()  # said by a greenlet that has nothing to do


class _Task:
    """A function to run, and what came of it. Greenlets keep nothing of it when it has ended."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._value: Any = None
        self._error: BaseException | None = None

    def do(self) -> None:
        try:
            self._value = self._act()
        except BaseException as error:  # noqa: BLE001  # it is raised again where it belongs
            self._error = error

    def end(self) -> Any:
        error, self._error = self._error, None
        if error is None:
            return self._value
        try:
            raise error
        finally:
            del error  # or it and this frame would hold each other


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
        aside, task = self._idle.pop() if self._idle else _new(), _Task(act)
        aside.gr_context = getcurrent().gr_context  # what is logged belongs to this request
        said = aside.switch(task)
        while said is not _ENDED:
            try:
                found = await said
            except BaseException as error:  # noqa: BLE001  # it is the function's own
                said = aside.throw(error)
            else:
                said = aside.switch(found)
        if len(self._idle) < MOST_IDLE:
            self._idle.append(aside)
        return cast("Result", task.end())


def _new() -> greenlet:
    made = greenlet(_one_after_another)
    made.switch()
    return made


def _one_after_another() -> None:
    """Do a task, say so, wait for the next."""
    loop_side = getcurrent().parent
    assert loop_side is not None  # noqa: S101  # a greenlet is made by its parent
    while True:
        task = loop_side.switch(_ENDED)
        task.do()
        del task
