"""A database that is older than what the chain has seen is never signed for."""

import shutil
import time
from pathlib import Path

import httpx

from service import demo
from service.tour.outsider import Caller, sign_in
from service.tour.steps import WEB_APP
from tests.service.running import Running, free_port
from tests.service.test_back_ends import fund, node


def issuer_at(service: Running) -> Caller:
    account, scope = ("issuer", demo.PASSWORD), "openid licence.issue ledger.read"
    return sign_in(service.url, WEB_APP, account, demo.MARKET, scope)


def issue(issuer: Caller) -> str:
    body = {
        "type": demo.TOUR_TYPE,
        "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
        "fields": demo.TOUR_FIELDS,
    }
    return str(issuer.post("/api/licences", body).json()["record"])


def state_of(issuer: Caller, record: str) -> str:
    return str(issuer.get(f"/api/records/{record}").json()["state"])


def wait_until_anchored(issuer: Caller, record: str) -> None:
    for _ in range(300):
        if state_of(issuer, record) == "anchored":
            return
        time.sleep(0.1)
    raise AssertionError("never anchored")


def test_an_older_copy_is_refused_at_the_start(tmp_path: Path) -> None:
    service = Running(tmp_path / "data", free_port()).start()
    issuer = issuer_at(service)
    wait_until_anchored(issuer, issue(issuer))
    service.stop()
    old = Path(shutil.copy(service.data / "haihe.sqlite", tmp_path / "old.sqlite"))
    service.start()
    issuer = issuer_at(service)
    wait_until_anchored(issuer, issue(issuer))
    service.stop()
    for file in service.data.glob("haihe.sqlite*"):
        file.unlink()
    shutil.copy(old, service.data / "haihe.sqlite")
    tried = service.haihe("serve", "--demo")
    assert tried.returncode == 3
    assert "older" in tried.stdout or "only" in tried.stdout


def test_nothing_is_signed_before_the_chain_was_seen(tmp_path: Path) -> None:
    with node() as url:
        service = Running(tmp_path / "data", free_port(), chain_url=url)
        fund(url, service)
    service.start()  # the node is gone: uses go on, nothing is signed
    issuer = issuer_at(service)
    record = issue(issuer)
    time.sleep(1.5)
    checkpoint = httpx.get(service.url + "/ledger/checkpoint")
    service.stop()
    assert record
    assert checkpoint.status_code == 404
