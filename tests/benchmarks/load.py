"""A small load driver: keep-alive connections, one thread each, bounded in time."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Call:
    """One request: what to send."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


def json_call(path: str, token: str, body: dict[str, object]) -> Call:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return Call("POST", path, json.dumps(body).encode(), headers)


@dataclass
class Load:
    """What came of it."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    first_failure: str = ""

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.waits)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def drive(
    url: str, next_call: Callable[[], Call | None], status: int, connections: int, seconds: float
) -> Load:
    """Send calls over several connections until time or calls are over."""
    load, lock = Load(), threading.Lock()
    until = time.perf_counter() + seconds

    def work() -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        while time.perf_counter() < until and (call := next_call()) is not None:
            began = time.perf_counter()
            connection.request(call.method, call.path, call.body, call.headers)
            answer = connection.getresponse()
            text = answer.read()
            with lock:
                note(load, answer.status == status, time.perf_counter() - began, text)

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - began
    return load


def note(load: Load, good: bool, waited: float, text: bytes) -> None:
    if good:
        load.done += 1
        load.waits.append(waited)
        return
    load.failed += 1
    load.first_failure = load.first_failure or text.decode(errors="replace")[:200]


def each_once(calls: Iterator[Call]) -> Callable[[], Call | None]:
    lock = threading.Lock()

    def next_call() -> Call | None:
        with lock:
            return next(calls, None)

    return next_call


def cpu_seconds(pid: int) -> float:
    """CPU time a process has used (Linux)."""
    parts = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / 100
