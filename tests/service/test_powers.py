"""What an app may do is what its scopes and the person's mandate allow together, and no more."""

import pytest

from service import demo
from service.tour.outsider import Caller, sign_in
from service.tour.steps import WEB_APP
from tests.service.running import Running


def holder(running: Running, scope: str) -> Caller:
    return sign_in(running.url, WEB_APP, ("agent", demo.PASSWORD), demo.COMPANY, scope)


@pytest.fixture(scope="module")
def licence(running: Running) -> str:
    mine = holder(running, "openid licence.read").get("/api/licences").json()["licences"]
    return str(mine[0]["identifier"])


def test_an_app_that_may_read_cannot_show(running: Running, licence: str) -> None:
    app = holder(running, "openid licence.read")
    assert app.get(f"/api/licences/{licence}").status_code == 200
    assert app.post(f"/api/licences/{licence}/shows", {}).status_code == 403


def test_an_app_that_may_show_cannot_read(running: Running, licence: str) -> None:
    app = holder(running, "openid licence.show")
    assert app.post(f"/api/licences/{licence}/shows", {}).status_code == 201
    assert app.get("/api/licences").status_code == 403
    assert app.get(f"/api/licences/{licence}").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/verifications", {"digits": "123456", "matter": "birth", "purpose": "x"}),
        (
            "/api/licences",
            {"type": demo.TOUR_TYPE, "holder": {"code": "1", "name": "x"}, "fields": {}},
        ),
    ],
)
def test_scopes_without_a_mandate_give_nothing(
    running: Running, path: str, body: dict[str, object]
) -> None:
    app = holder(running, "openid licence.issue licence.verify")
    answer = app.post(path, body)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/power-missing"


def test_a_mandate_without_the_scope_gives_nothing(running: Running) -> None:
    account = ("clerk", demo.PASSWORD)
    clerk = sign_in(running.url, WEB_APP, account, demo.CENTRE, "openid licence.read")
    body = {"digits": "123456", "matter": "birth", "purpose": "x"}
    assert clerk.post("/api/verifications", body).status_code == 403


def test_a_revoked_mandate_ends_the_tokens_drawn_under_it(running: Running) -> None:
    added = running.haihe(
        "mandates", "add", "--account", "person", "--code", demo.COMPANY_CODE,
        "--role", "agent", "--powers", "licences",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    account = ("person", demo.PASSWORD)
    app = sign_in(running.url, WEB_APP, account, demo.COMPANY, "openid licence.read")
    assert app.get("/api/licences").status_code == 200
    revoked = running.haihe("mandates", "revoke", added.stdout.split()[-1])
    assert revoked.returncode == 0, revoked.stderr
    assert app.get("/api/licences").status_code == 401


def test_a_clerk_sees_their_own_acts_and_not_those_of_a_colleague(running: Running) -> None:
    scope, account = "openid licence.verify ledger.read", ("clerk", demo.PASSWORD)
    clerk = sign_in(running.url, WEB_APP, account, demo.CENTRE, scope)
    shown = holder(running, "openid licence.read licence.show")
    mine = shown.get("/api/licences").json()["licences"][0]["identifier"]
    code = shown.post(f"/api/licences/{mine}/shows", {}).json()["code"]
    body = {"code": code, "matter": "company-change", "purpose": "演示"}
    record = clerk.post("/api/verifications", body).json()["record"]
    assert record in ids(clerk)
    added = running.haihe(
        "mandates", "add", "--account", "person", "--code", demo.LEGAL_PERSONS[demo.CENTRE],
        "--role", "clerk", "--powers", "verify",
    )  # fmt: skip
    colleague = sign_in(running.url, WEB_APP, ("person", demo.PASSWORD), demo.CENTRE, scope)
    assert record not in ids(colleague)
    assert colleague.get(f"/api/records/{record}").status_code == 404
    assert colleague.get("/api/records").status_code == 403
    running.haihe("mandates", "revoke", added.stdout.split()[-1])


def ids(caller: Caller) -> list[str]:
    return [each["record"] for each in caller.get("/api/records?role=party").json()["records"]]
