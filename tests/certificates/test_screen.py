"""A verdict stays on its own clerk's screen for some minutes, and on nobody else's."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import create_engine

from certificates.catalogue import CATALOGUE
from certificates.checks import NOT_APPLICABLE, PASSED, judge
from certificates.store import CertificateStore, metadata
from certificates.store.tables import verdicts
from certificates.verdicts import SECONDS, Screen
from certificates.verifying import LicenceView, Verdict
from identity.seals import KEY_BYTES, Seals
from service.verdict_seals import VerdictSeals
from tests.certificates.world import CLERK, NOW

FORM = {"matter": "birth", "purpose": "x", "code": "HAIHE:…"}
NUMBER = "120101192504120013"
SEALING = VerdictSeals(Seals(bytes(KEY_BYTES)))
CHECKS = [
    judge("form", PASSED),
    judge("chain", NOT_APPLICABLE),
    judge("status", "revoked"),
]
VIEW = LicenceView("1.2.156", next(iter(CATALOGUE.values())), "valid", {"number": NUMBER})


@pytest.fixture
def store() -> Iterator[CertificateStore]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield CertificateStore(connection)
    engine.dispose()


def screen(store: CertificateStore, now: int = NOW) -> Screen:
    return Screen(store, SEALING, now)


def verdict(record: str, licence: LicenceView | None = VIEW) -> Verdict:
    return Verdict(passed=False, checks=CHECKS, licence=licence, record=record)


@pytest.mark.parametrize("licence", [VIEW, None])
def test_a_reload_shows_the_same_verdict_without_the_code(
    store: CertificateStore, licence: LicenceView | None
) -> None:
    screen(store).keep(CLERK, verdict("r1", licence), FORM)
    kept = screen(store, NOW + SECONDS - 1).find(CLERK, "r1")
    assert kept is not None
    assert kept.verdict == verdict("r1", licence)
    assert dict(kept.form) == {"matter": "birth", "purpose": "x"}
    assert screen(store, NOW + SECONDS).find(CLERK, "r1") is None


def test_nobody_else_sees_it(store: CertificateStore) -> None:
    screen(store).keep(CLERK, verdict("r1"), FORM)
    assert screen(store).find(replace(CLERK, person_id="other"), "r1") is None
    assert screen(store).find(replace(CLERK, party_id="other"), "r1") is None
    assert screen(store).find(CLERK, "r2") is None


def test_what_it_says_cannot_be_read_in_the_row_nor_moved_to_another(
    store: CertificateStore,
) -> None:
    screen(store).keep(CLERK, verdict("r1"), FORM)
    connection = store._connection
    (row,) = connection.execute(verdicts.select()).all()
    assert NUMBER.encode() not in row.sealed
    other = replace(CLERK, person_id="other")
    screen(store).keep(other, verdict("r1"), FORM)
    connection.execute(verdicts.update().values(sealed=row.sealed))
    assert screen(store).find(CLERK, "r1") is not None
    assert screen(store).find(other, "r1") is None


def test_what_is_over_is_deleted(store: CertificateStore) -> None:
    screen(store).keep(CLERK, verdict("r1"), FORM)
    screen(store, NOW + 1).keep(CLERK, verdict("r2"), FORM)
    assert store.verdicts.forget(NOW + SECONDS) == 1
    assert store.verdicts.forget(NOW + SECONDS) == 0
    assert screen(store).find(CLERK, "r2") is not None
    screen(store, NOW + SECONDS + 1).keep(CLERK, verdict("r3"), FORM)  # a clerk who goes on
    assert screen(store).find(CLERK, "r2") is None
