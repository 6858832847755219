"""Request objects: by value, by reference, pushed; plain and signed; lines on both sides."""

import base64
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from identity.apps.clients import COMPATIBLE, STANDARD
from identity.asking.parameters import read_parameters
from identity.asking.request_objects import MOST_CHARACTERS, Expected, resolve
from identity.errors import BadRequestObject
from tests.identity.browser import challenge_of, query, request_of, told
from tests.identity.conftest import Site
from tests.identity.documents import Documents, serving_documents
from tests.identity.pushing import (
    BANK,
    add_bank,
    link,
    push,
    push_object,
    request_object,
    told_of,
)
from tests.identity.signing import EC, ED, STRANGER
from tests.identity.world import REDIRECT, World

module, line = pytest.mark.module, pytest.mark.line
FINAL = "fapi2-security-profile-final-"
CORE = "core"  # an app of the compatible profile with keys


@pytest.fixture
def bank(site: Site) -> Site:
    add_bank(site.world)
    return site


@pytest.fixture
def core(site: Site) -> Site:
    add_bank(site.world, CORE, profile=COMPATIBLE)
    return site


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any], signature: str = "") -> str:
    return f"{encoded({'alg': 'none'})}.{encoded(claims)}.{signature}"


def asked(client_id: str | None = CORE, **changes: str | None) -> dict[str, str]:
    """A request as OpenID Connect Core has it: no PKCE."""
    leave = {"code_challenge": None, "code_challenge_method": None, "scope": "openid"}
    return request_of(client_id=client_id, **{**leave, **changes})


# Pushed by a bank: FAPI 2.0 Message Signing.


@line(18)
@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "PS256"])
def test_a_bank_may_push_a_signed_request(bank: Site, alg: str) -> None:
    answer = told_of(bank, bank.browser(), push_object(bank, request_object(bank.world, alg=alg)))
    assert answer["code"]
    assert answer["state"] == "the state"


@line(18)
@pytest.mark.parametrize(
    ("changes", "works"),
    [
        pytest.param(
            {"aud": "both"},
            True,
            marks=module(FINAL + "ensure-request-object-with-multiple-aud-succeeds"),
        ),
        pytest.param(
            {"aud": "other"},
            False,
            marks=module(FINAL + "ensure-request-object-with-bad-aud-fails"),
        ),
        ({"aud": None}, False),
        ({"aud": []}, False),
        ({"aud": [1, None, {}]}, False),
        ({"iss": None}, False),
        ({"iss": "web"}, False),
        ({"client_id": "web"}, False),
        ({"client_id": None}, True),
        pytest.param(
            {"nbf": 8},
            True,
            marks=module(
                FINAL + "ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted"
            ),
        ),
        ({"nbf": 10}, True),
        ({"nbf": 11}, False),
        ({"nbf": 60, "exp": 300}, False),
        ({"nbf": -3600, "exp": 0}, False),
        ({"nbf": -3599, "exp": 1}, True),
        pytest.param(
            {"nbf": -3601, "exp": 1},
            False,
            marks=module(FINAL + "ensure-request-object-with-nbf-over-60-fails"),
        ),
        pytest.param(
            {"nbf": None}, False, marks=module(FINAL + "ensure-request-object-without-nbf-fails")
        ),
        pytest.param(
            {"exp": None}, False, marks=module(FINAL + "ensure-request-object-without-exp-fails")
        ),
        pytest.param(
            {"exp": 0}, False, marks=module(FINAL + "ensure-expired-request-object-fails")
        ),
        ({"exp": 1}, True),
        ({"exp": 3600}, True),
        pytest.param(
            {"exp": 3601},
            False,
            marks=module(FINAL + "ensure-request-object-with-exp-over-60-fails"),
        ),
        ({"nbf": 8, "exp": 3608}, True),
        ({"nbf": 8, "exp": 3609}, False),
        ({"exp": True}, False),
        ({"exp": "tomorrow"}, False),
        ({"iat": 60}, False),
    ],
)
def test_what_a_request_object_says_of_itself(
    bank: Site, changes: dict[str, Any], works: bool
) -> None:
    now, audiences = bank.world.clock.now, {"both": [bank.url, "https://x"], "other": "https://x"}
    for name, value in list(changes.items()):
        if name in {"exp", "nbf", "iat"} and type(value) is int:
            changes = {**changes, name: now + value}
        if name == "aud" and isinstance(value, str):
            changes = {**changes, name: audiences[value]}
    answer = push_object(bank, request_object(bank.world, **changes))
    assert answer.status_code == (201 if works else 400), answer.text
    if not works:
        assert answer.json()["error"] == "invalid_request_object"


