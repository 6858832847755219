"""The same ledger on PostgreSQL: two sequencers at once, and a transaction that commits late."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.log import append
from tests.ledger.world import AT_MS, KEY, World, act
from tests.tools_found import postgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with postgres(tmp_path_factory.mktemp("postgres")) as address:
        yield address


def test_it_sequences_without_gaps_whoever_sequences_and_skips_no_late_commit(url, tmp_path):
    world = World(tmp_path, url)
    with world.writing() as late:
        slow = append(late, act(), KEY, AT_MS - 1000, world.random)
        world.append(20)
        with ThreadPoolExecutor(4) as sequencers:
            list(sequencers.map(lambda _: world.sequence(3), range(8)))
    with world.reading() as store:
        assert store.find_record(slow).leaf_index is None
    assert world.sequence().size == 21
    assert world.anchor().size == 21
    report = world.audit()
    assert report.clean, report.finding
    assert (report.counts.records, report.counts.checkpoints) == (21, 8)
    world.close()
