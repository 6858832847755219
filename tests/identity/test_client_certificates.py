"""Apps that prove themselves, and hold their tokens, by the certificate of their connection."""

import base64
import datetime
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from identity.apps.clients import CERTIFIED, FAPI2, SELF_CERTIFIED, SERVICE
from identity.apps.options import Options
from identity.discovery import describe
from identity.errors import BadCertificate, BadClient
from identity.operating.registry import NewClient, add_client
from identity.proofs.client_certificates import check_issued, read_roots, thumbprint_of
from service.web.proxies import read_certificate
from tests.identity.certificates import ROOT, START, Holding, issue
from tests.identity.conftest import Site
from tests.identity.holding import Holder, claims_of
from tests.identity.signing import add_signer, assertion, proving
from tests.identity.world import COMPANY_CODE, World, make_app
from tests.running_loops import run_alone

line, module = pytest.mark.line, pytest.mark.module
NAME = "CN=bank.example, O=演示银行, C=CN"
OWN = {"grant_type": "client_credentials"}
GOOD = issue(issuer=ROOT)
SELF = issue()


@pytest.fixture
def bank(site: Site) -> Site:
    """A site with banks: one that an authority vouches for, one with a certificate of its own."""
    add(site.world, "certified", auth_method=CERTIFIED, jwks="", names=NAME)
    add(site.world, "self-certified", auth_method=SELF_CERTIFIED, jwks=SELF.key_set())
    return site


def add(world: World, client_id: str, names: str = "", **changes: Any) -> None:
    options = Options(tls_client_auth_subject_dn=names)
    add_signer(world, client_id, **({"profile": FAPI2, "options": options} | changes))


def ask(site: Site, client_id: str, shown: Holding | None, **headers: str) -> httpx.Response:
    certificate = shown.headers() if shown else {}
    form = {**OWN, "client_id": client_id}
    return site.browser().http.post("/token", data=form, headers={**certificate, **headers})


@line(23)
@pytest.mark.parametrize(("client_id", "shown"), [("certified", GOOD), ("self-certified", SELF)])
def test_a_certificate_proves_an_app_and_binds_its_token(
    bank: Site, client_id: str, shown: Holding
) -> None:
    answer = ask(bank, client_id, shown)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    bound = {"x5t#S256": thumbprint_of(shown.pem)}
    assert claims_of(tokens["access_token"])["cnf"] == bound
    http = bank.browser().http
    form = {"token": tokens["access_token"], "client_id": client_id}
    told = http.post("/introspect", data=form, headers=shown.headers()).json()
    assert told["cnf"] == bound
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert http.get("/userinfo", headers={**bearer, **shown.headers()}).status_code == 403
    for headers in (bearer, {**bearer, **issue().headers()}):
        refused = http.get("/userinfo", headers=headers)
        assert refused.status_code == 401
        assert 'Bearer realm="haihe", error="invalid_token"' in refused.headers["www-authenticate"]
    assert Holder(bank).call("/userinfo", tokens["access_token"]).status_code == 401
    as_proof = {"Authorization": f"DPoP {tokens['access_token']}", **shown.headers()}
    assert http.get("/userinfo", headers=as_proof).status_code == 401


@line(23)
@pytest.mark.parametrize(
    "shown",
    [
        None,
        issue(),
        issue("CN=other.example", ROOT),
        issue("CN=bank.example,O=演示银行", ROOT),
        issue(issuer=issue("CN=演示根", authority=True)),
        issue(issuer=ROOT, usages=[ExtendedKeyUsageOID.SERVER_AUTH]),
        issue(issuer=ROOT, end=START + datetime.timedelta(days=30)),
        issue(issuer=ROOT, start=START + datetime.timedelta(days=20000)),
        issue(issuer=GOOD),
    ],
    ids=["none", "self", "name", "shorter", "root", "server", "over", "early", "leaf"],
)
def test_a_certificate_that_is_wrong_in_one_thing_is_refused(
    bank: Site, shown: Holding | None
) -> None:
    answer = ask(bank, "certified", shown)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert ask(bank, "self-certified", shown).status_code == 401


