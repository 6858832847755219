"""A city with one department that may issue credit reports."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from certificates.store import metadata
from tests.certificates.world import City


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def city(engine: Engine) -> Iterator[City]:
    with engine.connect() as connection:
        city = City(connection)
        city.empower()
        yield city
