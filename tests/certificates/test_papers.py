"""Licences on paper: drawn, signed, judged by others, and refused when touched."""

import io
import os
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certificates.catalogue import find_type
from certificates.chains import verify_chain
from certificates.errors import (
    CertificateError,
    ChainRejected,
    FormatRejected,
    GlyphMissing,
    PaperUnavailable,
    SignatureRejected,
)
from certificates.licences import Licence, faces_digest
from certificates.pages.pictures import read_qr
from certificates.papers import offline, reading, sealing
from certificates.papers.drawing import FAMILIES, Drawer, open_drawer
from certificates.signing import open_department, open_root
from tests.certificates.world import CIVIL, MARKET, NAMES, NOW, REQUEST, City, department, keys
from tests.tools_found import missing, poppler

KIND = find_type(REQUEST.type)
CODE = "HAIHE1:TEST."
RARE = ("㐀", "𠮷")


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    drawer = open_drawer()
    if not drawer.families:
        missing("a Chinese font", "apt-get install fonts-wqy-microhei")
    return drawer


@pytest.fixture
def licence(city: City) -> Licence:
    return city.issue().licence


@pytest.fixture
def update(licence: Licence) -> sealing.Update:
    return sealing.Update(licence.sd_jwt, licence.issued_at, licence.issuer_name)


@pytest.fixture
def drawn(drawer: Drawer, licence: Licence) -> bytes:
    return drawer(licence, KIND, CODE)


@pytest.fixture
def paper(drawn: bytes, update: sealing.Update) -> bytes:
    return sealing.seal(drawn, update, department(MARKET))


def accept(data: bytes) -> reading.Paper:
    """All that a verifier does with a file before it asks the register."""
    paper = reading.read(data)
    leaf = verify_chain(paper.seal.chain, keys()[0].der, NOW)
    reading.verify(paper, leaf.key)
    return paper


def reason(data: bytes) -> str:
    with pytest.raises(reading.PaperRejected) as refused:
        accept(data)
    return refused.value.reason


def test_the_very_sd_jwt_comes_back_out_of_the_paper(paper: bytes, update: sealing.Update) -> None:
    read = accept(paper)
    assert read.update == update
    assert read.printed[1] == faces_digest(update.sd_jwt).hex()


def test_the_digest_and_the_identifier_are_in_the_metadata(paper: bytes, licence: Licence) -> None:
    digest = sha256(licence.sd_jwt.partition("~")[0].encode()).hexdigest()
    assert f"<pdf:Keywords>{licence.identifier}, sha256:{digest}<".encode() in paper


def test_the_same_licence_is_drawn_the_same(drawer: Drawer, licence: Licence, drawn: bytes) -> None:
    assert drawer(licence, KIND, CODE) == drawn
    assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B<" in drawn


def test_pyhanko_judges_it_valid_under_the_root(paper: bytes, update: sealing.Update) -> None:
    reader = PdfFileReader(io.BytesIO(paper))
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(keys()[0].der)],
        allow_fetching=False,
        moment=datetime.fromtimestamp(NOW, UTC),
    )
    status = validate_pdf_signature(reader.embedded_signatures[0], context)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    files = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert files[1]["/EF"]["/F"].data.decode() == update.sd_jwt
    assert reader.root["/AF"][0]["/AFRelationship"] == "/Source"


def test_poppler_judges_it_valid_and_finds_the_attachment(paper: bytes, tmp_path: Path) -> None:
    file = tmp_path / "licence.pdf"
    file.write_bytes(paper)
    said = subprocess.run([poppler("pdfsig"), file], capture_output=True, text=True).stdout
    assert "Signature Validation: Signature is Valid." in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Total document signed" in said
    listed = subprocess.run(
        [poppler("pdfdetach"), "-list", file], capture_output=True, text=True
    ).stdout
    assert sealing.ATTACHMENT in listed


@pytest.mark.parametrize("character", RARE)
def test_a_character_that_no_font_has_is_refused_by_name(
    character: str, licence: Licence, drawer: Drawer
) -> None:
    few = open_drawer(families=[each for each in FAMILIES if not each.startswith("Hana")][2:])
    if not few.families:
        missing("fonts-wqy-microhei", "which lacks these characters")
    with pytest.raises(GlyphMissing) as refused:
        few(replace(licence, holder_name=f"王{character}"), KIND, CODE)
    assert character in refused.value.characters


@pytest.mark.parametrize("character", RARE)
def test_a_rare_character_is_drawn_where_a_font_has_it(
    character: str, licence: Licence, drawer: Drawer
) -> None:
    if "HanaMinB" not in drawer.families:
        missing("a font with rare characters", "apt-get install fonts-hanazono")
    usual = drawer(replace(licence, holder_name="王"), KIND, CODE)
    assert drawer(replace(licence, holder_name=f"王{character}"), KIND, CODE) != usual


def test_nothing_is_drawn_without_a_font(licence: Licence, tmp_path: Path) -> None:
    with pytest.raises(PaperUnavailable):
        open_drawer([tmp_path])(licence, KIND, CODE)


