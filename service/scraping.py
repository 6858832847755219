"""`/metrics`: what is counted and measured, for this machine or for who has the token."""

import hmac
import ipaddress
from collections.abc import Callable, Iterator

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.opened import Opened

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
NOT_FOUND = 404
Measure = Callable[[Opened], Iterator[Metric]]


class State:
    """A collector of what is measured at this moment."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def collect(self) -> Iterator[Metric]:
        """Measure; what the database would have to tell is left out while it does not answer."""
        for measure in MEASURES:
            try:
                yield from list(measure(self._opened))
            except SQLAlchemyError:
                continue


def _pool(opened: Opened) -> Iterator[Metric]:
    pool = opened.database.engine.pool
    if isinstance(pool, QueuePool):
        family = GaugeMetricFamily(
            "haihe_database_connections", "Connections of this worker.", labels=["state"]
        )
        family.add_metric(["in_use"], pool.checkedout())
        family.add_metric(["most"], pool.size())
        yield family


def _log(opened: Opened) -> Iterator[Metric]:
    with opened.reading_ledger() as store:
        head = store.latest_checkpoint()
        anchors = [store.anchored_size(each.chain_id) for each in store.all_contracts()]
        waiting = store.count_records() - (head.size if head else 0)
    size = head.size if head else 0
    yield GaugeMetricFamily("haihe_log_size", "Records in the signed log.", value=size)
    yield GaugeMetricFamily(
        "haihe_log_waiting", "Records that have no place in the log yet.", value=max(waiting, 0)
    )
    yield GaugeMetricFamily(
        "haihe_anchor_behind", "Records not anchored yet.", value=size - max(anchors, default=0)
    )


def _keys(opened: Opened) -> Iterator[Metric]:
    now = opened.clock()
    with opened.realm.reading() as store:
        kept = store.keys.all()
    family = GaugeMetricFamily(
        "haihe_key_age_seconds", "Age of the key that signs tokens.", labels=["algorithm"]
    )
    newest = {key.algorithm: key.signs_from for key in kept if key.signs_from <= now}
    for algorithm, since in newest.items():
        family.add_metric([algorithm], now - since)
    yield family


def _outbox(opened: Opened) -> Iterator[Metric]:
    with opened.realm.reading() as store:
        waiting, oldest = store.deliveries.backlog()
    yield GaugeMetricFamily(
        "haihe_outbox_waiting", "Messages to apps that have not arrived.", value=waiting
    )
    age = opened.clock() - oldest if oldest else 0
    yield GaugeMetricFamily("haihe_outbox_oldest_seconds", "Age of the oldest.", value=age)


MEASURES: tuple[Measure, ...] = (_pool, _log, _keys, _outbox)


def router(opened: Opened) -> APIRouter:
    """Serve the address."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        """Answer who may know; for all others there is no such address."""
        if not (_is_own(request) or _has_token(request, opened.settings.metrics_token)):
            raise HTTPException(NOT_FOUND)
        content = opened.metrics.write([State(opened)])
        return Response(content, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes


def _is_own(request: Request) -> bool:
    """Tell whether this machine asks by itself, and not a proxy on it for somebody else."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _has_token(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(given.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and right