@line(18)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda world: request_object(world, alg="RS256"),
            marks=module(FINAL + "ensure-signed-request-object-with-RS256-fails"),
            id="RS256",
        ),
        pytest.param(
            lambda world: unsigned({**request_of(client_id=BANK), "iss": BANK}),
            marks=module(FINAL + "ensure-request-object-signature-algorithm-is-not-none"),
            id="none",
        ),
        pytest.param(
            lambda world: request_object(world)[:-8] + "AAAAAAAA",
            marks=module(FINAL + "ensure-request-object-with-invalid-signature-fails"),
            id="signature",
        ),
        pytest.param(
            lambda world: request_object(world, key=STRANGER),
            marks=module(FINAL + "ensure-matching-key-in-authorization-request"),
            id="key",
        ),
        pytest.param(lambda world: "x" * (MOST_CHARACTERS + 1), id="long"),
        pytest.param(lambda world: "a.b.c.d.e", id="encrypted"),
        pytest.param(lambda world: request_object(world, padding=1.5), id="no text"),
    ],
)
def test_a_request_object_that_is_not_signed_as_it_should_be(bank: Site, make: Any) -> None:
    answer = push_object(bank, make(bank.world))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request_object")


@line(18)
@module(FINAL + "ensure-request-object-without-redirect-uri-fails")
def test_a_redirect_uri_beside_the_object_does_not_count(bank: Site) -> None:
    text = request_object(bank.world, redirect_uri=None)
    answer = push_object(bank, text, redirect_uri=REDIRECT)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@line(18)
@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param(
            {"state": "inside"},
            {"state": "outside"},
            marks=module(FINAL + "ensure-different-state-inside-and-outside-request-object"),
        ),
        pytest.param(
            {"state": None},
            {"state": "outside"},
            marks=module(FINAL + "state-only-outside-request-object-not-used"),
        ),
        pytest.param(
            {"nonce": "inside"},
            {"nonce": "outside"},
            marks=module(FINAL + "ensure-different-nonce-inside-and-outside-request-object"),
        ),
    ],
)
def test_only_what_is_inside_counts(
    bank: Site, inside: dict[str, str | None], outside: dict[str, str]
) -> None:
    answer = push_object(bank, request_object(bank.world, **inside), **outside)
    asked_for = {**link(answer), **outside}
    answered = bank.browser().authorize(asked_for)
    assert answered["code"]
    assert answered.get("state") == {"state": "the state", **inside}["state"]


@line(18)
@module(FINAL + "ensure-unsigned-request-at-par-endpoint-fails")
def test_a_bank_may_insist_on_signing(site: Site) -> None:
    add_bank(site.world, "signing-bank", require_signed_request_object=True)
    answer = push(site, "signing-bank")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    text = request_object(site.world, "signing-bank")
    assert push_object(site, text, "signing-bank").status_code == 201


@line(18)
def test_the_registered_algorithm_is_the_only_one(site: Site) -> None:
    add_bank(site.world, "eddsa-bank", request_object_signing_alg="EdDSA")
    for alg, status in (("EdDSA", 201), ("ES256", 400), ("PS256", 400)):
        text = request_object(site.world, "eddsa-bank", alg=alg)
        assert push_object(site, text, "eddsa-bank").status_code == status


