"""The tour: the main job from sign-in to proof, step by step, as outsiders would do it."""

import os
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from certificates.errors import CertificateError
from certificates.stamps.authority import QUERY, ask, token_in
from certificates.stamps.tokens import imprint_of, verify
from ledger.evidence import check_evidence
from ledger.trust import Trust, parse_trust
from service import demo
from service.tour.outsider import App, Caller, TourFailed, sign_in

ANCHOR_SECONDS = 30
SHOW_SECONDS = 60
WEB_APP = App(demo.WEB_CLIENT, demo.WEB_SECRET, demo.WEB_REDIRECT)


@dataclass
class Journey:
    """What the outsiders know so far."""

    url: str
    wait: Callable[[str, float], None]
    trust: Trust | None = None
    holder: Caller | None = None
    issuer: Caller | None = None
    clerk: Caller | None = None
    licences: list[str] = field(default_factory=list)
    early_code: str = ""
    early_until: int = 0
    record: str = ""
    evidence: bytes = b""
    paper: bytes = b""


Step = Callable[[Journey], str]


def _answer(response: httpx.Response, status: int) -> Any:
    if response.status_code != status:
        raise TourFailed(f"expected {status}, got {response.status_code}: {response.text[:300]}")
    return response.json()


def _caller(caller: Caller | None) -> Caller:
    if caller is None:
        raise TourFailed("nobody is signed in")
    return caller


def read_what_to_pin(journey: Journey) -> str:
    """An auditor notes the log's key, the contract and the city's root."""
    answer = httpx.get(journey.url + "/api/trust", timeout=30)
    _answer(answer, 200)
    journey.trust = parse_trust(answer.content)
    return journey.trust.log_key.origin


def sign_in_holder(journey: Journey) -> str:
    """An app's user signs in and acts for their company."""
    scope = "openid profile legal_person licence.read licence.show"
    account = ("agent", demo.PASSWORD)
    journey.holder = sign_in(journey.url, WEB_APP, account, demo.COMPANY, scope)
    answer = _answer(journey.holder.get("/userinfo"), 200)
    if "act" not in answer:
        raise TourFailed("userinfo does not say who acts for the company")
    return f"{demo.COMPANY}: {answer['sub'][:12]}…"


def sign_in_issuer(journey: Journey) -> str:
    """A clerk signs in for the department that issues."""
    account = ("issuer", demo.PASSWORD)
    scope = "openid licence.issue"
    journey.issuer = sign_in(journey.url, WEB_APP, account, demo.MARKET, scope)
    return demo.MARKET


def sign_in_clerk(journey: Journey) -> str:
    """A window clerk signs in for the service centre."""
    account = ("clerk", demo.PASSWORD)
    scope = "openid licence.verify ledger.read"
    journey.clerk = sign_in(journey.url, WEB_APP, account, demo.CENTRE, scope)
    return demo.CENTRE


def issue_licences(journey: Journey) -> str:
    """The department issues two licences to the company."""
    for _ in range(2):
        body = {
            "type": demo.TOUR_TYPE,
            "holder": {"code": demo.COMPANY_CODE, "name": demo.COMPANY},
            "fields": demo.TOUR_FIELDS,
        }
        answer = _answer(_caller(journey.issuer).post("/api/licences", body), 201)
        journey.licences.append(answer["identifier"])
    return journey.licences[0]


def _show(journey: Journey, licence: int) -> dict[str, Any]:
    path = f"/api/licences/{journey.licences[licence]}/shows"
    shown: dict[str, Any] = _answer(_caller(journey.holder).post(path, {}), 201)
    return shown


def _verify(journey: Journey, code: str, matter: str = "") -> dict[str, Any]:
    body = {"code": code, "matter": matter or demo.TOUR_MATTER, "purpose": "演示 窗口核验"}
    answer = _caller(journey.clerk).post("/api/verifications", body)
    verdict: dict[str, Any] = _answer(answer, 200)
    return verdict


def _failed(verdict: dict[str, Any]) -> list[str]:
    return [check["code"] for check in verdict["checks"] if check["result"] == "failed"]


def _expect_failure(verdict: dict[str, Any], check: str, reason: str = "") -> str:
    failed = [each for each in verdict["checks"] if each["result"] == "failed"]
    if verdict["verdict"] != "failed" or [each["code"] for each in failed] != [check]:
        raise TourFailed(f"should fail for {check!r}, was {verdict['verdict']}: {_failed(verdict)}")
    if reason and failed[0].get("reason") != reason:
        raise TourFailed(f"should say {reason!r}, said {failed[0].get('reason')!r}")
    return str(failed[0]["zh"])


def show_early(journey: Journey) -> str:
    """The holder makes a code that nobody scans: it will have expired by the end."""
    shown = _show(journey, 1)
    journey.early_code, journey.early_until = shown["code"], int(shown["expires_at"])
    return f"code lives until {time.strftime('%H:%M:%S', time.localtime(journey.early_until))}"


def show_and_verify(journey: Journey) -> str:
    """The holder shows, the clerk verifies: every check passes."""
    shown = _show(journey, 0)
    verdict = _verify(journey, shown["code"])
    if verdict["verdict"] != "passed":
        raise TourFailed(f"failed checks: {_failed(verdict)}")
    journey.record = verdict["record"]
    _expect_failure(_verify(journey, shown["code"]), "shown", "used")
    return f"{len(verdict['checks'])} checks passed, a second use of the code was refused"


