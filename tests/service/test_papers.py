"""A licence on paper through the service: downloaded by its holder, verified by a clerk."""

from base64 import b64encode

import pytest

from service import demo
from service.tour.outsider import Caller, sign_in
from service.tour.steps import WEB_APP
from tests.service.running import Running

READ = "openid licence.read licence.show"


@pytest.fixture(scope="module")
def holder(running: Running) -> Caller:
    return sign_in(running.url, WEB_APP, ("agent", demo.PASSWORD), demo.COMPANY, READ)


@pytest.fixture(scope="module")
def clerk(running: Running) -> Caller:
    account = ("clerk", demo.PASSWORD)
    return sign_in(running.url, WEB_APP, account, demo.CENTRE, "openid licence.verify")


@pytest.fixture(scope="module")
def identifier(holder: Caller) -> str:
    mine = holder.get("/api/licences").json()["licences"]
    return next(str(each["identifier"]) for each in mine if each["type"] == demo.TOUR_TYPE)


@pytest.fixture(scope="module")
def pdf(holder: Caller, identifier: str) -> bytes:
    answer = holder.post(f"/api/licences/{identifier}/downloads", {"purpose": "演示 投标"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["haihe-record"]
    assert identifier in answer.headers["content-disposition"]
    return answer.content


def verify(clerk: Caller, pdf: bytes) -> dict[str, object]:
    body = {"matter": demo.TOUR_MATTER, "purpose": "演示 核验", "pdf": b64encode(pdf).decode()}
    answer = clerk.post("/api/verifications", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_a_holder_downloads_a_clerk_verifies(
    clerk: Caller, pdf: bytes, identifier: str
) -> None:
    verdict = verify(clerk, pdf)
    assert verdict["verdict"] == "passed"
    assert verdict["licence"]["identifier"] == identifier  # type: ignore[index]
    assert len(verdict["checks"]) == 10  # type: ignore[arg-type]


def test_a_changed_file_is_named(clerk: Caller, pdf: bytes) -> None:
    verdict = verify(clerk, pdf + b"%%EOF\n")
    failed = [each for each in verdict["checks"] if each["result"] == "failed"]  # type: ignore[attr-defined]
    assert [(each["code"], each["reason"]) for each in failed] == [("signature", "appended")]


def test_a_download_without_purpose_is_refused(holder: Caller, identifier: str) -> None:
    answer = holder.post(f"/api/licences/{identifier}/downloads", {"purpose": " "})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/purpose-refused")


def test_a_clerk_cannot_download(clerk: Caller, identifier: str) -> None:
    answer = clerk.post(f"/api/licences/{identifier}/downloads", {"purpose": "演示"})
    assert answer.status_code == 404


@pytest.mark.parametrize("pdf", ["", "%", "JVBERi0=", "A" * 3_000_001])
def test_garbage_in_place_of_a_file_is_never_a_fault(clerk: Caller, pdf: str) -> None:
    body = {"matter": demo.TOUR_MATTER, "purpose": "演示", "pdf": pdf}
    assert clerk.post("/api/verifications", body).status_code in {200, 422}