def test_numbers_and_json_inside_count_as_in_a_query(bank: Site) -> None:
    wanted = {"id_token": {"acr": {"essential": True, "values": ["better"]}}}
    text = request_object(bank.world, claims=wanted, max_age=300)
    answer = told_of(bank, bank.browser(), push_object(bank, text))
    assert answer["error"] == "unmet_authentication_requirements"


# At the authorization endpoint: RFC 9101, and OpenID Connect Core §6.


@line(18)
def test_an_app_of_the_standard_profile_may_sign_its_request(site: Site) -> None:
    add_bank(site.world, "signer-web", profile=STANDARD)
    text = request_object(site.world, "signer-web", state="inside")
    beside = {"client_id": "signer-web", "request": text, "state": "outside", "scope": "x"}
    assert site.browser().authorize(beside)["state"] == "inside"
    plain = unsigned(request_of(client_id="signer-web"))
    answer = site.browser().authorize({**request_of(client_id="signer-web"), "request": plain})
    assert answer["error"] == "invalid_request_object"


@module("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported")
def test_an_unsigned_request_object_is_laid_over_what_stands_beside_it(core: Site) -> None:
    text = unsigned({"state": "inside", "client_id": CORE, "response_type": "code"})
    answer = core.browser("reader").authorize(asked(request=text))
    assert answer["code"]
    assert answer["state"] == "inside"


@module("oidcc-ensure-request-object-with-redirect-uri")
@pytest.mark.parametrize("beside", [REDIRECT, None, "https://unregistered.example/cb"])
def test_the_redirect_uri_in_the_object_counts(core: Site, beside: str | None) -> None:
    text = unsigned({"redirect_uri": REDIRECT, "iss": CORE, "aud": core.url})
    assert core.browser("reader").authorize(asked(request=text, redirect_uri=beside))["code"]


@line(2)
@line(3)
def test_an_unregistered_address_in_the_object_ends_on_a_page(core: Site) -> None:
    text = unsigned({"redirect_uri": "https://evil.example/cb"})
    answer = core.browser("reader").http.get("/authorize", params=asked(request=text))
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "outside"),
    [
        ({"response_type": "token"}, {}),
        ({"client_id": "web"}, {}),
        ({"iss": "web"}, {}),
        ({"aud": "https://other.example"}, {}),
        ({"exp": 1}, {}),
        ({"nbf": 2**40}, {}),
        ({"request": "x"}, {}),
        ({}, {"response_type": None}),
    ],
)
def test_an_object_that_contradicts_is_refused(
    core: Site, changes: dict[str, Any], outside: dict[str, str | None]
) -> None:
    answer = core.browser("reader").authorize(asked(request=unsigned(changes), **outside))
    assert answer["error"] == "invalid_request_object"
    assert answer["state"] == "the state"


@line(18)
def test_none_is_refused_where_an_algorithm_is_registered(site: Site) -> None:
    add_bank(site.world, "core-es", profile=COMPATIBLE, request_object_signing_alg="ES256")
    add_bank(site.world, "core-signs", profile=COMPATIBLE, require_signed_request_object=True)
    add_bank(site.world, "core-none", profile=COMPATIBLE, request_object_signing_alg="none")
    for client_id, works in (("core-es", False), ("core-signs", False), ("core-none", True)):
        answer = site.browser("reader").authorize(asked(client_id, request=unsigned({})))
        assert answer.get("error") == (None if works else "invalid_request_object")
    text = request_object(site.world, "core-none")
    answer = site.browser("reader").authorize(asked("core-none", request=text))
    assert answer["error"] == "invalid_request_object"


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_signed_object_of_a_compatible_app(core: Site, alg: str) -> None:
    text = request_object(core.world, CORE, alg=alg, state="inside", exp=None, nbf=None)
    assert core.browser("reader").authorize(asked(request=text))["state"] == "inside"
    forged = core.browser("reader").authorize(asked(request=text[:-6] + "AAAAAA"))
    assert forged["error"] == "invalid_request_object"


def test_an_unsigned_object_has_no_signature(core: Site) -> None:
    answer = core.browser("reader").authorize(asked(request=unsigned({}, "AAAA")))
    assert answer["error"] == "invalid_request_object"


