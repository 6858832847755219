"""Handing out paper, and judging it: each flaw fails the check it belongs to."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from certificates.catalogue import find_type
from certificates.downloading import Downloaded, PaperTools, find_open, hand_out, make_paper
from certificates.errors import PurposeRefused, UnknownLicence
from certificates.issuing import Issued, change_state
from certificates.papers.drawing import Drawer, open_drawer
from certificates.papers.sealing import Update, seal
from certificates.recording import Actor
from certificates.signing import Signer
from certificates.store import CertificateStore
from tests.certificates.world import (
    CIVIL,
    CLERK,
    COMPANY_ACTOR,
    NOW,
    OFFICER,
    REPORT,
    REQUEST,
    City,
    department,
    failures,
)
from tests.tools_found import missing

KIND = find_type(REQUEST.type)
CODE = "HAIHE1:TEST."
PURPOSE = "演示 投标"


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    drawer = open_drawer()
    if not drawer.families:
        missing("a Chinese font", "apt-get install fonts-wqy-microhei")
    return drawer


@pytest.fixture
def tools(city: City, drawer: Drawer) -> PaperTools:
    def find_signer(code: str, _name: str) -> Signer:
        return department(code)

    return PaperTools(drawer, find_signer)


@pytest.fixture
def issued(city: City) -> Issued:
    return city.issue()


Hand = Callable[..., Downloaded]


@pytest.fixture
def hand(city: City, issued: Issued, tools: PaperTools) -> Hand:
    def hand(actor: Actor = COMPANY_ACTOR, purpose: str = PURPOSE, now: int = NOW) -> Downloaded:
        licence = find_open(city.store, issued.licence.identifier, actor)
        paper = city.store.papers.find(licence.identifier) or make_paper(licence, tools, now)
        return hand_out(city.store, paper, purpose, actor, city.append)

    return hand


def test_a_paper_just_downloaded_passes_every_check(city: City, hand: Hand) -> None:
    verdict = city.verify(pdf=hand().pdf)
    assert verdict.passed
    results = {each.code: each.result for each in verdict.checks}
    assert results.pop("shown") == "not-applicable"
    assert set(results.values()) == {"passed"}
    assert verdict.licence
    assert verdict.licence.fields == REPORT


def test_everybody_gets_the_same_file_however_late(hand: Hand) -> None:
    assert hand(COMPANY_ACTOR).pdf == hand(OFFICER, now=NOW + 86_400).pdf


def test_who_draws_it_at_the_same_moment_gets_what_was_kept_first(
    city: City, issued: Issued, tools: PaperTools
) -> None:
    first = city.store.papers.keep(make_paper(issued.licence, tools, NOW))
    late = make_paper(issued.licence, tools, NOW + 1)
    assert late.pdf != first.pdf
    assert city.store.papers.keep(late) == first


def test_a_download_is_a_use_with_its_purpose_and_the_file(
    city: City, issued: Issued, hand: Hand
) -> None:
    paper = hand()
    use = city.records[paper.record]
    assert (use.kind, use.holder_id, use.actor) == ("download", "company", COMPANY_ACTOR)
    assert use.fields["purpose"] == PURPOSE
    assert use.fields["licence"] == issued.licence.identifier
    assert use.fields["file"] == sha256(paper.pdf).hexdigest()


@pytest.mark.parametrize("purpose", ["", " ", "a" * 201, "a\nb"])
def test_no_paper_without_a_purpose(city: City, hand: Hand, purpose: str) -> None:
    with pytest.raises(PurposeRefused):
        hand(purpose=purpose)
    assert city.kinds() == ["issue"]
    assert hand(purpose="a" * 200)


@pytest.mark.parametrize(
    "actor",
    [
        CLERK,
        replace(COMPANY_ACTOR, powers=frozenset({"show"})),
        replace(COMPANY_ACTOR, party_id="x"),
    ],
)
def test_nobody_else_gets_it(hand: Hand, actor: Actor) -> None:
    with pytest.raises(UnknownLicence):
        hand(actor)


def test_a_suspended_licence_fails_status_alone_on_paper(
    city: City, issued: Issued, hand: Hand
) -> None:
    pdf = hand().pdf
    change_state(
        city.store, issued.licence.identifier, "suspended", "检查", OFFICER, city.append, NOW
    )
    assert failures(city.verify(pdf=pdf)) == {"status": "suspended"}


def test_another_departments_signature_is_not_the_issuers(
    city: City, issued: Issued, drawer: Drawer
) -> None:
    drawn = drawer(issued.licence, KIND, CODE)
    update = Update(issued.licence.sd_jwt, NOW, issued.licence.issuer_name)
    found = failures(city.verify(pdf=seal(drawn, update, department(CIVIL))))
    assert found == {"authority": "other-department"}


def test_a_paper_that_prints_another_licence_than_it_carries_is_named(
    city: City, issued: Issued, drawer: Drawer
) -> None:
    other = city.issue().licence
    drawn = drawer(other, KIND, CODE)
    update = Update(issued.licence.sd_jwt, NOW, issued.licence.issuer_name)
    signer = department(issued.licence.issuer_code)
    assert failures(city.verify(pdf=seal(drawn, update, signer))) == {"agreement": "printed"}


@pytest.mark.parametrize(
    ("touch", "named"),
    [
        (lambda _: b"hello", {"form": "no-pdf"}),
        (lambda data: data[:-9], {"form": "truncated"}),
        (lambda data: data[:9000], {"form": "truncated"}),
        (lambda data: data + bytes(2**21), {"form": "large"}),
        (lambda data: data + b"1 0 obj\n<<>>\nendobj\n%%EOF\n", {"signature": "appended"}),
        (lambda data: data + b"1 0 obj\n<</ByteRange[0]>>\n%%EOF\n", {"signature": "re-signed"}),
        (lambda data: data.replace(b"/Rect[0 0 0 0]", b"/Rect[0 0 9 9]"), {"signature": "altered"}),
        (lambda data: data.replace(b"/ByteRange[0", b"/ByteRange[1"), {"signature": "altered"}),
        (lambda data: data.replace(b"/Contents<30", b"/Contents<3A"), {"signature": "broken"}),
    ],
)
def test_a_touched_paper_is_named_and_its_holder_hears_of_it(
    city: City, hand: Hand, touch: Callable[[bytes], bytes], named: dict[str, str]
) -> None:
    pdf = touch(hand().pdf)
    verdict = city.verify(pdf=pdf)
    assert failures(verdict) == named
    assert verdict.licence is None
    if b"<pdf:Keywords>" in pdf:  # so that it says whose it is
        assert city.records[verdict.record or ""].fields["failed_check"] == next(iter(named))


def test_a_paper_of_a_licence_that_is_not_registered_fails_recorded(
    city: City, hand: Hand, issued: Issued
) -> None:
    pdf = hand().pdf
    store: CertificateStore = city.store
    assert store.papers.find(issued.licence.identifier)
    city.connection.exec_driver_sql("DELETE FROM licence_papers")
    city.connection.exec_driver_sql("DELETE FROM licences")
    assert failures(city.verify(pdf=pdf)) == {"recorded": "unknown"}


def test_a_foreign_pdf_is_unsigned_and_nobodys(city: City) -> None:
    verdict = city.verify(pdf=b"%PDF-1.4\n" + os.urandom(99).hex().encode() + b"\n%%EOF\n")
    assert failures(verdict) == {"signature": "unsigned"}
    assert verdict.record is None


def test_a_thousand_flipped_bits_fail_the_check_they_belong_to(city: City, hand: Hand) -> None:
    """Where a file begins decides whether it is a PDF; all else is under the signature."""
    pdf = hand().pdf
    seed = os.urandom(8).hex()
    chosen = random.Random(seed)
    for _ in range(1000):
        place, bit = chosen.randrange(len(pdf)), 1 << chosen.randrange(8)
        touched = bytearray(pdf)
        touched[place] ^= bit
        named = failures(city.verify(pdf=bytes(touched)))
        wanted = {"form": "no-pdf"} if place < len(b"%PDF-") else {"signature"}
        assert named == wanted or set(named) == wanted, (place, bit, seed, named)
