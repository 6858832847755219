"""Benchmarks on the embedded default, one process: `make bench` prints the table.

Figures of one machine at one moment; compare runs as ratios. The driver runs on the same machine
and takes CPU of its own: "per CPU second" counts the server's process alone.
"""

import itertools
import os
import platform
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
from rich.console import Console
from rich.table import Table

from ledger.log import append_all, sequence
from ledger.records import Act
from service import demo
from service.opened import open_service
from service.settings import read_settings
from service.tour.outsider import Caller, sign_in
from service.tour.steps import WEB_APP
from tests.benchmarks.budgets import BUDGETS
from tests.benchmarks.load import Call, Load, cpu_seconds, drive, each_once, json_call
from tests.service.running import Running, free_port

FLOORS = {
    "token, client credentials": 400,
    "verification by API": 100,
    "issue by API": 100,
    "records through the log": 2000,
}
CONNECTIONS = 4
LICENCES = 400
RECORDS, BATCH = 10_000, 100


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    name: str
    per_second: float
    per_cpu_second: float
    median_ms: float
    p99_ms: float


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", free_port()).start()
        try:
            results = [*http_results(service), second_start(service)]
        finally:
            service.stop()
        results.append(log_result(Path(folder) / "log"))
    show(results)
    return 0


def http_results(service: Running) -> list[Result]:
    """Tokens, issues and verifications, in this order: each needs what the one before made."""
    secret = b64encode(f"{demo.SERVICE_CLIENT}:{demo.SERVICE_SECRET}".encode()).decode()
    form = urlencode({"grant_type": "client_credentials", "scope": demo.SERVICE_SCOPES}).encode()
    headers = {
        "Authorization": f"Basic {secret}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    call = Call("POST", "/token", form, headers)
    tokens = measure(service, "token, client credentials", lambda: call, 200, 5.0)
    token = httpx.post(service.url + "/token", content=form, headers=headers).json()["access_token"]
    issues = measure(service, "issue by API", issue_calls(token), 201, 60.0)
    return [tokens, issues, verifications(service, token)]


def issue_calls(token: str) -> Callable[[], Call | None]:
    body: dict[str, object] = {
        "type": demo.TOUR_TYPE,
        "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
        "fields": dict(demo.TOUR_FIELDS),
    }
    call = json_call("/api/licences", token, body)
    return each_once(itertools.repeat(call, LICENCES))


def verifications(service: Running, token: str) -> Result:
    """Show every licence, then verify all codes before they die."""
    account = ("agent", demo.PASSWORD)
    scope = "openid licence.read licence.show"
    holder = sign_in(service.url, WEB_APP, account, demo.COMPANY, scope)
    mine = [each for each in licences_of(holder) if each["type"] == demo.TOUR_TYPE][:LICENCES]
    calls = [
        json_call(
            "/api/verifications",
            token,
            {"code": code_of(holder, each), "matter": demo.TOUR_MATTER, "purpose": "演示 压力测试"},
        )
        for each in mine
    ]
    return measure(service, "verification by API", each_once(iter(calls)), 200, 50.0)


def licences_of(holder: Caller) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    page = holder.get("/api/licences?limit=200").json()
    while True:
        found += page["licences"]
        if page["next"] is None:
            return found
        page = holder.get(f"/api/licences?limit=200&before={page['next']}").json()


def code_of(holder: Caller, licence: dict[str, str]) -> str:
    return str(holder.post(f"/api/licences/{licence['identifier']}/shows", {}).json()["code"])


def measure(
    service: Running,
    name: str,
    next_call: Callable[[], Call | None],
    status: int,
    seconds: float,
) -> Result:
    pid = service.process.pid if service.process else 0
    before = cpu_seconds(pid)
    load = drive(service.url, next_call, status, CONNECTIONS, seconds)
    used = cpu_seconds(pid) - before
    if load.failed:
        raise SystemExit(f"{name}: {load.failed} failed, the first: {load.first_failure}")
    return result(name, load, used)


def result(name: str, load: Load, cpu: float) -> Result:
    per_cpu = load.done / cpu
    return Result(name, load.per_second, per_cpu, load.percentile(0.5), load.percentile(0.99))


def second_start(service: Running) -> Result:
    """Seconds from the command to the first answer, with the data there."""
    service.stop()
    began = time.perf_counter()
    service.start()
    took = time.perf_counter() - began
    return Result("second start", 1 / took, 1 / took, took * 1000, took * 1000)


def log_result(folder: Path) -> Result:
    """Append records in transactions of a hundred, and sequence and sign for them."""
    opened = open_service(read_settings({"HAIHE_DATA": str(folder)}), demo=False)
    fields = {
        "licence": "1.2.156",
        "matter": "open-restaurant",
        "purpose": "演示",
        "result": "passed",
    }
    act = Act("verify", "a" * 32, "b" * 32, "c" * 32, fields)
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(RECORDS // BATCH):
        with opened.writing_ledger() as store:
            append_all(store, [act] * BATCH, opened.pseudonyms, 1, os.urandom)
        with opened.writing_ledger() as store:
            sequence(store, opened.log)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    opened.database.close()
    each = took / (RECORDS / BATCH) * 1000
    return Result("records through the log", RECORDS / took, RECORDS / used, each, each)


def show(results: list[Result]) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite"
    table = Table(title=f"Haihe, one process, embedded default ({machine})")
    for title in (
        "path",
        "per second",
        "floor",
        "per CPU s",
        "p50 ms",
        "p99 ms",
        "SQL",
        "signs",
        "verifies",
    ):
        table.add_column(title, justify="left" if title == "path" else "right")
    for each in results:
        budget = BUDGETS.get(each.name)
        costs = [str(value) for value in vars(budget).values()] if budget else ["", "", ""]
        table.add_row(
            each.name,
            f"{each.per_second:,.1f}",
            str(FLOORS.get(each.name, "")),
            f"{each.per_cpu_second:,.0f}",
            f"{each.median_ms:,.1f}",
            f"{each.p99_ms:,.1f}",
            *costs,
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
