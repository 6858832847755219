"""Following a log as an outsider: what each new head must be, given what was seen before.

The follower keeps the right edge of the tree and adds every new leaf to it itself. A head whose
root its own edge does not lead to is a fork, whatever hashes and proofs the log shows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from ledger.checkpoint import TreeHead
from ledger.errors import Alarming, ProofRejected, TileMissing
from ledger.merkle import EMPTY_ROOT, Growth, grow, leaf_hash, root_of, verify_consistency
from ledger.signed_checkpoint import SignedCheckpoint
from ledger.tile_reading import TileReader

BATCH = 4096

FORK = "fork"  # two heads that cannot be of one log
ROLLBACK = "rollback"  # a smaller head than one that was seen
GAP = "gap"  # a leaf or a hash that the head promises is not there
SILENCE = "silence"  # nothing new that counts for longer than the heartbeat
MISMATCH = "mismatch"  # log, mirror and chain do not say the same
SIGNATURE = "signature"  # a head that is not signed as it must be

FINAL = (FORK, ROLLBACK)  # after these nothing that the log says can be added to what was seen


@dataclass(frozen=True)
class Alarm:
    """What is wrong, and with whom.

    Attributes:
        subject: `log`, `cosigned`, `mirror` or `chain`.
        notes: signed heads that prove it, if there are any.
    """

    kind: str
    subject: str
    text: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.kind} ({self.subject}): {self.text}"


@dataclass(frozen=True)
class Heard:
    """When somebody was last heard of with news, or level with the log.

    Attributes:
        at: Unix seconds.
    """

    size: int
    at: int


@dataclass(frozen=True)
class Followed:
    """What a follower has seen.

    Attributes:
        frontier: right edge of the tree, made from the leaves themselves.
        note: the signed head.
        heard: news of each subject.
    """

    size: int = 0
    root: bytes = EMPTY_ROOT
    frontier: tuple[bytes, ...] = ()
    note: str = ""
    heard: Mapping[str, Heard] = field(default_factory=dict)

    @property
    def head(self) -> TreeHead:
        """Size and root."""
        return TreeHead(self.size, self.root)


def advance(
    seen: Followed,
    checkpoint: SignedCheckpoint,
    note: str,
    tiles: TileReader,
    tell: Callable[[int], None] = lambda _: None,
) -> Followed:
    """Take a head of the log over, if the leaves lead to it.

    Args:
        seen: what was seen before.
        checkpoint: signed by the pinned key.
        note: its text.
        tiles: the log at this size.
        tell: shown how far the leaves were read.

    Raises:
        Alarming: a fork, a rollback or a gap.
    """
    head, notes = checkpoint.head, (seen.note, note)
    if head.size < seen.size:
        text = f"the log shows {head.size} records, it had {seen.size}"
        raise Alarming(ROLLBACK, text, notes)
    if head.size == seen.size and head.root != seen.root:
        raise Alarming(FORK, f"the log signed two heads of {head.size} records", notes)
    growth = _read_leaves(seen, head, tiles, tell)
    frontier = tuple(node for _, node in growth.frontier)
    if root_of(frontier) != head.root:
        text = f"the leaves of {head.size} records do not lead to the root that was signed"
        raise Alarming(FORK, text, notes)
    return replace(seen, size=head.size, root=head.root, frontier=frontier, note=note)


def _read_leaves(
    seen: Followed, head: TreeHead, tiles: TileReader, tell: Callable[[int], None]
) -> Growth:
    growth = grow(seen.size, seen.frontier, [])
    leaves = tiles.leaves(seen.size) if head.size > seen.size else iter(())
    try:
        while batch := list(islice(_hashes(leaves), BATCH)):
            growth = grow(growth.size, [node for _, node in growth.frontier], batch)
            tell(growth.size)
    except TileMissing as error:
        raise Alarming(GAP, f"leaves after {growth.size} cannot be read: {error}", ()) from None
    if growth.size != head.size:
        raise Alarming(GAP, f"the log shows {growth.size} of {head.size} leaves", ())
    return growth


def _hashes(leaves: Iterator[bytes]) -> Iterator[bytes]:
    return map(leaf_hash, leaves)


def compare(seen: Followed, other: TreeHead, tiles: TileReader, notes: tuple[str, ...]) -> None:
    """Check that somebody else holds an earlier head of the very log that was followed.

    Args:
        seen: the log, asked after the other.
        other: the other's head.
        tiles: the log at the size seen.
        notes: signed heads that prove a difference.

    Raises:
        Alarming: it is another head, or a larger one than the log shows.
    """
    if other.size > seen.size:
        text = f"it holds {other.size} records, the log shows only {seen.size}"
        raise Alarming(MISMATCH, text, notes)
    if other.size == 0:
        return
    try:
        verify_consistency(tiles.consistency(other.size), other.root, seen.root)
    except TileMissing as error:
        raise Alarming(GAP, f"hashes of the log cannot be read: {error}", ()) from None
    except ProofRejected:
        text = f"its head of {other.size} records is not one of the log that was followed"
        raise Alarming(MISMATCH, text, notes) from None


def hear(seen: Followed, subject: str, size: int | None, now: int) -> Followed:
    """Note what was heard of somebody: None for no answer.

    Level with the log, or further than before, is news. No answer, or standing still behind the
    log, is none.
    """
    before = seen.heard.get(subject)
    news = size is not None and (before is None or size >= seen.size or size > before.size)
    if news and size is not None:
        return replace(seen, heard={**seen.heard, subject: Heard(size, now)})
    return seen


def check_heard(seen: Followed, subject: str, heartbeat: int, now: int) -> None:
    """The heartbeat rule: whoever has had no news for longer than the heartbeat is silent.

    Raises:
        Alarming: it is.
    """
    before = seen.heard.get(subject)
    if before is None:
        raise Alarming(SILENCE, "it was never heard of", ())
    if now - before.at > heartbeat:
        text = f"no news for {now - before.at} s, the heartbeat is {heartbeat} s"
        raise Alarming(SILENCE, text, ())
