"""The same on PostgreSQL, where transactions truly overlap."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine

from certificates.errors import KeyReused
from certificates.issuing import Issued
from certificates.licences import digest_of
from certificates.recording import Use
from certificates.store import metadata
from tests.certificates.world import NOW, City, failures
from tests.tools_found import postgres

pytestmark = pytest.mark.postgres
CLERKS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with postgres(tmp_path_factory.mktemp("certificates") / "pg") as url:
        engine = create_engine(url, pool_size=CLERKS)
        metadata.create_all(engine)
        with engine.begin() as connection:
            City(connection).empower()
        yield engine
        engine.dispose()


def test_of_parallel_verifications_of_a_code_one_passes(server: Engine) -> None:
    records: dict[str, Use] = {}
    with server.begin() as connection:
        city = City(connection, records)
        shown = city.show(city.issue().licence.identifier)
    together = threading.Barrier(CLERKS)

    def attempt(_: int) -> dict[str, str | None]:
        with server.begin() as connection:
            together.wait()
            return failures(City(connection, records).verify(NOW + 1, code=shown.code))

    with ThreadPoolExecutor(CLERKS) as pool:
        answers = list(pool.map(attempt, range(CLERKS)))
    assert answers.count({}) == 1
    assert answers.count({"shown": "used"}) == CLERKS - 1


def test_of_parallel_requests_with_one_key_one_issues(server: Engine) -> None:
    together = threading.Barrier(CLERKS)

    def attempt(_: int) -> Issued | None:
        try:
            with server.begin() as connection:
                together.wait()
                return City(connection).issue(key="one key")
        except KeyReused:
            return None

    with ThreadPoolExecutor(CLERKS) as pool:
        issued = [each for each in pool.map(attempt, range(CLERKS)) if each]
    assert len({each.licence.identifier for each in issued}) == 1


def test_digits_tries_and_exhibits_work(server: Engine) -> None:
    with server.begin() as connection:
        city = City(connection)
        licence = city.issue().licence
        shown = city.show(licence.identifier)
        wrong = f"{(int(shown.digits) + 1) % 1_000_000:06}"
        for _ in range(3):
            assert failures(city.verify(digits=wrong)) == {"shown": "unknown"}
        assert city.verify(digits=shown.digits).passed
        last = list(city.store.exhibits())[-1]
        assert (last.identifier, last.digest) == (licence.identifier, digest_of(licence))
