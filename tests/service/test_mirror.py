"""Somebody who has nothing but HTTP GET and the pinned key mirrors the log."""

import httpx

from ledger.merkle import tree_hash
from ledger.signed_checkpoint import read_checkpoint
from ledger.trust import parse_trust
from tests.ledger.test_tiles import entries
from tests.service.running import Running


def test_a_mirror_needs_the_checkpoint_and_the_tiles_alone(running: Running) -> None:
    trust = parse_trust(httpx.get(running.url + "/api/trust").content)
    note = httpx.get(running.url + "/ledger/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    head = read_checkpoint(note.text, trust.log_key).head
    leaves: list[bytes] = []
    for index in range(-(-head.size // 256)):
        width = min(256, head.size - index * 256)
        partial = f".p/{width}" if width < 256 else ""
        tile = httpx.get(f"{running.url}/ledger/tile/entries/{index:03}{partial}")
        assert tile.status_code == 200
        assert "immutable" in tile.headers["cache-control"]
        leaves.extend(entries(tile.content))
    assert tree_hash(leaves) == head.root
    assert httpx.get(f"{running.url}/ledger/tile/0/999").status_code == 404
