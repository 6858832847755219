"""Several processes behind one port: what works once works once among all of them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service import demo
from tests.service.coming import all_at_once, new_code, redeem, refresh
from tests.service.running import Running, free_port
from tests.service.test_back_ends import issue_and_anchor
from tests.tools_found import postgres, start_postgres, stop_postgres

TIMES = 200


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("two")
    with postgres(folder / "pg") as url:
        service = Running(folder / "data", free_port(), database_url=url, workers=2).start()
        yield service
        service.stop()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    service = Running(tmp_path_factory.mktemp("one") / "data", free_port()).start()
    yield service
    service.stop()


def workers_of(service: Running) -> list[int]:
    assert service.process is not None
    parent = service.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return [int(pid) for pid in children if b"spawn_main" in _command(int(pid))]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def spends_a_code_once(service: Running) -> None:
    code = new_code(service.url)
    answers = all_at_once(TIMES, redeem, service.url, code)
    good = [each.json() for each in answers if each.status_code == 200]
    assert len(good) == 1, [each.status_code for each in answers]
    assert {each.status_code for each in answers} <= {200, 400}
    # The second use took back what the first one gave.
    assert refresh(service.url, good[0]["refresh_token"]).status_code == 400


def gives_one_successor(service: Running) -> None:
    tokens = redeem(service.url, new_code(service.url)).json()
    answers = all_at_once(TIMES, refresh, service.url, tokens["refresh_token"])
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["refresh_token"] for each in answers}) == 1
    successor = answers[0].json()["refresh_token"]
    assert refresh(service.url, successor).status_code == 200


@pytest.mark.postgres
@pytest.mark.line(5)
def test_of_200_redemptions_of_one_code_one_succeeds_among_two_workers(two: Running) -> None:
    spends_a_code_once(two)


@pytest.mark.postgres
@pytest.mark.line(28)
def test_200_uses_of_one_refresh_token_give_one_successor_among_two_workers(two: Running) -> None:
    gives_one_successor(two)


def test_of_200_redemptions_of_one_code_one_succeeds_in_one_process(one: Running) -> None:
    spends_a_code_once(one)


def test_200_uses_of_one_refresh_token_give_one_successor_in_one_process(one: Running) -> None:
    gives_one_successor(one)


@pytest.mark.postgres
def test_a_worker_that_dies_is_replaced_and_the_others_go_on(two: Running) -> None:
    for victim in workers_of(two):  # whichever leads is among them
        os.kill(victim, signal.SIGKILL)
        for _ in range(20):
            with suppress(httpx.ReadError, httpx.RemoteProtocolError):  # its own connections
                assert httpx.get(two.url + "/jwks").status_code == 200
        until = time.monotonic() + 30
        while len(workers_of(two)) < 2 or victim in workers_of(two):
            assert time.monotonic() < until, two.log()[-2000:]
            time.sleep(0.1)
        issue_and_anchor(two)


@pytest.mark.postgres
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    with postgres(tmp_path / "pg") as url:
        service = Running(tmp_path / "data", free_port(), database_url=url, workers=2).start()
        workers = workers_of(service)
        assert len(workers) == 2
        service.kill()
        until = time.monotonic() + 20
        while any(b"spawn_main" in _command(pid) for pid in workers):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_sqlite_refuses_several_workers_and_says_what_would_do(tmp_path: Path) -> None:
    service = Running(tmp_path / "data", free_port())
    refused = service.haihe("serve", "--workers=2")
    assert refused.returncode == 2
    assert "SQLite has one process that writes" in refused.stderr
    assert "postgresql://" in refused.stderr


@pytest.mark.postgres
def test_a_client_changed_by_command_is_noticed_within_a_second_by_all(two: Running) -> None:
    form = {"grant_type": "client_credentials"}
    auth = (demo.SERVICE_CLIENT, demo.SERVICE_SECRET)
    for _ in range(20):  # known to both workers now
        assert httpx.post(two.url + "/token", data=form, auth=auth).status_code == 200
    rotated = two.haihe("clients", "rotate-secret", demo.SERVICE_CLIENT)
    assert rotated.returncode == 0, rotated.stderr + rotated.stdout
    secret = next(word for word in rotated.stdout.split() if len(word) > 40)
    time.sleep(1.1)
    for _ in range(20):
        new = (demo.SERVICE_CLIENT, secret)
        assert httpx.post(two.url + "/token", data=form, auth=new).status_code == 200


@pytest.mark.postgres
def test_without_its_database_it_says_so_and_recovers(tmp_path: Path) -> None:
    with postgres(tmp_path / "pg") as url:
        service = Running(tmp_path / "data", free_port(), database_url=url).start()
        try:
            access = redeem(service.url, new_code(service.url)).json()["access_token"]
            bearer = {"Authorization": f"Bearer {access}"}
            stop_postgres(tmp_path / "pg")
            began = time.monotonic()
            for path, accept in (
                ("/userinfo", "*/*"),
                ("/api/licences", "application/json"),
                ("/ready", "*/*"),
                ("/sign-in", "text/html"),
                ("/account", "text/html"),
            ):
                cookies = {"haihe_session": "a" * 43}
                headers = {**bearer, "Accept": accept}
                answer = httpx.get(service.url + path, headers=headers, cookies=cookies)
                assert answer.status_code == 503, (path, answer.text)
                assert int(answer.headers["Retry-After"]) > 0
            assert time.monotonic() - began < 20
            assert httpx.get(service.url + "/health").status_code == 200
            assert httpx.get(service.url + "/jwks").status_code == 200
            start_postgres(tmp_path / "pg")
            until = time.monotonic() + 15
            while httpx.get(service.url + "/userinfo", headers=bearer).status_code != 200:
                assert time.monotonic() < until
                time.sleep(0.2)
            assert redeem(service.url, new_code(service.url)).status_code == 200
        finally:
            service.stop()


def test_whichever_worker_is_asked_tells_what_all_have_counted(two: Running) -> None:
    series = 'haihe_tokens_issued_total{grant="client_credentials"} '

    def counted() -> float:
        lines = httpx.get(two.url + "/metrics").text.splitlines()
        return sum(float(line[len(series) :]) for line in lines if line.startswith(series))

    before, form = counted(), {"grant_type": "client_credentials"}
    for _ in range(20):  # each comes by a connection of its own
        answer = httpx.post(
            two.url + "/token", data=form, auth=(demo.SERVICE_CLIENT, demo.SERVICE_SECRET)
        )
        assert answer.status_code == 200
    assert {counted() - before for _ in range(8)} == {20}