def test_a_posted_request_may_hold_an_object(core: Site) -> None:
    browser = core.browser("reader")
    form = asked(request=unsigned({"state": "inside"}))
    assert browser.walk(browser.http.post("/authorize", data=form))["state"] == "inside"


def test_request_and_request_uri_exclude_each_other(core: Site) -> None:
    both = asked(request=unsigned({}), request_uri="https://app.example/request")
    assert core.browser("reader").authorize(both)["error"] == "invalid_request"


@line(12)
def test_a_repeated_object_is_refused(core: Site) -> None:
    browser, text = core.browser("reader"), unsigned({})
    answer = browser.http.get(f"/authorize?{query(asked(request=text))}&request={text}")
    assert told(answer.headers["location"])["error"] == "invalid_request"


def test_an_error_about_an_object_may_be_posted(core: Site) -> None:
    request = asked(request=unsigned({"exp": 1}), response_mode="form_post")
    page = core.browser("reader").http.get("/authorize", params=request)
    assert page.status_code == 200
    assert "invalid_request_object" in page.text


def test_a_pushed_object_of_a_compatible_app_stands_alone(core: Site) -> None:
    text = unsigned({**asked(), "state": "inside"})
    answer = push_object(core, text, CORE, state="outside", nonce="outside")
    assert core.browser("reader").authorize(link(answer, CORE))["state"] == "inside"
    beside = asked(None)
    assert push_object(core, unsigned({}), CORE, **beside).status_code == 400


def test_an_app_without_keys_cannot_sign(site: Site) -> None:
    text = request_object(site.world, "web", key=EC)
    assert site.browser().authorize(request_of(request=text))["error"] == "invalid_request_object"


# By reference: OpenID Connect Core §6.2.


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    with serving_documents(tmp_path_factory.mktemp("documents")) as served:
        yield served


def add_reader(site: Site, documents: Documents, *paths: str) -> str:
    """An app that registered these addresses of its documents."""
    client_id = f"reader{len(documents.held)}{site.world.clock.now}"
    uris = tuple(path if path.startswith("https:") else documents.url + path for path in paths)
    add_bank(site.world, client_id, profile=COMPATIBLE, request_uris=uris)
    return client_id


@pytest.mark.parametrize(
    "signs",
    [
        pytest.param(
            False,
            marks=[
                module("oidcc-request-uri-unsigned"),
                module("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported"),
            ],
        ),
        pytest.param(True, marks=module("oidcc-request-uri-signed-rs256")),
    ],
)
def test_a_request_object_is_read_from_a_registered_address(
    site: Site, documents: Documents, signs: bool
) -> None:
    client_id = add_reader(site, documents, "/request.jwt")
    text = unsigned({"state": "there"})
    if signs:
        text = request_object(site.world, client_id, alg="RS256", state="there")
    uri = documents.put("/request.jwt", text)
    answer = site.browser("reader").authorize(asked(client_id, request_uri=uri))
    assert answer["code"]
    assert answer["state"] == "there"


def test_the_hash_in_a_request_uri_is_held_to(site: Site, documents: Documents) -> None:
    client_id, text = add_reader(site, documents, "/hashed.jwt"), unsigned({"state": "there"})
    uri = documents.put("/hashed.jwt", text)
    digest = base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
    browser = site.browser("reader")
    assert browser.authorize(asked(client_id, request_uri=f"{uri}#{digest}"))["code"]
    documents.put("/hashed.jwt", unsigned({"state": "changed"}))
    told_app = browser.authorize(asked(client_id, request_uri=f"{uri}#{digest}"))
    assert told_app["error"] == "invalid_request_uri"


