"""The composed service with demo data, started once for all whole-flow tests."""

from collections.abc import Iterator

import pytest

from tests.service.running import Running, free_port


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    service = Running(tmp_path_factory.mktemp("service") / "data", free_port()).start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def service_url(running: Running) -> str:
    return running.url