def test_what_a_name_says_is_never_read_as_a_template(drawer: Drawer, licence: Licence) -> None:
    odd = replace(licence, holder_name='#panic("x") $1$ *a* <b> \\ "', issuer_name=") >> endobj")
    update = sealing.Update(odd.sd_jwt, odd.issued_at, odd.issuer_name)
    sealed = sealing.seal(drawer(odd, KIND, CODE), update, department(MARKET))
    assert accept(sealed).update == update


@pytest.mark.parametrize(
    ("touch", "named"),
    [
        (lambda _: b"", "no-pdf"),
        (lambda _: b"hello", "no-pdf"),
        (lambda data: data + bytes(reading.LARGEST), "large"),
        (lambda data: data[:-1], "truncated"),
        (lambda data: data[: len(data) // 2], "truncated"),
        (lambda data: data + b"\n", "appended"),
        (lambda data: data + b"9 0 obj\n<<>>\nendobj\n%%EOF\n", "appended"),
        (
            lambda data: data.replace(b"/AFRelationship/Source", b"/AFRelationship/Sourse"),
            "altered",
        ),
        (lambda data: data.replace(b"/Contents<30", b"/Contents<3A"), "broken"),
    ],
)
def test_a_touched_file_is_named_as_what_it_is(
    touch: Callable[[bytes], bytes], named: str, paper: bytes
) -> None:
    assert reason(touch(paper)) == named


def test_a_pdf_without_signature_is_named(drawn: bytes) -> None:
    assert reason(drawn) == "unsigned"


def test_another_attachment_in_its_place_is_named(paper: bytes, licence: Licence) -> None:
    swapped = ("f" if licence.sd_jwt[0] != "f" else "e") + licence.sd_jwt[1:]
    assert reason(paper.replace(licence.sd_jwt.encode(), swapped.encode())) == "attachment"


def test_a_shadow_beside_the_update_is_refused_even_if_the_department_signed_it(
    drawn: bytes, update: sealing.Update
) -> None:
    prepared = sealing.prepare(drawn, update)
    shadow = replace(prepared, after=prepared.after.replace(b"xref", b"% shadow\nxref", 1))
    moved = len(shadow.after)
    before = shadow.before.replace(b" %d]" % len(prepared.after), b" %d]" % moved)
    shadow = replace(shadow, before=before)
    signature = sealing.cms.sign(shadow.digest, department(MARKET))
    assert reason(shadow.filled(signature)) == "foreign"


def test_a_stranger_who_signs_it_anew_is_not_of_this_city(
    drawn: bytes, update: sealing.Update, tmp_path: Path
) -> None:
    root = open_root(tmp_path, "天津市", NOW)
    stranger = open_department(root, tmp_path, MARKET, NAMES[MARKET], NOW)
    with pytest.raises(ChainRejected):
        accept(sealing.seal(drawn, update, stranger))


def test_the_signature_of_another_department_is_not_this_ones(
    paper: bytes, drawn: bytes, update: sealing.Update
) -> None:
    other = reading.read(sealing.seal(drawn, update, department(CIVIL)))
    with pytest.raises(SignatureRejected):
        reading.verify(other, department(MARKET).key.public_key())


def test_a_signature_is_no_longer_than_its_room() -> None:
    prepared = sealing.Prepared(b"", b"")
    prepared.filled(bytes(sealing.ROOM // 2))
    with pytest.raises(ValueError, match="room"):
        prepared.filled(bytes(sealing.ROOM // 2 + 1))


def test_what_our_renderer_did_not_write_is_not_signed(update: sealing.Update) -> None:
    with pytest.raises(FormatRejected):
        sealing.prepare(b"%PDF-1.7\nnothing\n%%EOF\n", update)


def test_a_thousand_flipped_bytes_are_all_refused(paper: bytes) -> None:
    seed = os.urandom(8).hex()
    chosen = random.Random(seed)
    for _ in range(1000):
        place, bit = chosen.randrange(len(paper)), 1 << chosen.randrange(8)
        touched = bytearray(paper)
        touched[place] ^= bit
        with pytest.raises(CertificateError):
            pytest.fail(f"byte {place} bit {bit}, seed {seed}: {accept(bytes(touched))!r}")


def test_what_is_checked_at_issue_is_what_drawing_refuses(drawer: Drawer) -> None:
    few = open_drawer(families=["WenQuanYi Micro Hei"])
    if not few.families:
        missing("fonts-wqy-microhei", "which lacks some characters")
    few.check("王芳 · 天津市 A-1")
    for character in RARE:
        with pytest.raises(GlyphMissing) as refused:
            few.check(f"王{character}芳")
        assert refused.value.characters == character


def test_a_machine_without_fonts_refuses_no_character(tmp_path: Path) -> None:
    open_drawer([tmp_path]).check("𠮷")


def test_the_code_on_the_paper_can_be_read_from_its_picture(
    licence: Licence, drawer: Drawer, tmp_path: Path
) -> None:
    text = offline.write(licence, KIND, department(MARKET))
    file = tmp_path / "licence.pdf"
    file.write_bytes(drawer(licence, KIND, text))
    command = [poppler("pdftoppm"), "-png", "-r", "100", "-singlefile"]
    subprocess.run([*command, file, file.with_suffix("")])
    assert read_qr(file.with_suffix(".png").read_bytes()) == text
