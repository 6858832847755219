"""The same service on PostgreSQL and on a real EVM node: issue, anchor, audit, restart."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from eth_account import Account

from service import demo
from service.opened import open_service
from service.settings import read_settings
from service.tour.outsider import sign_in
from service.tour.steps import WEB_APP
from tests.service.running import Running, free_port
from tests.tools_found import anvil, postgres


@contextmanager
def node() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [anvil(), "--port", str(port), "--silent"], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def issue_and_anchor(service: Running) -> str:
    account, scope = ("issuer", demo.PASSWORD), "openid licence.issue ledger.read"
    issuer = sign_in(service.url, WEB_APP, account, demo.MARKET, scope)
    body = {
        "type": demo.TOUR_TYPE,
        "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
        "fields": demo.TOUR_FIELDS,
    }
    licence = issuer.post("/api/licences", body).json()
    for _ in range(300):
        state = issuer.get(f"/api/records/{licence['record']}").json()["state"]
        if state == "anchored":
            return str(licence["record"])
        time.sleep(0.1)
    pytest.fail(f"still {state} after 30 s: {service.log()[-2000:]}")


def holds_after_a_power_cut(service: Running) -> None:
    service.start()
    try:
        issue_and_anchor(service)
        service.kill()
        service.start()
        record = issue_and_anchor(service)
        audit = service.haihe("audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr
        proof, trust = service.data / "proof.json", service.data / "trust.json"
        assert service.haihe("evidence", record, "--out", str(proof)).returncode == 0
        assert service.haihe("trust", "--out", str(trust)).returncode == 0
        assert service.haihe("check", str(proof), "--trust", str(trust)).returncode == 0
    finally:
        service.stop()


@pytest.mark.postgres
def test_on_postgresql(tmp_path: Path) -> None:
    with postgres(tmp_path / "pg") as url:
        holds_after_a_power_cut(Running(tmp_path / "data", free_port(), database_url=url))


@pytest.mark.node
def test_on_a_json_rpc_node(tmp_path: Path) -> None:
    with node() as url:
        service = Running(tmp_path / "data", free_port(), chain_url=url)
        fund(url, service)
        holds_after_a_power_cut(service)


def fund(url: str, service: Running) -> None:
    """Give the operator's account the gas money that a consortium's chain would not ask for."""
    opened = open_service(read_settings(service.settings), demo=False)
    operator = Account.from_key(opened.operator_key).address
    opened.database.close()
    ask = {"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance"}
    answer = httpx.post(url, json=ask | {"params": [operator, hex(10**21)]})
    assert "error" not in answer.json()
