"""Metrics and logs: what operators see, and what nobody may see there."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service import demo
from service.logs import FIELDS, JsonLines, Lines, is_good_id, request_id
from service.metrics import Metrics
from service.tour.outsider import sign_in
from service.tour.steps import WEB_APP
from tests.service.running import PROJECT, Running, free_port

TOKEN = "a-token-for-the-tests-of-metrics"
NUMBER, PASSWORD = "120101192504120013", "a marked password 8d1f"
EMAIL, CODE = "marked@example.org", "marked-code-77aa"


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    more = {"HAIHE_LOG": "json", "HAIHE_METRICS_TOKEN": TOKEN}
    data = tmp_path_factory.mktemp("talking") / "data"
    service = Running(data, free_port(), more=more).start()
    yield service
    service.stop()


def lines(running: Running) -> list[dict[str, object]]:
    found = [line for line in running.log().splitlines() if line.startswith("{")]
    return [json.loads(line) for line in found]


def metrics(running: Running) -> str:
    return httpx.get(running.url + "/metrics").text


@pytest.mark.line(30)
@pytest.mark.line(40)
@pytest.mark.line(49)
def test_no_marked_value_of_a_whole_flow_reaches_the_log(talking: Running) -> None:
    url = talking.url
    app = sign_in(url, WEB_APP, ("agent", demo.PASSWORD), demo.COMPANY, "openid licence.read")
    secrets = [app.token, demo.PASSWORD, demo.WEB_SECRET]
    with httpx.Client(base_url=url) as http:
        page = http.get("/sign-in").text
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert csrf is not None
        for account in (NUMBER, EMAIL):
            form = {"csrf": csrf[1], "account": account, "password": PASSWORD}
            assert http.post("/sign-in", data=form).status_code == 400
        for path in ("/authorize", "/account", "/sign-in", f"/licences/{NUMBER}", f"/{EMAIL}"):
            http.get(path, params={"email": EMAIL, "code": CODE, "id": NUMBER})
        for path in ("/token", "/introspect", "/revoke", "/register", "/userinfo"):
            form = {"code": CODE, "token": app.token, "username": EMAIL, "password": PASSWORD}
            http.post(path, data={**form, "client_id": NUMBER, "grant_type": CODE})
        http.get("/health", headers={"X-Request-Id": NUMBER})
        http.get("/userinfo", headers={"Authorization": f"Bearer {CODE}.{NUMBER}"})
        http.post("/api/licences", content=b"{" + NUMBER.encode())
        cookie = http.cookies.get("haihe-browser") or ""
        secrets.append(cookie)
    written = talking.log()
    assert lines(talking)
    for marked in (NUMBER, PASSWORD, EMAIL, CODE, "演示·张强", *secrets):
        assert marked
        body = written.split("Next:")[-1]  # before that stand the demo's accounts, for people
        assert marked not in body, marked


def test_each_line_is_one_json_object_and_tells_the_request(talking: Running) -> None:
    answer = httpx.get(talking.url + "/nowhere", headers={"X-Request-Id": "from-a-proxy-1"})
    assert answer.headers["x-request-id"] == "from-a-proxy-1"
    mine: list[dict[str, Any]] = []
    deadline = time.monotonic() + 10
    while not mine and time.monotonic() < deadline:  # the line follows its answer
        mine = [line for line in lines(talking) if line.get("request") == "from-a-proxy-1"]
    assert [(line["status"], line["route"]) for line in mine] == [(404, "unmatched")]
    assert {"time", "level", "logger", "message"} <= mine[0].keys()
    kinds = {line["message"] for line in lines(talking) if line["logger"] == "haihe.events"}
    assert "consent-given" in kinds or "acting-for" in kinds


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a" * 8, True),
        ("a" * 7, False),
        ("A1-" + "b" * 61, True),
        ("a" * 65, False),
        ("0190b6e2-8f5a-7cc3-98c4-dc0c0c07398f", True),
        (NUMBER, False),
        ("with space in it", False),
        ("a\nb-injected-line", False),
        ("<script>alert(1)</script>", False),
    ],
)
def test_an_id_from_outside_is_kept_only_if_it_is_one(given: str, kept: bool) -> None:
    assert is_good_id(given) == kept


def test_every_answer_has_an_id_of_its_own(talking: Running) -> None:
    ids = {httpx.get(talking.url + "/health").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    answer = httpx.get(talking.url + "/health", headers={"X-Request-Id": NUMBER})
    assert answer.headers["x-request-id"] != NUMBER


def test_an_exception_is_told_by_kind_and_place_not_by_what_it_says() -> None:
    try:
        try:
            raise KeyError(NUMBER)
        except KeyError as cause:
            raise ValueError(NUMBER) from cause
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    token = request_id.set("the-request")
    for formatter in (JsonLines(), Lines()):
        line = formatter.format(record)
        assert "\n" not in line
        assert NUMBER not in line
        assert "ValueError from KeyError" in line
        assert "test_telling.py" in line
        assert "the-request" in line
    request_id.reset(token)
    plain = logging.LogRecord("x", logging.INFO, "", 1, "two\nlines", (), None)
    setattr(plain, FIELDS, {"n": 1})
    assert json.loads(JsonLines().format(plain))["n"] == 1
    assert Lines().format(plain) == "INFO x: two | lines n=1"


def test_a_database_error_does_not_quote_its_parameters(tmp_path: Path) -> None:
    from sqlalchemy import text

    from service.database import Database

    database = Database(f"sqlite:///{tmp_path}/x.sqlite")
    with pytest.raises(Exception, match="no such table") as failed, database.reading() as one:
        one.execute(text("SELECT :n FROM nowhere"), {"n": NUMBER})
    assert NUMBER not in str(failed.value)
    database.close()


def test_requests_tokens_sign_ins_and_refusals_are_counted(talking: Running) -> None:
    url = talking.url
    before = metrics(talking)
    form = {"grant_type": "client_credentials"}
    for _ in range(3):
        auth = (demo.SERVICE_CLIENT, demo.SERVICE_SECRET)
        assert httpx.post(url + "/token", data=form, auth=auth).status_code == 200
    assert httpx.post(url + "/token", data=form, auth=("x", "y")).status_code == 401
    after = metrics(talking)

    def grown(name: str) -> float:
        return value(after, name) - value(before, name)

    count = 'haihe_request_seconds_count{method="POST",route="/token",status="200"}'
    assert grown(count) == 3
    assert grown('haihe_tokens_issued_total{grant="client_credentials"}') == 3
    assert grown('haihe_refusals_total{endpoint="/token",error="invalid_client"}') == 1
    assert value(after, 'haihe_sign_ins_total{method="password",result="succeeded"}') >= 1
    for measured in ("database_connections", "log_size", "key_age_seconds", "outbox_waiting"):
        assert f"haihe_{measured}" in after


def value(text: str, name: str) -> float:
    found = [line for line in text.splitlines() if line.startswith(name + " ")]
    return float(found[0].rpartition(" ")[2]) if found else 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "203.0.113.9"}, 404),
        ({"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {TOKEN}"}, 200),
        ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer x"}, 404),
        ({"Forwarded": "for=203.0.113.9", "Authorization": f"Basic {TOKEN}"}, 404),
    ],
)
def test_metrics_are_for_this_machine_or_for_the_token(
    talking: Running, headers: dict[str, str], status: int
) -> None:
    assert httpx.get(talking.url + "/metrics", headers=headers).status_code == status


def test_without_a_token_setting_no_token_opens_the_metrics(running: Running) -> None:
    for given in ("Bearer", "Bearer x", "Bearer None", f"Bearer {TOKEN}"):
        headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": given}
        assert httpx.get(running.url + "/metrics", headers=headers).status_code == 404


def test_a_number_in_an_address_makes_no_new_series(talking: Running) -> None:
    for number in range(20):
        httpx.get(f"{talking.url}/problems/{number}")
        httpx.get(f"{talking.url}/{number}")
        httpx.request(f"M{number}", f"{talking.url}/{number}")
    series = metrics(talking)
    assert "/problems/{slug}" in series
    assert "/problems/1" not in series
    assert "M1" not in series


WORKER = """
import sys
from service.metrics import Metrics
counting = Metrics()
counting.issued("client_credentials", "x", 1)
counting.answered("/token", "POST", 200, 0.01)
print(counting.write([]).decode() if sys.argv[1:] else "")
"""


def test_workers_are_added_up_by_whichever_is_asked(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for arguments in ([], [], ["tell"]):
        command = [sys.executable, "-c", WORKER, *arguments]
        done = subprocess.run(
            command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True
        )
    assert value(done.stdout, 'haihe_tokens_issued_total{grant="client_credentials"}') == 3


def test_a_count_is_cheap() -> None:
    counting = Metrics()
    counting.answered("/token", "POST", 200, 0.01)
    assert len(counting._children) == 1
    for _ in range(100):
        counting.answered("/token", "POST", 200, 0.01)
    assert len(counting._children) == 1
    assert counting.take_last_tokens() == {}
    counting.issued("refresh_token", "web", 7)
    assert counting.take_last_tokens() == {"web": 7}
    assert counting.take_last_tokens() == {}