def download_and_verify(journey: Journey) -> str:
    """The holder downloads the licence as signed PDF; whoever gets it can have it verified."""
    path = f"/api/licences/{journey.licences[0]}/downloads"
    answer = _caller(journey.holder).post(path, {"purpose": "演示 投标"})
    if answer.status_code == 503:
        return "left out: no Chinese font is installed here"
    if answer.status_code != 200:
        raise TourFailed(f"no PDF, but {answer.status_code}: {answer.text[:300]}")
    journey.paper = answer.content
    _expect_pass(_verify_faces(journey, pdf=b64encode(journey.paper).decode()))
    altered = b64encode(journey.paper + b"%%EOF\n").decode()
    said = _expect_failure(_verify_faces(journey, pdf=altered), "signature", "appended")
    return f"{len(journey.paper):,} bytes; {said}"


def ask_for_a_time_stamp(journey: Journey) -> str:
    """Anybody gets a time-stamp, and checks it under the city's root."""
    imprint = imprint_of(os.urandom(32))
    headers = {"Content-Type": QUERY}
    answer = httpx.post(journey.url + "/tsa", content=ask(imprint), headers=headers, timeout=30)
    root = load_pem_x509_certificate(journey.trust.roots[0].encode()) if journey.trust else None
    if root is None or answer.status_code != 200:
        raise TourFailed(f"no time-stamp: {answer.status_code}")
    try:
        stamp = verify(token_in(answer.content), imprint, [root.public_bytes(Encoding.DER)])
    except CertificateError as error:
        raise TourFailed(str(error)) from error
    if stamp is None:
        raise TourFailed("the time-stamp is from somebody else")
    return f"{time.strftime('%H:%M:%S', time.localtime(stamp.at))}, {stamp.authority}"


def compare_faces(journey: Journey) -> str:
    """The offline code of one licence and the text of another do not pass for one."""
    one, other = (
        _answer(_caller(journey.holder).get(f"/api/licences/{each}"), 200)
        for each in journey.licences[:2]
    )
    _expect_pass(_verify_faces(journey, qr=one["qr"], sd_jwt=one["sd_jwt"]))
    verdict = _verify_faces(journey, qr=one["qr"], sd_jwt=other["sd_jwt"])
    if "agreement" not in _failed(verdict):
        raise TourFailed(f"two licences passed for one: {_failed(verdict)}")
    return f"QR of {len(one['qr'])} characters, agreement refused for another licence"


def _verify_faces(journey: Journey, **faces: str) -> dict[str, Any]:
    body = {"matter": demo.TOUR_MATTER, "purpose": "演示 核对文件", **faces}
    verdict: dict[str, Any] = _answer(_caller(journey.clerk).post("/api/verifications", body), 200)
    return verdict


def _expect_pass(verdict: dict[str, Any]) -> None:
    if verdict["verdict"] != "passed":
        raise TourFailed(f"failed checks: {_failed(verdict)}")


def verify_for_wrong_purpose(journey: Journey) -> str:
    """A matter that has no ground for this type of licence is refused."""
    code = _show(journey, 0)["code"]
    return _expect_failure(_verify(journey, code, demo.WRONG_MATTER), "purpose")


def suspend_and_verify(journey: Journey) -> str:
    """The department suspends the licence, and the verification fails for that reason."""
    code = _show(journey, 0)["code"]
    path = f"/api/licences/{journey.licences[0]}/status"
    body = {"state": "suspended", "reason": "演示 暂扣"}
    _answer(_caller(journey.issuer).post(path, body), 200)
    return _expect_failure(_verify(journey, code), "status")


def wait_for_anchor(journey: Journey) -> str:
    """The verification's record reaches the log, and the log's head the contract."""
    path = f"/api/records/{journey.record}"
    until = time.monotonic() + ANCHOR_SECONDS
    while time.monotonic() < until:
        answer = _answer(_caller(journey.clerk).get(path), 200)
        if answer["state"] == "anchored":
            return f"leaf {answer['leaf_index']}, block {answer['anchor']['block_number']}"
        journey.wait("waiting for the anchor", 0.5)
    raise TourFailed(f"not anchored within {ANCHOR_SECONDS} s")


def check_the_evidence(journey: Journey) -> str:
    """The evidence file is fetched and checked without asking the service again."""
    path = f"/api/records/{journey.record}/evidence"
    response = _caller(journey.clerk).get(path)
    _answer(response, 200)
    journey.evidence = response.content
    failed = _first_failure(journey, journey.evidence)
    if failed:
        raise TourFailed(f"evidence refused: {failed}")
    return f"{len(journey.evidence):,} bytes"


def _first_failure(journey: Journey, data: bytes) -> str:
    if journey.trust is None:
        raise TourFailed("nothing is pinned")
    for step in check_evidence(data, journey.trust):
        if not step.passed:
            return step.en
    return ""


def flip_a_byte(journey: Journey) -> str:
    """One byte of the evidence is changed, and it is refused."""
    middle = len(journey.evidence) // 2
    changed = bytearray(journey.evidence)
    changed[middle] ^= 1
    failed = _first_failure(journey, bytes(changed))
    if not failed:
        raise TourFailed(f"byte {middle} was changed and nobody noticed")
    return failed


def use_an_expired_code(journey: Journey) -> str:
    """The code made early on is used after its 60 seconds, and refused for that."""
    while (left := journey.early_until + 1 - time.time()) > 0:
        journey.wait(f"waiting {left:.0f} s for the code to expire", min(left, 0.5))
    return _expect_failure(_verify(journey, journey.early_code), "shown", "expired")


STEPS: tuple[Step, ...] = (
    read_what_to_pin,
    sign_in_holder,
    sign_in_issuer,
    sign_in_clerk,
    issue_licences,
    show_early,
    show_and_verify,
    download_and_verify,
    compare_faces,
    ask_for_a_time_stamp,
    verify_for_wrong_purpose,
    suspend_and_verify,
    wait_for_anchor,
    check_the_evidence,
    flip_a_byte,
    use_an_expired_code,
)
