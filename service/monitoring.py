"""`haihe monitor`: follows a log as an outsider, and raises an alarm when something is wrong.

In each round, in this order, so that nobody who is honest can seem to be ahead of the log:

1. the contract's head is read, and the mirror's
2. the head that witnesses cosigned, and the newest head, each signed by the pinned key
3. every new leaf is read and added to the edge kept in the state file
4. the heads of 1 and 2 are compared with what was followed
5. the heartbeat rule: log, quorum, mirror and chain each had news within the heartbeat
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Protocol

import httpx

from ledger.checkpoint import LogKey, TreeHead
from ledger.errors import (
    Alarming,
    ChainError,
    NoteRejected,
    PolicyUnmet,
    SignerUnknown,
    TileMissing,
)
from ledger.following import (
    SIGNATURE,
    Alarm,
    Followed,
    Heard,
    advance,
    check_heard,
    compare,
    hear,
)
from ledger.policy import NONE, Policy, judge
from ledger.signed_checkpoint import SignedCheckpoint, read_checkpoint
from ledger.tile_reading import TileReader

LOG, COSIGNED, MIRROR, CHAIN = "log", "cosigned", "mirror", "chain"
SECONDS = 20.0
MOST_NOTE_BYTES = 1024 * 1024
MOST_TILE_BYTES = 256 * (2 + 65535)

log = logging.getLogger("haihe.monitor")


class Anchored(Protocol):
    """Where the log anchors its heads."""

    def head(self) -> TreeHead:
        """Read the head that the contract holds.

        Raises:
            ChainError: it cannot be read.
        """


@dataclass(frozen=True)
class Watched:
    """What is followed.

    Attributes:
        address: where the log is, without a slash at its end.
        key: the log's pinned key.
        policy: which cosignatures count; None if nobody is asked about them.
        mirror: address of a mirror.
        chain: the contract.
        heartbeat: longest time without news, in seconds.
    """

    address: str
    key: LogKey
    policy: Policy | None = None
    mirror: str | None = None
    chain: Anchored | None = None
    heartbeat: int = 600


@dataclass(frozen=True)
class Round:
    """What a round saw, and what is wrong."""

    seen: Followed
    alarms: tuple[Alarm, ...]


class NoAnswer(Exception):
    """Somebody did not answer, or not with what was asked for."""


@dataclass(frozen=True)
class _Note:
    text: str
    checkpoint: SignedCheckpoint

    @property
    def head(self) -> TreeHead:
        return self.checkpoint.head


def do_round(watched: Watched, seen: Followed, clock: Callable[[], float] = time.time) -> Round:
    """Look once at everything that is watched."""
    looking = _Looking(watched, seen, int(clock()))
    with httpx.Client(timeout=SECONDS) as http:
        looking.look(http)
    looking.check_heartbeats()
    return Round(looking.seen, tuple(looking.alarms))


class _Looking:
    """One round on its way."""

    def __init__(self, watched: Watched, seen: Followed, now: int) -> None:
        self.watched = watched
        self.seen = seen
        self.now = now
        self.alarms: list[Alarm] = []

    @contextmanager
    def _alarming(self, subject: str) -> Iterator[None]:
        """Turn what is wrong into an alarm, and go on; no answer is left to the heartbeat."""
        try:
            yield
        except Alarming as error:
            notes = tuple(note for note in error.notes if note)
            self.alarms.append(Alarm(error.kind, subject, str(error), notes))
        except (NoteRejected, SignerUnknown) as error:
            self.alarms.append(Alarm(SIGNATURE, subject, str(error)))
        except (NoAnswer, ChainError) as error:
            log.warning("%s: %s", subject, error)

    def look(self, http: httpx.Client) -> None:
        watched = self.watched
        anchored = self._anchored()  # 1
        mirrored = self._note(http, MIRROR, watched.mirror, "checkpoint")
        cosigned = self._note(http, COSIGNED, watched.address, "cosigned-checkpoint")  # 2
        newest = self._note(http, LOG, watched.address, "checkpoint")
        if newest is None:
            return
        fetch = partial(_fetch_tile, http, watched.address)
        if not self._advance(newest, TileReader(fetch, newest.head.size)):  # 3
            return
        self._judge(cosigned, newest)
        tiles = TileReader(fetch, self.seen.size)
        for subject, note in ((COSIGNED, cosigned), (MIRROR, mirrored)):  # 4
            if note is not None:
                self._compare(subject, note.head, tiles, (note.text, newest.text))
        if anchored is not None:
            self._compare(CHAIN, anchored, tiles, (newest.text,))

    def _anchored(self) -> TreeHead | None:
        with self._alarming(CHAIN):
            return self.watched.chain.head() if self.watched.chain else None
        return None

    def _note(
        self, http: httpx.Client, subject: str, address: str | None, name: str
    ) -> _Note | None:
        if address is None or (subject == COSIGNED and not self._asks_witnesses):
            return None
        with self._alarming(subject):
            data = _get(http, f"{address}/{name}", MOST_NOTE_BYTES)
            text = _text(data)
            return _Note(text, read_checkpoint(text, self.watched.key))
        return None

    @property
    def _asks_witnesses(self) -> bool:
        return self.watched.policy is not None and self.watched.policy.quorum != NONE

    def _advance(self, newest: _Note, tiles: TileReader) -> bool:
        with self._alarming(LOG):
            tell = partial(log.debug, "read up to %d")
            self.seen = advance(self.seen, newest.checkpoint, newest.text, tiles, tell)
            self.seen = hear(self.seen, LOG, newest.head.size, self.now)
            return True
        return False

    def _judge(self, *notes: _Note | None) -> None:
        """Note the time if one of the heads has a quorum of fresh cosignatures."""
        if not self._asks_witnesses:
            return
        for note in notes:
            with self._alarming(COSIGNED):
                if note is not None and self._is_fresh(note.checkpoint):
                    news = Heard(note.head.size, self.now)
                    self.seen = replace(self.seen, heard={**self.seen.heard, COSIGNED: news})

    def _is_fresh(self, checkpoint: SignedCheckpoint) -> bool:
        policy = self.watched.policy
        if policy is None:
            return False
        try:
            judgement = judge(policy, checkpoint, self.watched.key)
        except PolicyUnmet as unmet:
            log.info("size %d: %s", checkpoint.head.size, unmet)
            return False
        oldest = self.now - self.watched.heartbeat
        return policy.is_met({name for name, at in judgement.seen.items() if at >= oldest})

    def _compare(
        self, subject: str, head: TreeHead, tiles: TileReader, notes: tuple[str, ...]
    ) -> None:
        with self._alarming(subject):
            compare(self.seen, head, tiles, notes)
            if subject != COSIGNED:
                self.seen = hear(self.seen, subject, head.size, self.now)

    def check_heartbeats(self) -> None:  # 5
        watched = self.watched
        expected: Mapping[str, object] = {
            LOG: True,
            COSIGNED: self._asks_witnesses,
            MIRROR: watched.mirror,
            CHAIN: watched.chain,
        }
        wrong = {alarm.subject for alarm in self.alarms}
        for subject in (name for name, wanted in expected.items() if wanted):
            if subject not in wrong:
                with self._alarming(subject):
                    check_heard(self.seen, subject, watched.heartbeat, self.now)


def _fetch_tile(http: httpx.Client, address: str, path: str) -> bytes:
    try:
        return _get(http, f"{address}/{path}", MOST_TILE_BYTES)
    except NoAnswer as error:
        raise TileMissing(str(error)) from None


def _get(http: httpx.Client, address: str, most: int) -> bytes:
    """Read a document, whatever somebody may send instead."""
    until = time.monotonic() + SECONDS
    content = b""
    try:
        with http.stream("GET", address) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise NoAnswer(f"{address} answers {answer.status_code}")
            for part in answer.iter_raw():
                content += part
                if len(content) > most or time.monotonic() > until:
                    raise NoAnswer(f"{address} answers too slowly, or too much")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(f"{address} does not answer ({type(error).__name__})") from None
    return content


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NoteRejected("a checkpoint is UTF-8") from None
