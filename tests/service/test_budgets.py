"""The hot paths keep to their budgets of SQL statements."""

from collections.abc import Iterator

import httpx
import pytest

from service import demo
from service.opened import Opened
from service.tour.outsider import sign_in
from service.tour.steps import WEB_APP
from tests.benchmarks.budgets import BUDGETS
from tests.service.inside import counted_statements, serving


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with serving(tmp_path_factory.mktemp("budgets")) as service:
        yield service


def token(opened: Opened) -> str:
    answer = httpx.post(
        opened.settings.issuer + "/token",
        data={"grant_type": "client_credentials", "scope": demo.SERVICE_SCOPES},
        auth=(demo.SERVICE_CLIENT, demo.SERVICE_SECRET),
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def call(opened: Opened, bearer: str, path: str, body: dict[str, object]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.post(opened.settings.issuer + path, json=body, headers=headers)


def test_a_client_credentials_token(opened: Opened) -> None:
    token(opened)
    with counted_statements(opened) as statements:
        token(opened)
    assert len(statements) == BUDGETS["token, client credentials"].statements, statements


def test_an_issue_by_api(opened: Opened) -> None:
    bearer = token(opened)
    body = {
        "type": demo.TOUR_TYPE,
        "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
        "fields": dict(demo.TOUR_FIELDS),
    }
    call(opened, bearer, "/api/licences", body)
    with counted_statements(opened) as statements:
        assert call(opened, bearer, "/api/licences", body).status_code == 201
    assert len(statements) == BUDGETS["issue by API"].statements, statements


def test_a_verification_by_api(opened: Opened) -> None:
    bearer, url = token(opened), opened.settings.issuer
    account = ("agent", demo.PASSWORD)
    holder = sign_in(url, WEB_APP, account, demo.COMPANY, "openid licence.read licence.show")
    licences = holder.get("/api/licences").json()["licences"]
    licence = next(each for each in licences if each["type"] == demo.TOUR_TYPE)
    shown = holder.post(f"/api/licences/{licence['identifier']}/shows", {}).json()
    body = {"code": shown["code"], "matter": demo.TOUR_MATTER, "purpose": "演示"}
    with counted_statements(opened) as statements:
        answer = call(opened, bearer, "/api/verifications", body).json()
    assert answer["verdict"] == "passed"
    assert len(statements) == BUDGETS["verification by API"].statements, statements
