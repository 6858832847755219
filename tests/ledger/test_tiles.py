"""Tiles (C2SP tlog-tiles): a mirror rebuilds the signed tree from them alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import TileUnknown
from ledger.merkle import leaf_hash, root_of, tree_hash
from ledger.tiles import WIDTH, Tile, format_tile, parse_tile, read_tile

SIZE = 600


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    from tests.ledger.world import World

    world = World(tmp_path_factory.mktemp("tiles"))
    for count in (300, 212, 88):
        world.append(count)
        world.sequence()
    yield world
    world.chain.close()
    world.database.close()


def read(world, address):
    with world.reading() as store:
        return read_tile(store, parse_tile(address))


def entries(bundle):
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        yield bundle[2 : 2 + length]
        bundle = bundle[2 + length :]


def hashes(tile):
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]


@pytest.mark.parametrize(
    ("address", "tile"),
    [
        ("0/000", Tile(0, 0, 256)),
        ("0/x001/x234/067", Tile(0, 1234067, 256)),
        ("63/999.p/255", Tile(63, 999, 255)),
        ("entries/x001/000.p/1", Tile(None, 1000, 1)),
    ],
)
def test_addresses_are_as_the_specification_writes_them(address, tile):
    assert parse_tile(address) == tile
    assert format_tile(tile) == address


@given(
    st.builds(Tile, st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, WIDTH))
)
def test_every_tile_has_one_address(tile):
    assert parse_tile(format_tile(tile)) == tile


@pytest.mark.parametrize(
    "address",
    [
        "", "0", "0/0", "0/1000", "0/x000/001", "0/x001/1", "64/000", "00/000", "-1/000",
        "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "data/000", "0/000/", "0/٠٠٠",
        "0/001/000", "0/x001/x000/x000/x000/x000/000",
    ],
)  # fmt: skip
def test_other_spellings_are_no_tiles(address):
    with pytest.raises(TileUnknown):
        parse_tile(address)


def test_a_mirror_rebuilds_the_signed_root_from_leaves_and_from_hashes(large):
    bundles = [
        read(large, "entries/000"),
        read(large, "entries/001"),
        read(large, "entries/002.p/88"),
    ]
    leaves = [leaf for bundle in bundles for leaf in entries(bundle)]
    assert len(leaves) == SIZE
    with large.reading() as store:
        signed = store.latest_checkpoint().root
    assert tree_hash(leaves) == signed
    bottom = [*hashes(read(large, "0/000")), *hashes(read(large, "0/001"))]
    rest = hashes(read(large, "0/002.p/88"))
    assert [*bottom, *rest] == [leaf_hash(leaf) for leaf in leaves]
    above = hashes(read(large, "1/000.p/2"))
    assert above == [tree_hash(leaves[:256]), tree_hash(leaves[256:512])]
    assert len(root_of([tree_hash(leaves[:512]), tree_hash(leaves[512:])])) == 32


@pytest.mark.parametrize(
    "address", ["0/002", "0/002.p/89", "0/003.p/1", "1/000", "1/000.p/3", "2/000.p/1", "8/000.p/1"]
)
def test_what_is_not_there_yet_is_not_served(large, address):
    with pytest.raises(TileUnknown):
        read(large, address)


def test_pending_records_are_not_served(large):
    large.append(1)
    with pytest.raises(TileUnknown):
        read(large, "entries/002.p/89")
    large.sequence()
    assert len(list(entries(read(large, "entries/002.p/89")))) == 89


def test_a_partial_tile_stays_what_it_was(large):
    assert read(large, "0/002.p/10") == read(large, "0/002.p/20")[: 10 * 32]
