"""Several worker processes on one port: started, watched, and started again when one dies.

All listen at the same socket, so the kernel gives a connection to whoever is free, and one that
waits while a worker dies goes to another. The parent serves nothing; when it dies, so do they.
"""

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

QUICK_SECONDS = 5.0  # a worker that lives shorter may die again: no hurry with the next
STOP_SECONDS = 15.0
BACKLOG = 2048

Serve = Callable[[socket.socket], None]

log = logging.getLogger("haihe.workers")


@dataclass
class _Place:
    """Where one worker works, and since when."""

    process: BaseProcess
    since: float = field(default_factory=time.monotonic)


class Workers:
    """The worker processes and their listening socket."""

    def __init__(self, count: int, listening: socket.socket, serve: Serve) -> None:
        """Prepare.

        Args:
            count: how many.
            listening: bound; each worker inherits it.
            serve: serves there until told to stop; runs in a fresh process, so it is picklable.
        """
        self._serve = serve
        self._listening = listening
        self._context = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._places = [self._start() for _ in range(count)]

    def run(self) -> None:
        """Watch until SIGINT or SIGTERM, then stop all."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopping.set())
        while not self._stopping.is_set():
            wait([place.process.sentinel for place in self._places], timeout=0.5)
            self._replace_the_dead()
        self._stop()

    def _start(self) -> _Place:
        process = self._context.Process(target=_work, args=(self._serve, self._listening))
        process.start()
        return _Place(process)

    def _replace_the_dead(self) -> None:
        for number, place in enumerate(self._places):
            if place.process.is_alive() or self._stopping.is_set():
                continue
            code, pid = place.process.exitcode, place.process.pid
            log.error("worker %s ended with %s, starting another", pid, code)
            if time.monotonic() - place.since < QUICK_SECONDS:
                self._stopping.wait(1.0)
            self._places[number] = self._start()

    def _stop(self) -> None:
        for place in self._places:
            place.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for place in self._places:
            place.process.join(max(0.0, until - time.monotonic()))
            if place.process.is_alive():
                place.process.kill()


def _work(serve: Serve, listening: socket.socket) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(listening)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
