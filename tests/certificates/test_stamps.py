"""Time-stamps: our authority as OpenSSL sees it, tokens of ours and of others, stamped papers."""

import io
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certificates.catalogue import find_type
from certificates.errors import FormatRejected, KeyUnreadable, SignatureRejected
from certificates.faces import Faces, open_pdf
from certificates.judging import check_presented
from certificates.papers.der import OID, SEQUENCE, integer, oid, tlv
from certificates.papers.drawing import open_drawer
from certificates.papers.sealing import Update, seal
from certificates.signing import DEPARTMENT_LASTS, Signer, open_root, open_stamper
from certificates.stamps.authority import answer
from certificates.stamps.tokens import (
    SHA256_ALGORITHM,
    AlgorithmUnknown,
    imprint_of,
    read,
    read_imprint,
    verify,
    write,
)
from tests.certificates.world import MARKET, NOW, REQUEST, City, department, failures, keys
from tests.tools_found import missing

IMPRINT = imprint_of(b"what was signed")


@pytest.fixture(scope="module")
def stamper() -> Signer:
    root, folder = keys()
    return open_stamper(root, folder, "天津市", NOW)


@pytest.fixture
def token(stamper: Signer) -> bytes:
    return write(IMPRINT, stamper, 7, NOW)


def roots() -> tuple[bytes, ...]:
    return (keys()[0].der,)


# The authority


