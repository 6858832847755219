"""What is counted, for Prometheus: one increment for each request, nothing that names a person.

Several workers count into files of one folder (`share_between_workers`), and whichever is asked
adds them up. What is measured rather than counted is measured when somebody asks.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from identity.trail.events import Event
from service.logs import FIELDS

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library reads it when it is imported
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = logging.getLogger("haihe.events")


class Metrics:
    """The counters of one process. They are an `Observer` of identity as well."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "haihe_request_seconds",
            "Requests answered, by route, method and status.",
            ("route", "method", "status"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._issued = self._counter("haihe_tokens_issued", "Answers with tokens.", "grant")
        self._sign_ins = self._counter(
            "haihe_sign_ins", "Tries to sign in, by way and result.", "method", "result"
        )
        self._refused = self._counter(
            "haihe_refusals", "Requests of apps refused, by error.", "endpoint", "error"
        )
        self._events = self._counter("haihe_events", "Lines of the audit trail.", "kind")
        self._children: dict[tuple[str, str, int], Histogram] = {}
        self.last_tokens: dict[str, int] = {}

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self._registry)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (route, method, status)
        child = self._children.get(key)
        if child is None:
            known = method if method in METHODS else "other"
            child = self._children[key] = self._requests.labels(route, known, str(status))
        child.observe(seconds)

    def issued(self, grant: str, client_id: str, now: int) -> None:
        """Count an answer with tokens, and remember when the app last got one."""
        self._issued.labels(grant).inc()
        self.last_tokens[client_id] = now

    def signed_in(self, method: str, *, succeeded: bool) -> None:
        """Count a try to sign in."""
        self._sign_ins.labels(method, "succeeded" if succeeded else "failed").inc()

    def refused(self, endpoint: str, error: str) -> None:
        """Count a refusal."""
        self._refused.labels(endpoint, error).inc()

    def happened(self, event: Event) -> None:
        """Count a line of the audit trail, and log it without the people in it."""
        self._events.labels(event.kind).inc()
        fields = {"event": event.event_id, "app": event.client_id, "channel": event.channel}
        log.info("%s", event.kind, extra={FIELDS: {k: v for k, v in fields.items() if v}})

    def take_last_tokens(self) -> dict[str, int]:
        """Return when which app got its last tokens, as far as that was not taken yet."""
        taken, self.last_tokens = self.last_tokens, {}
        return taken

    def write(self, measured: Iterable[Collector]) -> bytes:
        """Write everything in the text format of Prometheus.

        Args:
            measured: what is measured now.
        """
        folder = os.environ.get(SHARED_FOLDER, "")
        registry = CollectorRegistry() if folder else self._registry
        if folder:
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        now = CollectorRegistry()
        for each in measured:
            now.register(each)
        return generate_latest(registry) + generate_latest(now)


def share_between_workers(folder: Path) -> None:
    """Let processes started from now on count together; what an earlier start left is dropped."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    os.environ[SHARED_FOLDER] = str(folder)
