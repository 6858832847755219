"""The main job from outside: the tour, power cuts, and what the audit finds."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service import demo
from service.tour.outsider import Caller, sign_in
from service.tour.steps import WEB_APP
from tests.service.running import PROJECT, Running, free_port


def issue(issuer: Caller) -> dict[str, str]:
    body = {
        "type": demo.TOUR_TYPE,
        "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
        "fields": demo.TOUR_FIELDS,
    }
    answer = issuer.post("/api/licences", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_the_tour_goes_through(running: Running) -> None:
    done = running.haihe("tour", "--url", running.url, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    audit = running.haihe("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_tour_fails_where_nothing_answers(running: Running) -> None:
    done = running.haihe("tour", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1


def test_nothing_answered_is_lost_when_the_power_goes_in_the_middle_of_a_tour(
    tmp_path: Path,
) -> None:
    service = Running(tmp_path / "data", free_port()).start()
    account = ("issuer", demo.PASSWORD)
    answered: list[dict[str, str]] = []
    tour = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "tour", "--url", service.url],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(3):
            issuer = sign_in(service.url, WEB_APP, account, demo.MARKET, "openid licence.issue")
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                answered.append(issue(issuer))
            service.kill()
            service.start()
    finally:
        tour.send_signal(signal.SIGKILL)
        tour.wait()
    auditor = sign_in(
        service.url, WEB_APP, account, demo.MARKET, "openid licence.issue ledger.read"
    )
    for licence in answered:
        found = auditor.get(f"/api/licences/{licence['identifier']}")
        assert found.status_code == 200, found.text
        assert auditor.get(f"/api/records/{licence['record']}").status_code == 200
    audit = service.haihe("audit")
    service.stop()
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert len(answered) >= 6


def test_demo_accounts_are_refused_without_demo_data(tmp_path: Path) -> None:
    service = Running(tmp_path / "data", free_port()).start()
    service.stop()
    service.demo = False
    service.start()
    try:
        with pytest.raises(Exception, match=r"sign-in|authorize|answered"):
            sign_in(service.url, WEB_APP, ("person", demo.PASSWORD), "", "openid")
    finally:
        service.stop()


def test_a_bad_setting_stops_the_start_and_names_itself(tmp_path: Path) -> None:
    service = Running(tmp_path / "data", free_port(), chain_url="ws://node")
    tried = service.haihe("serve")
    assert tried.returncode == 2
    assert "HAIHE_CHAIN_URL" in tried.stderr + tried.stdout