def openssl(*arguments: object, into: bytes = b"") -> str:
    if not shutil.which("openssl"):
        missing("openssl", "apt-get install openssl")
    done = subprocess.run(["openssl", *map(str, arguments)], input=into, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize("hashed", ["-sha256", "-sha384", "-sha512"])
@pytest.mark.parametrize("more", [["-cert"], ["-cert", "-no_nonce"]])
def test_openssl_verifies_what_our_authority_answers(
    stamper: Signer, tmp_path: Path, hashed: str, more: list[str]
) -> None:
    data, query, reply, root = (tmp_path / name for name in ("data", "query", "reply", "root"))
    data.write_bytes(b"what was signed")
    root.write_bytes(keys()[0].certificate.public_bytes(Encoding.PEM))
    openssl("ts", "-query", "-data", data, hashed, *more, "-out", query)
    reply.write_bytes(answer(query.read_bytes(), stamper, 7, NOW))
    said = openssl(
        "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", root, "-attime", NOW
    )
    assert "Verification: OK" in said


def test_the_certificate_is_left_out_unless_asked_for(stamper: Signer, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"x")
    openssl("ts", "-query", "-data", tmp_path / "data", "-sha256", "-out", tmp_path / "query")
    reply = answer((tmp_path / "query").read_bytes(), stamper, 7, NOW)
    assert stamper.der not in reply


def request(*others: bytes, algorithm: bytes = SHA256_ALGORITHM, length: int = 32) -> bytes:
    imprint = tlv(SEQUENCE, algorithm, tlv(4, bytes(length)))
    return tlv(SEQUENCE, integer(1), imprint, *others)


SHA1 = tlv(SEQUENCE, oid("1.3.14.3.2.26"))


@pytest.mark.parametrize(
    ("asked", "failure"),
    [
        (b"", "03020204"),
        (b"\x30\x80", "03020204"),
        (bytes(5000), "03020204"),
        (request(length=31), "03020204"),
        (request(tlv(0xA0, b"")), "03020204"),
        (request(integer(1), oid("1.2.3")), "03020204"),
        (request(algorithm=SHA1, length=20), "03020780"),
        (request(oid("1.2.3")), "0303000001"),
    ],
)
def test_what_cannot_be_stamped_is_refused_in_form(
    stamper: Signer, asked: bytes, failure: str
) -> None:
    wanted = tlv(SEQUENCE, tlv(SEQUENCE, integer(2), bytes.fromhex(failure)))
    assert answer(asked, stamper, 7, NOW) == wanted


def test_no_garbage_is_a_fault(stamper: Signer) -> None:
    chosen = random.Random(5)
    good = request(integer(99), tlv(1, b"\xff"))
    assert stamper.der in answer(good, stamper, 7, NOW)
    for _ in range(500):
        touched = bytearray(good)
        touched[chosen.randrange(len(good))] = chosen.randrange(256)
        assert answer(bytes(touched), stamper, 7, NOW)


# Tokens


def test_a_token_says_what_when_and_who(token: bytes) -> None:
    stamp = verify(token, IMPRINT, roots())
    assert stamp
    assert stamp.at == NOW
    assert "time-stamps" in stamp.authority


def test_a_token_over_something_else_is_refused(token: bytes) -> None:
    with pytest.raises(FormatRejected):
        verify(token, imprint_of(b"something else"), roots())


def test_every_flipped_byte_of_our_token_is_refused(token: bytes) -> None:
    for place in range(len(token)):
        touched = bytearray(token)
        touched[place] ^= 1
        try:
            assert verify(bytes(touched), IMPRINT, roots()) is None, place
        except (FormatRejected, SignatureRejected):
            continue


def test_an_authority_of_elsewhere_proves_nothing_here(tmp_path: Path) -> None:
    elsewhere = open_stamper(open_root(tmp_path, "别处", NOW), tmp_path, "别处", NOW)
    token = write(IMPRINT, elsewhere, 7, NOW)
    assert verify(token, IMPRINT, roots()) is None
    other = open_root(tmp_path, "别处", NOW).der
    assert verify(token, IMPRINT, (*roots(), other))


def test_a_department_cannot_stamp() -> None:
    with pytest.raises(SignatureRejected):
        verify(write(IMPRINT, department(MARKET), 7, NOW), IMPRINT, roots())


@pytest.mark.parametrize(
    ("later", "good"), [(DEPARTMENT_LASTS, True), (DEPARTMENT_LASTS + 1, False)]
)
def test_a_stamp_counts_while_its_authority_lasts(stamper: Signer, later: int, good: bool) -> None:
    found = verify(write(IMPRINT, stamper, 7, NOW + later), IMPRINT, roots())
    assert (found is not None) == good


def test_a_key_under_another_root_is_refused_at_the_start(tmp_path: Path) -> None:
    open_stamper(open_root(tmp_path, "甲", NOW), tmp_path, "甲", NOW)
    (tmp_path / "root.pem").unlink()
    with pytest.raises(KeyUnreadable):
        open_stamper(open_root(tmp_path, "乙", NOW), tmp_path, "乙", NOW)


def test_the_token_of_openssl_is_read_as_well(tmp_path: Path, stamper: Signer) -> None:
    """Another authority: RSA, another policy, accuracy, attributes in another order."""
    root, tsa = make_openssl_authority(tmp_path)
    (tmp_path / "data").write_bytes(b"what was signed")
    openssl("ts", "-query", "-data", tmp_path / "data", "-sha256", "-cert", "-out", tmp_path / "q")
    openssl(
        "ts", "-reply", "-queryfile", tmp_path / "q", "-inkey", tsa.with_suffix(".key"),
        "-signer", tsa, "-config", tmp_path / "conf", "-section", "tsa", "-token_out",
        "-out", tmp_path / "token",
    )  # fmt: skip
    der = openssl_der(root)
    stamp = verify((tmp_path / "token").read_bytes(), IMPRINT, (*roots(), der))
    assert stamp
    assert "Elsewhere" in stamp.authority
    assert verify((tmp_path / "token").read_bytes(), IMPRINT, roots()) is None


def openssl_der(pem: Path) -> bytes:
    from cryptography import x509

    return x509.load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER)


def make_openssl_authority(folder: Path) -> tuple[Path, Path]:
    (folder / "serial").write_text("01")
    (folder / "conf").write_text(
        f"[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:true\n"
        f"keyUsage=critical,keyCertSign\n[ts]\nextendedKeyUsage=critical,timeStamping\n"
        f"[tsa]\nserial={folder / 'serial'}\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        f"accuracy=secs:1\nsigner_digest=sha512\ness_cert_id_alg=sha256\n"
    )
    root, tsa = folder / "root.pem", folder / "tsa.pem"
    common = ("-config", folder / "conf", "-nodes", "-newkey", "rsa:2048", "-days", "30000")
    openssl(
        "req", "-x509", *common, "-subj", "/CN=Elsewhere root", "-extensions", "ca",
        "-keyout", root.with_suffix(".key"), "-out", root,
    )  # fmt: skip
    openssl(
        "req", "-x509", *common, "-subj", "/CN=Elsewhere stamps", "-extensions", "ts",
        "-CA", root, "-CAkey", root.with_suffix(".key"),
        "-keyout", tsa.with_suffix(".key"), "-out", tsa,
    )  # fmt: skip
    return root, tsa


def test_sha_1_is_no_imprint() -> None:
    with pytest.raises(AlgorithmUnknown):
        read_imprint(SHA1 + tlv(4, bytes(20)))
    assert OID == 6


