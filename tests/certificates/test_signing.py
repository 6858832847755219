"""Keys and chains: what is kept on disk, and every chain that must not be accepted."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certificates.chains import verify_chain, verify_links
from certificates.errors import (
    ChainExpired,
    ChainRejected,
    FormatRejected,
    IdentifierMalformed,
    KeyUnreadable,
)
from certificates.formats import sd_jwt
from certificates.formats.compact import sign_es256
from certificates.formats.credential import Credential
from certificates.signing import DEPARTMENT_LASTS, SKEW, open_department, open_root
from tests.certificates.world import (
    CIVIL,
    MARKET,
    NAMES,
    NOW,
    City,
    department,
    failures,
    keys,
)

ROOT = keys()[0]


@dataclass
class Made:
    """A certificate made for a test, and its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    above: tuple[bytes, ...] = ()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def chain(self) -> tuple[bytes, ...]:
        return (self.der, *self.above)

    def sign(self, message: bytes) -> bytes:
        return sign_es256(message, self.key)


def name(code: str) -> x509.Name:
    pairs = [(NameOID.ORGANIZATION_NAME, "部门"), (NameOID.SERIAL_NUMBER, code)]
    return x509.Name([x509.NameAttribute(*pair) for pair in pairs])


USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def make(
    issuer: object = ROOT,
    *,
    authority: bool = False,
    usage: str | None = None,
    ends: int = NOW + 1000,
    curve: ec.EllipticCurve | None = None,
    extra: bool = False,
    subject: x509.Name | None = None,
) -> Made:
    """Make a certificate, right unless told otherwise."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    signer = issuer.key  # type: ignore[attr-defined]
    parent = issuer.certificate.subject  # type: ignore[attr-defined]
    draft = (
        x509.CertificateBuilder()
        .subject_name(subject or name(MARKET))
        .issuer_name(parent)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(NOW, UTC))
        .not_valid_after(datetime.fromtimestamp(ends, UTC))
        .add_extension(x509.BasicConstraints(authority, 0 if authority else None), critical=True)
    )
    if usage != "none":
        wanted = usage or ("key_cert_sign" if authority else "digital_signature")
        flags = {flag: flag in wanted.split() for flag in USAGES}
        draft = draft.add_extension(x509.KeyUsage(**flags), critical=True)
    if extra:
        draft = draft.add_extension(x509.InhibitAnyPolicy(0), critical=True)
    above = () if issuer is ROOT else issuer.chain  # type: ignore[attr-defined]
    return Made(key, draft.sign(signer, SHA256()), above)


def test_the_folder_keeps_keys_for_their_owner_alone(tmp_path: Path) -> None:
    root = open_root(tmp_path / "keys", "天津市", NOW)
    open_department(root, tmp_path / "keys", MARKET, NAMES[MARKET], NOW)
    files = sorted(each for each in tmp_path.rglob("*") if each.is_file())
    assert [each.name for each in files] == [f"{MARKET}.pem", "root.pem"]
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    assert {each.parent.stat().st_mode & 0o777 for each in files} == {0o700}


def test_a_second_start_reads_the_same_keys(tmp_path: Path) -> None:
    first = open_root(tmp_path, "天津市", NOW)
    assert open_root(tmp_path, "天津市", NOW + 5).der == first.der
    one = open_department(first, tmp_path, MARKET, NAMES[MARKET], NOW)
    assert open_department(first, tmp_path, MARKET, NAMES[MARKET], NOW).der == one.der
    assert open_department(first, tmp_path, CIVIL, NAMES[CIVIL], NOW).der != one.der


def test_of_many_first_starts_one_makes_the_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def start(_: int) -> bytes:
        together.wait()
        return open_root(tmp_path, "天津市", NOW).der

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["root.pem"]


def test_a_leaf_names_its_department() -> None:
    leaf = verify_chain(department(MARKET).chain, ROOT.der, NOW)
    assert (leaf.code, leaf.name) == (MARKET, NAMES[MARKET])
    subject = department(MARKET).certificate.subject
    values = subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    assert [each.value for each in values] == [f"NTRCN-{MARKET}"]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----", b"\xff" * 100])
def test_a_broken_key_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root.pem").write_bytes(content)
    with pytest.raises(KeyUnreadable):
        open_root(tmp_path, "天津市", NOW)
    assert (tmp_path / "root.pem").read_bytes() == content


def test_a_key_with_another_certificate_is_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        open_root(tmp_path / folder, "天津市", NOW)
    a, b = ((tmp_path / each / "root.pem").read_bytes() for each in ("a", "b"))
    mark = b"-----BEGIN CERTIFICATE"
    (tmp_path / "a" / "root.pem").write_bytes(a.split(mark)[0] + mark + b.split(mark)[1])
    with pytest.raises(KeyUnreadable):
        open_root(tmp_path / "a", "天津市", NOW)


def test_a_department_under_another_root_or_of_another_code_is_refused(tmp_path: Path) -> None:
    root, other = (open_root(tmp_path / each, "天津市", NOW) for each in ("a", "b"))
    open_department(root, tmp_path, MARKET, NAMES[MARKET], NOW)
    with pytest.raises(KeyUnreadable):
        open_department(other, tmp_path, MARKET, NAMES[MARKET], NOW)
    folder = tmp_path / "departments"
    (folder / f"{MARKET}.pem").rename(folder / f"{CIVIL}.pem")
    with pytest.raises(KeyUnreadable):
        open_department(root, tmp_path, CIVIL, NAMES[CIVIL], NOW)


def test_a_code_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(IdentifierMalformed):
        open_department(ROOT, tmp_path, "../../outside00001", "x", NOW)


@pytest.mark.parametrize(
    ("at", "good"),
    [
        (NOW - SKEW - 1, False),
        (NOW - SKEW, True),
        (NOW + DEPARTMENT_LASTS, True),
        (NOW + DEPARTMENT_LASTS + 1, False),
    ],
)
def test_a_chain_is_valid_between_its_times(at: int, *, good: bool) -> None:
    chain = department(MARKET).chain
    if good:
        verify_chain(chain, ROOT.der, at)
    else:
        with pytest.raises(ChainExpired):
            verify_chain(chain, ROOT.der, at)


def test_a_right_certificate_and_a_right_intermediate_are_accepted() -> None:
    verify_chain(make().chain, ROOT.der, NOW)
    verify_chain(make(make(authority=True)).chain, ROOT.der, NOW)


WRONG = {
    "an intermediate that is no authority": lambda: make(make()),
    "an authority under one that allows none": lambda: make(
        make(make(authority=True), authority=True)
    ),
    "an intermediate with the usage of an authority alone": lambda: make(
        make(usage="key_cert_sign")
    ),
    "an authority that may not sign certificates": lambda: make(
        make(authority=True, usage="digital_signature")
    ),
    "an authority as leaf": lambda: make(authority=True, usage="digital_signature"),
    "a leaf that may not sign": lambda: make(usage="content_commitment"),
    "no key usage": lambda: make(usage="none"),
    "another curve": lambda: make(curve=ec.SECP384R1()),
    "a critical extension nobody understands": lambda: make(extra=True),
    "no department named": lambda: make(
        subject=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_chain_is_refused(wrong: str) -> None:
    with pytest.raises(ChainRejected):
        verify_chain(WRONG[wrong]().chain, ROOT.der, NOW)


def test_a_foreign_empty_broken_or_endless_chain_is_refused(tmp_path: Path) -> None:
    foreign = open_root(tmp_path, "天津市", NOW)
    stranger = open_department(foreign, tmp_path, MARKET, NAMES[MARKET], NOW)
    good = department(MARKET).der
    for chain in (stranger.chain, (stranger.der, foreign.der), (), (b"x",), (good,) * 4):
        with pytest.raises(ChainRejected):
            verify_chain(chain, ROOT.der, NOW)


def test_a_changed_byte_of_a_certificate_is_noticed() -> None:
    der = bytearray(department(MARKET).der)
    der[-1] ^= 1
    with pytest.raises(ChainRejected):
        verify_chain((bytes(der),), ROOT.der, NOW)


def test_a_chain_is_checked_once_but_its_time_always() -> None:
    made = make(ends=NOW + 10)
    verify_chain(made.chain, ROOT.der, NOW)
    misses = verify_links.cache_info().misses
    verify_chain(made.chain, ROOT.der, NOW + 10)
    assert verify_links.cache_info().misses == misses
    with pytest.raises(ChainExpired):
        verify_chain(made.chain, ROOT.der, NOW + 11)


# The same attacks, on a credential at the window


def _credential(city: City) -> Credential:
    return sd_jwt.read(city.issue().licence.sd_jwt).credential


def test_a_forgery_that_names_a_real_licence_tells_nothing_and_is_recorded(city: City) -> None:
    forged = sd_jwt.write(_credential(city), make(make()), os.urandom)
    verdict = city.verify(sd_jwt=forged)
    assert failures(verdict) == {"chain": "foreign"}
    assert verdict.licence is None
    assert city.records[verdict.record or ""].fields["failed_check"] == "chain"


def test_a_credential_whose_certificate_is_over_fails_chain(city: City) -> None:
    text = sd_jwt.write(_credential(city), make(ends=NOW + 5), os.urandom)
    assert failures(city.verify(NOW + 5, sd_jwt=text)) == {"agreement": "other-copy"}
    assert failures(city.verify(NOW + 6, sd_jwt=text)) == {
        "chain": "expired",
        "agreement": "other-copy",
    }


def test_another_department_cannot_sign_for_the_issuer(city: City) -> None:
    text = sd_jwt.write(_credential(city), department(CIVIL), os.urandom)
    assert failures(city.verify(sd_jwt=text)) == {
        "authority": "other-department",
        "agreement": "other-copy",
    }


def test_what_we_never_issued_is_unknown_however_well_signed(city: City) -> None:
    credential = _credential(city)
    unknown = Credential(**vars(credential) | {"identifier": "1.2.156.none"})
    verdict = city.verify(sd_jwt=sd_jwt.write(unknown, department(MARKET), os.urandom))
    assert failures(verdict) == {"recorded": "unknown"}
    assert (verdict.licence, verdict.record) == (None, None)


def test_every_tampering_of_a_credential_is_noticed(city: City) -> None:
    text = city.issue().licence.sd_jwt
    for position in range(0, len(text), 53):
        changed = "A" if text[position] != "A" else "B"
        try:
            verdict = city.verify(sd_jwt=text[:position] + changed + text[position + 1 :])
        except FormatRejected:
            pytest.fail("a broken credential is an answer, not an error")
        assert not verdict.passed
        assert failures(verdict).keys() <= {"form", "signature", "chain"}
        assert verdict.licence is None


def test_a_certificate_of_no_known_version_is_refused() -> None:
    root, _ = keys()
    der = department(MARKET).der
    version = der.index(bytes.fromhex("a003020102")) + 4
    odd = der[:version] + b"\x03" + der[version + 1 :]
    with pytest.raises(ChainRejected):
        verify_chain((odd,), root.der, NOW)