def test_a_certificate_for_clients_is_one_for_clients(bank: Site) -> None:
    shown = issue(issuer=ROOT, usages=[ExtendedKeyUsageOID.CLIENT_AUTH])
    assert ask(bank, "certified", shown).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "alternative"),
    [
        ("dns", "bank.example", x509.DNSName("bank.example")),
        ("uri", "https://bank.example", x509.UniformResourceIdentifier("https://bank.example")),
        ("email", "it@bank.example", x509.RFC822Name("it@bank.example")),
    ],
)
def test_an_app_may_be_named_in_another_way(
    site: Site, name: str, value: str, alternative: x509.GeneralName
) -> None:
    options = Options(**{f"tls_client_auth_san_{name}": value})
    add(site.world, f"by {name}".replace(" ", "-"), auth_method=CERTIFIED, jwks="", options=options)
    shown = issue(issuer=ROOT, alternatives=[alternative])
    assert ask(site, f"by-{name}", shown).status_code == 200
    assert ask(site, f"by-{name}", GOOD).status_code == 401


@line(23)
def test_a_certificate_from_anybody_but_a_proxy_of_ours_is_not_seen(bank: Site) -> None:
    app = make_app(bank.world)
    form = {**OWN, "client_id": "certified"}
    forged = {**GOOD.headers(), "X-Forwarded-For": "127.0.0.1"}

    async def status_from(address: str, headers: dict[str, str]) -> int:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=bank.url) as outside:
            return (await outside.post("/token", data=form, headers=headers)).status_code

    for address, status in (("127.0.0.1", 200), ("203.0.113.7", 401), ("unix", 401)):
        for headers in (GOOD.headers(), forged):
            assert run_alone(status_from(address, headers)) == status


@line(23)
def test_two_certificates_are_none(bank: Site) -> None:
    headers = [*GOOD.headers().items(), *GOOD.headers().items()]
    form = {**OWN, "client_id": "certified"}
    assert bank.browser().http.post("/token", data=form, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "written",
    [
        quote(GOOD.pem),
        quote(GOOD.pem, safe=""),
        GOOD.pem.replace("\n", " "),
        GOOD.pem.replace("\n", "\t"),
        f":{base64.b64encode(GOOD.der).decode()}:",
        base64.b64encode(GOOD.der).decode(),
    ],
)
def test_certificates_are_read_as_proxies_write_them(written: str) -> None:
    assert thumbprint_of(read_certificate(written.encode())) == thumbprint_of(GOOD.pem)


@pytest.mark.parametrize("written", ["", "-", "(null)", "%00", "a" * 20_000, "é", "::"])
def test_what_is_no_certificate_is_none(bank: Site, written: str) -> None:
    assert read_certificate(written.encode("latin-1")) in {"", None} or written == "-"
    headers = {"X-Client-Cert": written.encode("latin-1")}
    form = {**OWN, "client_id": "certified"}
    assert bank.browser().http.post("/token", data=form, headers=headers).status_code == 401


def test_bytes_that_are_no_certificate_prove_nothing(bank: Site) -> None:
    headers = {"X-Client-Cert": base64.b64encode(b"no certificate").decode()}
    for client_id in ("certified", "self-certified"):
        form = {**OWN, "client_id": client_id}
        answer = bank.browser().http.post("/token", data=form, headers=headers)
        assert answer.json()["error"] == "invalid_client"


@line(22)
def test_an_app_with_a_certificate_has_no_other_proof(bank: Site) -> None:
    form = {**OWN, **proving(assertion(bank.world, "self-certified"))}
    headers = SELF.headers()
    answer = bank.browser().http.post("/token", data=form, headers=headers)
    assert answer.json()["error"] == "invalid_client"
    form = {**OWN, "client_id": "certified", "client_secret": "x"}
    answer = bank.browser().http.post("/token", data=form, headers=GOOD.headers())
    assert answer.json()["error"] == "invalid_client"


