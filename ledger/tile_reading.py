"""Reading somebody's log from its tiles (C2SP tlog-tiles), believing nothing of them.

What is read here is only good once it leads to a root that was signed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce

from ledger.errors import TileMissing
from ledger.merkle import (
    HASH_BYTES,
    ConsistencyProof,
    NodeId,
    consistency_spans,
    hashes_of,
    needed,
    node_hash,
)
from ledger.tiles import LEVELS_PER_TILE, WIDTH, Tile, format_tile

Fetch = Callable[[str], bytes]  # path below the log's address; raises TileMissing
_LENGTH_BYTES = 2


class TileReader:
    """A log of a size, as its tiles show it."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        """Read nothing yet."""
        self._fetch = fetch
        self._size = size

    def leaves(self, begin: int) -> Iterator[bytes]:
        """Yield the leaves from one on to the last.

        Raises:
            TileMissing: a bundle is not there, or not what it should be.
        """
        for index in range(begin // WIDTH, -(-self._size // WIDTH)):
            tile = self._tile(None, index)
            leaves = _split(self._read(tile), tile)
            yield from leaves[max(begin - index * WIDTH, 0) :]

    def consistency(self, first: int) -> ConsistencyProof:
        """Prove that this size extends a smaller one (RFC 9162 section 2.1.4.1).

        Raises:
            TileMissing: a tile is not there, or not what it should be.
        """
        spans = consistency_spans(first, self._size)
        nodes = self._nodes(needed(spans))
        return ConsistencyProof(first, self._size, hashes_of(spans, nodes))

    def _nodes(self, places: Sequence[NodeId]) -> Mapping[NodeId, bytes]:
        return {place: self._node(place) for place in places}

    def _node(self, place: NodeId) -> bytes:
        tile_level, above = divmod(place.level, LEVELS_PER_TILE)
        first, count = place.position << above, 1 << above
        tile = self._tile(tile_level, first // WIDTH)
        data = self._read(tile)
        if len(data) != tile.width * HASH_BYTES:
            raise TileMissing(f"tile {format_tile(tile)} has another length")
        begin = first % WIDTH
        row = [data[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(begin, begin + count)]
        return reduce(lambda hashes, _: _pairs(hashes), range(above), row)[0]

    def _tile(self, level: int | None, index: int) -> Tile:
        """Name a tile as wide as it is in a tree of this size."""
        complete = self._size >> (LEVELS_PER_TILE * (level or 0))
        return Tile(level, index, min(WIDTH, complete - index * WIDTH))

    def _read(self, tile: Tile) -> bytes:
        """Read a tile; a log that has grown may keep only the whole of it."""
        try:
            return self._fetch("tile/" + format_tile(tile))
        except TileMissing:
            if tile.width == WIDTH:
                raise
        data = self._fetch("tile/" + format_tile(Tile(tile.level, tile.index, WIDTH)))
        if tile.level is not None:
            return data[: tile.width * HASH_BYTES]
        whole = _split(data, Tile(None, tile.index, WIDTH))
        return b"".join(_with_length(leaf) for leaf in whole[: tile.width])


def _pairs(row: Sequence[bytes]) -> list[bytes]:
    return [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]


def _with_length(leaf: bytes) -> bytes:
    return len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf


def _split(data: bytes, tile: Tile) -> list[bytes]:
    """Take a bundle apart, which must hold exactly as many leaves as its address says."""
    leaves, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + _LENGTH_BYTES], "big")
        place += _LENGTH_BYTES + length
        leaves.append(data[place - length : place])
    if place != len(data) or len(leaves) != tile.width:
        raise TileMissing(f"tile {format_tile(tile)} does not hold {tile.width} leaves")
    return leaves
