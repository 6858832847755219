"""Every refusal has an answer, every answer its texts, and nothing else leaves the service."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

import certificates.errors
import identity.errors
import ledger.errors
import service.web.errors
from service import demo
from service.errors import ANSWERS, PROBLEMS
from tests.service.running import Running

# These end in a page of their own, in a command, or are faults of ours: a bare 500 by intent.
NEVER_AT_AN_ADDRESS = {
    "BackchannelRefused",
    "AlreadyRegistered", "BadRegistration", "NotRegistered", "BadClient", "BadNumber", "SealBroken",
    "SignInRefused", "SignInPaused", "ProofRejected", "RootMismatch", "NoteRejected",
    "SecondFactorRefused", "UserCodeRefused", "ExchangeRefused", "PasskeyRefused",
    "BadPasswordList", "BadUpstream", "UpstreamFailed", "NotLinked", "StepUpNeeded",
    "LogUnknown", "SignerUnknown", "HeadConflict",
    "PolicyUnreadable", "PolicyUnmet", "WitnessFailed", "TileMissing", "Alarming",
    "NotCanonical", "RowUnreadable", "LogForked", "TrustUnreadable", "ChainError",
    "ChainLocked", "ChainDamaged", "TransactionRefused", "TransactionReplaced",
    "KeyUnreadable", "ChainRejected", "ChainExpired", "FormatRejected", "SignatureRejected",
    "BadAssertion", "AppUnreachable", "BadProof", "NonceWanted", "UnknownSigner", "KeysWanted",
    "BadCertificate", "BadRequestObject", "BadDetails", "BadTarget",
    "NoKeyToEncrypt", "Undecipherable",
    "MandateRefused",
    "BadWish", "BadRegistrationRequest", "BadRegistrationToken", "TooManyRegistrations",
    "IdentityError", "CertificateError", "LedgerError", "WebError",
}  # fmt: skip
MODULES = (certificates.errors, identity.errors, ledger.errors, service.web.errors)


def errors() -> Iterator[type[Exception]]:
    for module in MODULES:
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, Exception):
                yield each


@pytest.mark.parametrize("error", list(errors()), ids=lambda error: error.__name__)
def test_every_error_is_answered_or_kept_inside(error: type[Exception]) -> None:
    assert (error in ANSWERS) != (error.__name__ in NEVER_AT_AN_ADDRESS)


@pytest.mark.parametrize("slug", sorted(set(ANSWERS.values()) | set(PROBLEMS)))
def test_every_problem_has_a_page_in_both_languages(service_url: str, slug: str) -> None:
    for language in ("zh-CN", "en"):
        page = httpx.get(f"{service_url}/problems/{slug}", headers={"Accept-Language": language})
        assert page.status_code == 200
        title = PROBLEMS[slug].title["zh" if language == "zh-CN" else "en"]
        assert title in unescape(page.text)


def test_a_problem_document_names_its_type_and_what_to_do(service_url: str) -> None:
    answer = httpx.get(f"{service_url}/api/licences")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "/problems/sign-in-needed"
    assert set(answer.json()["next"]) == {"zh", "en"}


def test_a_person_gets_a_page_and_a_program_a_document(service_url: str) -> None:
    html = httpx.get(f"{service_url}/nowhere", headers={"Accept": "text/html"})
    assert html.status_code == 404
    assert html.headers["content-type"].startswith("text/html")
    assert httpx.get(f"{service_url}/nowhere").json()["type"] == "/problems/not-found"


GARBAGE = [b"", b"\xff\xfe", b"{", b"[]", b'{"type": 1}', b'{"a":' * 2000, b"null", b'"\\ud800"']


@pytest.mark.parametrize("path", ["/api/licences", "/api/verifications", "/token", "/introspect"])
@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_garbage_is_refused_and_never_a_5xx(
    running: Running, path: str, body: bytes, kind: str
) -> None:
    headers = {"Content-Type": kind, "Authorization": "Bearer x"}
    answer = httpx.post(running.url + path, content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text


def test_a_slash_too_much_leads_nowhere_else(running: Running) -> None:
    host = {"Host": "evil.example", "Accept": "text/html"}
    assert httpx.get(running.url + "/sign-in/", headers=host).status_code == 404
    assert httpx.post(running.url + "/sign-in/", headers=host).status_code == 404


BIG = b" " * (9 * 1024 * 1024)
PATHS = ["/api/verifications", "/api/licences", "/token", "/sign-in", "/verify", "/authorize"]


@pytest.mark.parametrize("path", PATHS)
def test_a_long_body_is_refused_before_it_is_read(running: Running, path: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert httpx.post(running.url + path, content=BIG, headers=headers).status_code == 413


@pytest.mark.parametrize("path", PATHS)
def test_a_long_body_that_hides_its_length_is_cut_off(running: Running, path: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(160):
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    try:
        answer = httpx.post(running.url + path, content=endless(), headers=headers)
    except httpx.TransportError:
        return  # hung up on, as meant
    assert 300 <= answer.status_code < 500  # 303: to the sign-in page, unread


def forged(header: object) -> str:
    parts = (json.dumps(header).encode(), b"{}", b"\x00" * 64)
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


HEADERS = [
    {"alg": "ES256", "crit": 5},
    {"alg": "ES256", "crit": ["x"]},
    {"alg": 5},
    {"alg": "none"},
    {"alg": "HS256", "typ": "at+jwt"},
    {"alg": "ES256", "kid": ["a"]},
    {"alg": "ES256", "kid": "x", "b64": False},
    {},
    [],
    "x",
    None,
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_token_of_any_shape_is_refused_and_never_a_5xx(running: Running, header: object) -> None:
    token, url = forged(header), running.url
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(url + "/api/licences", headers=bearer).status_code == 401
    assert httpx.get(url + "/userinfo", headers=bearer).status_code == 401
    assert httpx.get(url + "/logout", params={"id_token_hint": token}).status_code < 500
    secret = (demo.SERVICE_CLIENT, demo.SERVICE_SECRET)
    seen = httpx.post(url + "/introspect", data={"token": token}, auth=secret)
    assert seen.json() == {"active": False}
    assert httpx.post(url + "/revoke", data={"token": token}, auth=secret).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/ledger/checkpoints/999999999999999999999999",
        "/ledger/anchors/999999999999999999999999",
        "/ledger/checkpoints/-1",
        "/licence-types/%00",
        "/status-lists/-1",
        "/status-lists/99",
        "/status-lists/999999999999999999999",
        "/ledger/checkpoints/abc",
        "/problems/%2e%2e",
        "/static/x/../../etc/passwd",
        "/authorize?client_id=%ff&redirect_uri=%00",
        "/authorize?flow=%F0%9F%98%80",
        "/sign-in?return_to=//evil.example&flow=x",
        "/logout?id_token_hint=a.b.c",
        "/licences/%E6%B5%B7",
        "/?lang=%00",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_strange_addresses_are_refused_and_never_a_5xx(
    running: Running, path: str, accept: str
) -> None:
    answer = httpx.get(running.url + path, headers={"Accept": accept})
    assert answer.status_code < 500


@pytest.mark.parametrize("path", ["/api/licences", "/api/catalogue", "/api/trust", "/uses/export"])
def test_no_answer_is_cached_or_guessed_unless_it_says_so(running: Running, path: str) -> None:
    headers = httpx.get(running.url + path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_document_and_the_answer_have_one_status(running: Running) -> None:
    kind = {"Content-Type": "application/json"}
    answer = httpx.post(running.url + "/api/verifications", content=b"{", headers=kind)
    assert answer.json()["status"] == answer.status_code
