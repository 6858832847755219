"""The offline code: small, signed, read without tolerance, found in a photo; faces that agree."""

import os
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import cbor2
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from certificates.catalogue import CATALOGUE, find_type
from certificates.errors import FormatRejected, SignatureRejected
from certificates.formats import sd_jwt
from certificates.issuing import Issued
from certificates.licences import Licence, faces_digest
from certificates.pages.pictures import read_qr
from certificates.papers import base45, offline
from tests.certificates.world import (
    CIVIL,
    MARKET,
    REQUEST,
    SEEN,
    City,
    department,
    failures,
)

KIND = find_type(REQUEST.type)
# RFC 9285 §4.3 and §4.4
BASE45 = {"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0"}


@pytest.fixture
def issued(city: City) -> Issued:
    return city.issue()


@pytest.fixture
def licence(issued: Issued) -> Licence:
    return issued.licence


@pytest.fixture
def code(licence: Licence) -> str:
    return offline.write(licence, KIND, department(MARKET))


@pytest.mark.parametrize(("plain", "coded"), BASE45.items())
def test_base45_is_that_of_the_rfc(plain: str, coded: str) -> None:
    assert base45.encode(plain.encode()) == coded
    assert base45.decode(coded) == plain.encode()


@given(st.binary(max_size=500))
def test_base45_comes_back(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize("text", ["a", "A", "GGW", ":::", "::", "AAAA", "百00"])
def test_what_no_bytes_give_is_not_base45(text: str) -> None:
    with pytest.raises(FormatRejected):
        base45.decode(text)


def test_a_code_says_what_the_licence_says(code: str, licence: Licence) -> None:
    read = offline.read(code)
    offline.verify(read, department(MARKET).key.public_key())
    assert (read.identifier, read.type) == (licence.identifier, KIND.zh)
    assert (read.name, read.number) == (licence.holder_name, licence.fields["number"])
    assert (read.valid_from, read.valid_to) == (licence.valid_from, licence.valid_to)
    assert read.digest == faces_digest(licence.sd_jwt)


def test_the_message_is_cose_as_others_read_it(code: str) -> None:
    message = cbor2.loads(base45.decode(code.removeprefix("HAIHE1:")[:-1]))
    assert message.tag == 18  # RFC 9052 §2
    protected, unprotected, payload, signature = message.value
    assert cbor2.loads(protected)[1] == -7  # ES256
    assert (unprotected, len(signature)) == ({}, 64)
    assert set(cbor2.loads(payload)) == {1, 2, 3, 4, 5, 6, 7}


def test_a_licence_without_end_has_a_code_without_end(licence: Licence) -> None:
    code = offline.write(replace(licence, valid_to=None), KIND, department(MARKET))
    assert offline.read(code).valid_to is None


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.slug)
def test_the_longest_licence_fits_into_version_15(licence: Licence, kind) -> None:
    long = replace(
        licence,
        holder_name="𠮷" * 100,
        fields={"number": "𠮷" * 500, "uscc": "9" * 500},
        valid_from=2**37,
        valid_to=2**37 + 1,
    )
    text = offline.write(long, kind, department(MARKET))
    side = int(offline.draw(text).partition('viewBox="-4 -4 ')[2].partition(" ")[0])
    assert side <= 17 + 4 * 15 + 2 * offline.QUIET
    read = offline.read(text)
    assert read.name == "𠮷" * ((offline.LONGEST_NAME - 3) // 4) + "…"
    exact = replace(licence, holder_name="王" * (offline.LONGEST_NAME // 3))
    assert offline.read(offline.write(exact, kind, department(MARKET))).name == exact.holder_name


def test_what_needs_more_than_version_15_is_not_drawn() -> None:
    offline.draw("A" * 758)
    with pytest.raises(ValueError, match="15"):
        offline.draw("A" * 759)


def test_every_flipped_character_of_a_code_is_refused(city: City, code: str) -> None:
    named = set()
    for place in range(len(code)):
        touched = code[:place] + ("0" if code[place] != "0" else "1") + code[place + 1 :]
        found = failures(city.verify(qr=touched))
        assert found, place
        named |= {(check, reason) for check, reason in found.items()}
    assert named <= {
        ("form", "qr"), ("signature", "wrong"), ("recorded", "unknown"),
    }  # fmt: skip


def test_a_code_of_another_key_is_wrong(city: City, licence: Licence) -> None:
    code = offline.write(licence, KIND, department(CIVIL))
    assert failures(city.verify(qr=code)) == {"signature": "wrong"}
    with pytest.raises(SignatureRejected):
        offline.verify(offline.read(code), department(MARKET).key.public_key())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda claims: claims | {8: 1},
        lambda claims: claims | {5: True},
        lambda claims: claims | {6: "x"},
        lambda claims: claims | {7: b"short"},
        lambda claims: claims | {1: "no.identifier"},
        lambda claims: {key: claims[key] for key in claims if key != 2},
        lambda claims: [1],
    ],
)
def test_claims_are_exactly_those(code: str, spoil: Callable[[dict[int, object]], object]) -> None:
    protected, none, payload, signature = cbor2.loads(base45.decode(code[7:-1])).value
    spoilt = cbor2.dumps(spoil(cbor2.loads(payload)), canonical=True)
    message = cbor2.CBORTag(18, [protected, none, spoilt, signature])
    text = "HAIHE1:" + base45.encode(cbor2.dumps(message, canonical=True)) + "."
    with pytest.raises(FormatRejected):
        offline.read(text)


def test_a_code_in_another_spelling_is_refused(code: str) -> None:
    data = base45.decode(code[7:-1])
    assert data[:2] == b"\xd2\x84"  # tag 18, an array of four
    longer = b"\xd2\x98\x04" + data[2:]  # the same array, its length in a byte of its own
    assert cbor2.loads(longer) == cbor2.loads(data)
    with pytest.raises(FormatRejected):
        offline.read("HAIHE1:" + base45.encode(longer) + ".")


def test_a_code_that_names_another_certificate_is_wrong(city: City, licence: Licence) -> None:
    """The same key under another certificate: one that may have been withdrawn."""

    class Renamed:
        chain = (department(CIVIL).der,)
        sign = staticmethod(department(MARKET).sign)

    code = offline.write(licence, KIND, Renamed())
    assert failures(city.verify(qr=code)) == {"signature": "wrong"}


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    with pytest.raises(FormatRejected):
        offline.read("HAIHE1:" + base45.encode(data) + ".")


@pytest.mark.parametrize("text", ["", "HAIHE1:", "HAIHE1:.", "HAIHE1:" + "0" * 800 + "."])
def test_what_is_no_code_fails_form_alone(city: City, text: str) -> None:
    assert failures(city.verify(qr=text)) == {"form": "qr"}


# Verification


def test_a_code_passes_and_answers_the_number_alone(city: City, code: str) -> None:
    verdict = city.verify(qr=code)
    assert verdict.passed
    assert verdict.licence
    assert verdict.licence.fields == {"number": "XY-1"}
    results = {each.code: each.result for each in verdict.checks}
    assert (results["agreement"], results["shown"]) == ("passed", "not-applicable")


def test_an_identifier_tells_the_state_and_no_field(city: City, licence: Licence) -> None:
    verdict = city.verify(identifier=f" {licence.identifier} ")
    assert verdict.passed
    assert verdict.licence
    assert (verdict.licence.state, verdict.licence.fields) == ("valid", {})
    assert verdict.record
    results = {each.code: each.result for each in verdict.checks}
    assert results["agreement"] == "not-applicable"


def test_a_mistyped_identifier_fails_form_and_an_unknown_one_recorded(
    city: City, licence: Licence
) -> None:
    last = "0" if licence.identifier[-1] != "0" else "1"
    assert failures(city.verify(identifier=licence.identifier[:-1] + last)) == {
        "form": "identifier"
    }
    other = city.issue().licence.identifier
    city.connection.exec_driver_sql("DELETE FROM licences WHERE identifier = ?", (other,))
    assert failures(city.verify(identifier=other)) == {"recorded": "unknown"}


def test_two_faces_prove_that_they_agree(city: City, licence: Licence, code: str) -> None:
    verdict = city.verify(qr=code, sd_jwt=licence.sd_jwt, identifier=licence.identifier)
    assert verdict.passed
    assert verdict.licence
    assert set(verdict.licence.fields) == set(SEEN)
    withheld = sd_jwt.withhold(licence.sd_jwt, ["violations"])
    assert city.verify(qr=code, sd_jwt=withheld).passed


def test_faces_of_two_licences_do_not_agree(city: City, licence: Licence, code: str) -> None:
    other = city.issue().licence
    found = failures(city.verify(qr=code, sd_jwt=other.sd_jwt))
    assert found["agreement"] == "faces"
    found = failures(city.verify(sd_jwt=licence.sd_jwt, identifier=other.identifier))
    assert found == {"agreement": "faces"}


def test_a_second_copy_signed_for_the_same_identifier_is_another(
    city: City, licence: Licence, code: str
) -> None:
    again = sd_jwt.write(sd_jwt.read(licence.sd_jwt).credential, department(MARKET), os.urandom)
    found = failures(city.verify(qr=code, sd_jwt=again))
    assert found == {"agreement": "faces"}
    second = offline.write(replace(licence, sd_jwt=again), KIND, department(MARKET))
    assert failures(city.verify(qr=second)) == {"agreement": "other-copy"}


# Photos


def scene(code: str, turn: float, *, lean: float = 0.0) -> bytes:
    """A photo of a sheet with the code on it, not straight."""
    drawn = BytesIO()
    segno.make(code, error="m", micro=False).save(drawn, kind="png", scale=6, border=4)
    sheet = Image.new("L", (1500, 1100), 235)
    sheet.paste(Image.open(drawn).convert("L"), (500, 250))
    turned = sheet.rotate(turn, expand=True, fillcolor=120, resample=Image.Resampling.BICUBIC)
    width, height = turned.size
    leaning = (1, lean, 0, 0, 1, 0, lean / width, lean / height / 2)
    photo = turned.transform(
        turned.size, Image.Transform.PERSPECTIVE, leaning, Image.Resampling.BICUBIC, fillcolor=120
    )
    out = BytesIO()
    photo.save(out, "JPEG", quality=70)
    return out.getvalue()


@pytest.mark.parametrize("turn", [0, 7, 33, 90, 171])
@pytest.mark.parametrize("lean", [0.0, 0.12])
def test_a_code_is_found_in_a_photo_askew(code: str, turn: float, lean: float) -> None:
    assert read_qr(scene(code, turn, lean=lean)) == code
