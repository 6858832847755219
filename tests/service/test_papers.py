"""A licence on paper through the service: downloaded by its holder, verified by a clerk."""

import subprocess
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from certificates.faces import open_pdf
from certificates.stamps.tokens import imprint_of
from certificates.stamps.tokens import read as read_token
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


def verify(clerk: Caller, pdf: bytes | None = None, **faces: str) -> dict[str, object]:
    body = {"matter": demo.TOUR_MATTER, "purpose": "演示 核验", **faces}
    if pdf is not None:
        body["pdf"] = b64encode(pdf).decode()
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


def test_all_faces_of_a_licence_agree(
    holder: Caller, clerk: Caller, pdf: bytes, identifier: str
) -> None:
    full = holder.get(f"/api/licences/{identifier}").json()
    faces = {"qr": full["qr"], "sd_jwt": full["sd_jwt"], "identifier": identifier}
    assert verify(clerk, pdf, **faces)["verdict"] == "passed"
    for name, face in faces.items():
        assert verify(clerk, **{name: face})["verdict"] == "passed"
    other = next(
        each["identifier"]
        for each in holder.get("/api/licences").json()["licences"]
        if each["identifier"] != identifier
    )
    qr = holder.get(f"/api/licences/{other}").json()["qr"]
    failed = [each for each in verify(clerk, pdf, qr=qr)["checks"] if each["result"] == "failed"]  # type: ignore[attr-defined]
    assert ("agreement", "faces") in [(each["code"], each["reason"]) for each in failed]


def test_a_code_and_a_face_together_are_ambiguous(clerk: Caller, identifier: str) -> None:
    body = {"matter": demo.TOUR_MATTER, "purpose": "演示", "digits": "123456"}
    answer = clerk.post("/api/verifications", body | {"identifier": identifier})
    assert answer.status_code == 422


@pytest.fixture(scope="module")
def trust(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pinned") / "trust.json"
    file.write_bytes(httpx.get(running.url + "/api/trust").content)
    return file


def test_the_command_verifies_faces_without_the_service(
    running: Running, holder: Caller, pdf: bytes, identifier: str, trust: Path, tmp_path: Path
) -> None:
    full = holder.get(f"/api/licences/{identifier}").json()
    faces = {"licence.pdf": pdf, "licence.txt": full["sd_jwt"].encode(), "qr": full["qr"].encode()}
    for name, data in faces.items():
        (tmp_path / name).write_bytes(data)
    files = [str(tmp_path / name) for name in faces]
    done = running.haihe("verify", *files, "--trust", str(trust))
    assert done.returncode == 0, done.stdout
    assert f"Genuine as issued: {identifier}" in done.stdout
    (tmp_path / "licence.pdf").write_bytes(pdf + b"%%EOF\n")
    done = running.haihe("verify", files[0], "--trust", str(trust))
    assert done.returncode == 1
    assert "2. signature (appended)" in done.stdout
    (tmp_path / "licence.pdf").write_bytes(b"hello")
    assert running.haihe("verify", files[0], "--trust", str(trust)).returncode == 1


def test_the_time_stamp_authority_answers_openssl(running: Running, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"what is stamped")
    trust = httpx.get(running.url + "/api/trust").json()
    (tmp_path / "root").write_text(trust["roots"][0])
    query, reply = tmp_path / "query", tmp_path / "reply"
    stamping = ["openssl", "ts", "-query", "-data", tmp_path / "data", "-sha256", "-cert"]
    subprocess.run([*stamping, "-out", query], check=True, capture_output=True)
    headers = {"Content-Type": "application/timestamp-query"}
    answer = httpx.post(running.url + "/tsa", content=query.read_bytes(), headers=headers)
    assert answer.headers["content-type"] == "application/timestamp-reply"
    reply.write_bytes(answer.content)
    checking = ["openssl", "ts", "-verify", "-queryfile", query, "-in", reply]
    done = subprocess.run([*checking, "-CAfile", tmp_path / "root"], capture_output=True)
    assert b"Verification: OK" in done.stdout + done.stderr
    assert httpx.post(running.url + "/tsa", content=b"hello").content.startswith(b"\x30")


def test_a_downloaded_paper_bears_a_time_stamp(pdf: bytes) -> None:
    paper = open_pdf(pdf).paper
    assert paper
    assert read_token(paper.seal.token).imprint == imprint_of(paper.seal.stamped)