def test_an_address_registered_with_its_hash_is_good_for_that_alone(
    site: Site, documents: Documents
) -> None:
    text = unsigned({"state": "there"})
    digest = base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
    uri = documents.put("/fixed.jwt", text)
    client_id, browser = add_reader(site, documents, f"/fixed.jwt#{digest}"), site.browser("reader")
    assert browser.authorize(asked(client_id, request_uri=f"{uri}#{digest}"))["code"]
    for other in (uri, f"{uri}#other"):
        told_app = browser.authorize(asked(client_id, request_uri=other))
        assert told_app["error"] == "invalid_request_uri"


@line(19)
def test_no_other_address_is_read(site: Site, documents: Documents) -> None:
    client_id = add_reader(site, documents, "/request.jwt")
    documents.put("/other.jwt", unsigned({}))
    documents.asked.clear()
    uri = documents.url + "/request.jwt"
    for other in (
        documents.url + "/other.jwt", uri + "?x", uri + "/", uri.replace("https", "http"),
        uri.replace("127.0.0.1", "localhost"), "file:///etc/passwd", "https://", "x",
        "urn:ietf:params:oauth:request_uris:x",
    ):  # fmt: skip
        told_app = site.browser("reader").authorize(asked(client_id, request_uri=other))
        assert told_app["error"] == "invalid_request_uri"
    assert documents.asked == []


@line(19)
@pytest.mark.parametrize(
    ("path", "content"),
    [("/missing.jwt", None), ("/big.jwt", b"x" * (64 * 1024 + 1)), ("/strange.jwt", b"\xff")],
)
def test_a_document_that_cannot_be_read(
    site: Site, documents: Documents, path: str, content: bytes | None
) -> None:
    client_id = add_reader(site, documents, path)
    if content is not None:
        documents.put(path, content)
    uri = documents.url + path
    told_app = site.browser("reader").authorize(asked(client_id, request_uri=uri))
    assert told_app["error"] == "invalid_request_uri"


@line(19)
def test_no_redirect_is_followed_and_no_private_address_asked(
    site: Site, documents: Documents
) -> None:
    documents.put("/end.jwt", unsigned({}))
    documents.moved["/moved.jwt"] = documents.url + "/end.jwt"
    private = ("https://10.0.0.1/x", "https://169.254.169.254/x", "https://[fd00::1]/x")
    client_id = add_reader(site, documents, "/moved.jwt", *private)
    documents.asked.clear()
    for uri in (documents.url + "/moved.jwt", *private):
        told_app = site.browser("reader").authorize(asked(client_id, request_uri=uri))
        assert told_app["error"] == "invalid_request_uri"
    assert documents.asked == ["/moved.jwt"]


@line(3)
def test_no_error_is_sent_to_an_address_that_is_not_registered(core: Site) -> None:
    for address in ("https://evil.example/cb", None):
        bad = asked(redirect_uri=address, request=unsigned({"exp": 1}))
        answer = core.browser("reader").http.get("/authorize", params=bad)
        assert answer.status_code == 400
        assert "location" not in answer.headers


# The rules alone.


def test_keys_are_looked_for_only_when_they_are_needed(world: World) -> None:
    add_bank(world, CORE, profile=COMPATIBLE)
    with world.working() as work:
        client = work.store.clients.find(CORE)
    assert client is not None

    def never(_: object) -> Any:
        raise AssertionError

    beside = read_parameters(query(asked()))
    expected = Expected(client, never, world.realm.issuer, str)
    resolved = resolve(unsigned({"resource": ["a:b", "c:d"]}), beside, expected, world.clock.now)
    assert not resolved.signed
    assert read_parameters(resolved.query).resources == ("a:b", "c:d")
    with pytest.raises(AssertionError):
        resolve(request_object(world, CORE, key=ED, alg="EdDSA"), beside, expected, 0)
    with pytest.raises(BadRequestObject):
        resolve(unsigned({"state": "\ud800"}), beside, expected, world.clock.now)


def test_the_proof_key_may_stand_inside(site: Site) -> None:
    add_bank(site.world, "inside", profile=STANDARD)
    text = request_object(site.world, "inside", code_challenge=challenge_of("w" * 43))
    answer = site.browser().authorize({"client_id": "inside", "request": text})
    assert answer["code"]