@module("fapi2-security-profile-final-ensure-holder-of-key-required")
def test_an_app_that_binds_to_its_certificate_must_show_it(site: Site) -> None:
    bound = Options(tls_client_certificate_bound_access_tokens=True)
    add_signer(site.world, "binding-certificate", kind=SERVICE, options=bound)

    def once(headers: dict[str, str]) -> httpx.Response:
        form = {**OWN, **proving(assertion(site.world, "binding-certificate"))}
        return site.browser().http.post("/token", data=form, headers=headers)

    assert once({}).json()["error"] == "invalid_request"
    token = once(GOOD.headers()).json()["access_token"]
    assert claims_of(token)["cnf"] == {"x5t#S256": thumbprint_of(GOOD.pem)}


def test_a_certificate_alone_binds_nothing(site: Site) -> None:
    add_signer(site.world, "plain", kind=SERVICE)
    form = {**OWN, **proving(assertion(site.world, "plain"))}
    tokens = site.browser().http.post("/token", data=form, headers=GOOD.headers()).json()
    assert "cnf" not in claims_of(tokens["access_token"])


def test_discovery_says_what_works_here(site: Site) -> None:
    told = site.browser().http.get("/.well-known/openid-configuration").json()
    methods = told["token_endpoint_auth_methods_supported"]
    assert {CERTIFIED, SELF_CERTIFIED} <= set(methods)
    assert told["tls_client_certificate_bound_access_tokens"] is True
    bare = describe(site.url)
    assert not {CERTIFIED, SELF_CERTIFIED} & set(bare["token_endpoint_auth_methods_supported"])
    assert bare["tls_client_certificate_bound_access_tokens"] is False


@pytest.mark.parametrize(
    ("method", "jwks", "options"),
    [
        (CERTIFIED, "", {}),
        (CERTIFIED, "", {"subject_dn": "no name at all"}),
        (CERTIFIED, "", {"subject_dn": "CN=a", "san_dns": "a.example"}),
        (SELF_CERTIFIED, "", {}),
        ("client_secret_basic", "", {"subject_dn": "no name at all"}),
    ],
)
def test_an_app_registers_exactly_what_its_certificate_is_known_by(
    world: World, method: str, jwks: str, options: dict[str, str]
) -> None:
    chosen = Options(**{f"tls_client_auth_{name}": value for name, value in options.items()})
    new = NewClient(
        "badly-certified", "演示·银行", COMPANY_CODE, SERVICE, frozenset({"licence.verify"}),
        auth_method=method, jwks=jwks, options=chosen,
    )  # fmt: skip
    with world.working() as work, pytest.raises(BadClient):
        add_client(work, new)


def test_only_authorities_may_vouch() -> None:
    assert read_roots(ROOT.pem.encode()) == (ROOT.certificate,)
    for pem in (GOOD.pem, "nothing"):
        with pytest.raises(ValueError, match=r"authority|PEM"):
            read_roots(pem.encode())


def test_an_authority_that_is_over_vouches_for_nobody() -> None:
    root = issue("CN=演示根", authority=True, end=START + datetime.timedelta(days=30))
    options = Options(tls_client_auth_subject_dn=NAME)
    roots, pem = (root.certificate,), issue(issuer=root).pem
    day = int(START.timestamp()) + 29 * 86400
    check_issued(pem, roots, options, day)
    with pytest.raises(BadCertificate, match="no authority"):
        check_issued(pem, roots, options, day + 2 * 86400)


def test_a_key_set_with_strange_certificates_is_passed_over(site: Site) -> None:
    strange = json.dumps({"keys": [{"x5c": []}, {"x5c": 7}, {"x5c": [7]}]})
    add(site.world, "strange", auth_method=SELF_CERTIFIED, jwks="", jwks_uri="https://x.example/")
    with site.world.working() as work:
        found = work.store.clients.find("strange")
        assert found is not None
        vars(found)["jwks"], vars(found)["jwks_uri"] = strange, ""
        work.store.clients.replace(found)
    assert ask(site, "strange", SELF).status_code == 401
