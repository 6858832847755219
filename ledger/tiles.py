"""The tree and its leaves as tiles that a mirror reads by HTTP GET (C2SP tlog-tiles).

    <log>/checkpoint                 the latest signed head
    <log>/tile/<L>/<N>[.p/<W>]       hashes: W of up to 256 subtrees of 256^L leaves, 32 bytes each
    <log>/tile/entries/<N>[.p/<W>]   leaves: W of up to 256, each after its length in 2 bytes

N is written in groups of three digits, all but the last with an x: 1234067 is x001/x234/067.
A tile never changes once its W are there, so everybody may keep it for ever.
"""

import re
from dataclasses import dataclass

from ledger.errors import TileUnknown
from ledger.store import LedgerStore

WIDTH = 256
LEVELS_PER_TILE = 8
HIGHEST = 7  # 256^8 leaves are more than there will be
_PATH = re.compile(
    r"(?P<kind>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<groups>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Tile:
    """Which tile.

    Attributes:
        level: of hash tiles, from 0; None for leaves.
        index: from 0.
        width: how many hashes or leaves, 1 to 256.
    """

    level: int | None
    index: int
    width: int


def parse_tile(path: str) -> Tile:
    """Read the address of a tile, the part after `tile/`.

    Raises:
        TileUnknown: no tile has this address.
    """
    match = _PATH.fullmatch(path)
    if not match:
        raise TileUnknown("not the address of a tile")
    groups = match["groups"].replace("x", "").split("/")
    width = int(match["width"] or WIDTH)
    level = None if match["kind"] == "entries" else int(match["kind"])
    superfluous = len(groups) > 1 and groups[0] == "000"
    if superfluous or len(groups) > 5 or (match["width"] and width >= WIDTH):
        raise TileUnknown("not the one address of a tile")
    return Tile(level, int("".join(groups)), width)


def format_tile(tile: Tile) -> str:
    """Write the address of a tile."""
    digits = f"{tile.index:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    kind = "entries" if tile.level is None else f"{tile.level:d}"
    return f"{kind}/{path}" + ("" if tile.width == WIDTH else f".p/{tile.width}")


def read_tile(store: LedgerStore, tile: Tile) -> bytes:
    """Read a tile; only what a checkpoint was signed for is in the store.

    Raises:
        TileUnknown: the tree is not that large yet.
    """
    first = tile.index * WIDTH
    if tile.level is None:
        leaves = store.leaves(first, tile.width)
        parts = [len(leaf).to_bytes(2, "big") + leaf for leaf in leaves]
    else:
        if tile.level > HIGHEST:
            raise TileUnknown("the tree has no such level")
        parts = store.node_row(tile.level * LEVELS_PER_TILE, first, tile.width)
    if len(parts) != tile.width:
        raise TileUnknown("the tree is not that large yet")
    return b"".join(parts)