def test_garbage_is_no_token() -> None:
    for data in (b"", b"\x30\x00", os.urandom(200), bytes(20_000)):
        with pytest.raises(FormatRejected):
            read(data)


# Papers


@pytest.fixture
def stamped(city: City, stamper: Signer) -> Callable[[int], bytes]:
    drawer = open_drawer()
    if not drawer.families:
        missing("a Chinese font", "apt-get install fonts-wqy-microhei")
    licence = city.issue(replace(REQUEST, valid_to=NOW + 2 * DEPARTMENT_LASTS)).licence
    drawn = drawer(licence, find_type(REQUEST.type), "HAIHE1:TEST.")

    def make(at: int) -> bytes:
        def stamp(data: bytes) -> bytes:
            return write(imprint_of(data), stamper, 7, at)

        update = Update(licence.sd_jwt, NOW, licence.issuer_name)
        return seal(drawn, update, department(MARKET), stamp)

    return make


def test_pyhanko_trusts_the_time_stamp_of_a_paper(stamped: Callable[[int], bytes]) -> None:
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(keys()[0].der)],
        allow_fetching=False,
        moment=datetime.fromtimestamp(NOW, UTC),
    )
    reader = PdfFileReader(io.BytesIO(stamped(NOW)))
    status = validate_pdf_signature(reader.embedded_signatures[0], context)
    assert status.bottom_line
    assert status.timestamp_validity
    assert status.timestamp_validity.valid
    assert status.timestamp_validity.timestamp == datetime.fromtimestamp(NOW, UTC)


def test_a_stamped_paper_counts_after_its_certificate_is_over(
    city: City, stamped: Callable[[int], bytes]
) -> None:
    later = NOW + DEPARTMENT_LASTS + 1
    assert city.verify(pdf=stamped(NOW)).passed
    assert failures(city.verify(later, pdf=stamped(NOW))) == {}
    just = NOW + DEPARTMENT_LASTS  # its own certificate lasts as long
    assert city.verify(later, pdf=stamped(just)).passed
    assert failures(city.verify(later, pdf=stamped(later))) == {
        "signature": "stamp",
        "chain": "expired",
    }


def test_a_stamp_from_later_than_now_proves_nothing(
    city: City, stamped: Callable[[int], bytes]
) -> None:
    before = NOW - DEPARTMENT_LASTS  # nobody had a certificate then
    assert failures(city.verify(before, pdf=stamped(NOW)))["chain"] == "expired"


def token_of(pdf: bytes) -> bytes:
    paper = open_pdf(pdf).paper
    assert paper
    return paper.seal.token


def test_a_stamp_over_another_signature_is_named(
    city: City, stamped: Callable[[int], bytes]
) -> None:
    one = stamped(NOW)
    token = token_of(one)
    others = (token_of(stamped(NOW)) for _ in range(100))
    foreign = next(each for each in others if len(each) == len(token))
    mixed = one.replace(token.hex().encode(), foreign.hex().encode())
    assert failures(city.verify(pdf=mixed)) == {"signature": "stamp"}
    outcomes = check_presented(Faces((open_pdf(mixed),)), keys()[0].der, NOW)
    assert outcomes["signature"] == "stamp"


def test_flipped_bytes_of_the_signature_and_its_stamp_are_refused(
    city: City, stamped: Callable[[int], bytes]
) -> None:
    paper = stamped(NOW)
    start = paper.index(b"/Contents<") + len(b"/Contents<")
    chosen = random.Random(os.urandom(4))
    for _ in range(300):
        place = start + chosen.randrange(6000)
        touched = bytearray(paper)
        touched[place] ^= 1
        assert set(failures(city.verify(pdf=bytes(touched)))) & {"signature", "chain"}, place


def test_a_stamp_of_an_authority_of_elsewhere_is_named(
    city: City, stamped: Callable[[int], bytes], tmp_path: Path
) -> None:
    paper = open_pdf(stamped(NOW)).paper
    assert paper
    elsewhere = open_stamper(open_root(tmp_path, "天津市", NOW), tmp_path, "天津市", NOW)
    drawn = stamped(NOW)[: stamped(NOW).index(b"%%EOF\n") + 6]

    def stamp(data: bytes) -> bytes:
        return write(imprint_of(data), elsewhere, 7, NOW)

    again = seal(drawn, paper.update, department(MARKET), stamp)
    assert failures(city.verify(pdf=again)) == {"signature": "stamp"}
