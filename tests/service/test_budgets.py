"""The hot paths keep to their budgets of SQL statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from joserfc.jws import JWSRegistry

from identity.store.clients import KnownClients
from service import demo
from service.opened import Opened
from service.tour.outsider import sign_in
from service.tour.steps import WEB_APP
from tests.benchmarks.budgets import BUDGETS, Budget
from tests.service.coming import Visitor, redeem, refresh
from tests.service.inside import counted_statements, serving


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The service; what it knows of apps stays fresh, however slow this machine is today."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(KnownClients, "SECONDS", 3600.0)
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


@contextmanager
def counted_signatures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What joserfc's own algorithm is asked for, in order."""
    algorithm, asked = JWSRegistry.algorithms["ES256"], list[str]()

    def note(name: str) -> Callable[..., Any]:
        real = getattr(algorithm, name)

        def noted(*arguments: Any) -> Any:
            asked.append(name)
            return real(*arguments)

        return noted

    with monkeypatch.context() as patched:
        for name in ("sign", "verify"):
            patched.setattr(algorithm, name, note(name))
        yield asked


@pytest.mark.parametrize(
    "path",
    [
        "token, client credentials",
        "authorize, signed in",
        "token, code",
        "token, refresh",
        "userinfo",
        "introspection",
        "keys",
        "metadata",
    ],
)
def test_a_path_of_identity(opened: Opened, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    url, web = opened.settings.issuer, (demo.WEB_CLIENT, demo.WEB_SECRET)
    with httpx.Client(base_url=url, timeout=30) as http:
        visitor = Visitor(http)
        tokens = redeem(url, visitor.code()).json()
        code, bearer = visitor.code(), {"Authorization": f"Bearer {tokens['access_token']}"}
        token(opened)  # so that its app is known
        acts: dict[str, Callable[[], Any]] = {
            "token, client credentials": lambda: token(opened),
            "authorize, signed in": visitor.code,
            "token, code": lambda: redeem(url, code),
            "token, refresh": lambda: refresh(url, tokens["refresh_token"]),
            "userinfo": lambda: http.get("/userinfo", headers=bearer),
            "introspection": lambda: http.post(
                "/introspect", data={"token": tokens["access_token"]}, auth=web
            ),
            "keys": lambda: http.get("/jwks"),
            "metadata": lambda: http.get("/.well-known/openid-configuration"),
        }
        with counted_signatures(monkeypatch) as signatures, counted_statements(opened) as sent:
            answer = acts[path]()
    assert getattr(answer, "status_code", 200) == 200
    spent = Budget(len(sent), signatures.count("sign"), signatures.count("verify"))
    assert spent == BUDGETS[path], sent
