"""What runs beside the requests: sequencing, anchoring and housekeeping, one thread each.

Both take up where they were left: the work to do is in the database, not in the thread. A round
that fails is written to the log and tried again, slower each time, so a chain that is down for an
hour costs nothing but time.
"""

import logging
import threading
import time
from collections.abc import Callable

from certificates.store import CertificateStore
from identity.operating.rotating import keep_keys
from identity.realm import Realm
from identity.telling.expiring import end_expired
from identity.telling.posting import send_due
from ledger.anchoring import Ledger, anchor_latest, check_log, ensure_contract
from ledger.cosigning import Cosigning
from ledger.errors import LogForked
from ledger.log import BATCH, sequence
from service.cosigning import Rounds, asked_by, post
from service.opened import Opened

SEQUENCE_SECONDS = 0.2
ANCHOR_SECONDS = 2.0
COSIGNING_SECONDS = 0.5
ENDING_SECONDS = 10.0
DELIVERY_SECONDS = 0.5
KEY_SECONDS = 5.0
HOUSEKEEPING_SECONDS = 24 * 3600.0
ACTIVITY_SECONDS = 30.0
SLOWEST_SECONDS = 30.0
STOP_SECONDS = 10.0

log = logging.getLogger("haihe.jobs")


class Job:
    """A round of work, done again and again until stopped."""

    def __init__(self, name: str, round_: Callable[[], bool], pause: float) -> None:
        """Prepare a job.

        Args:
            name: for the log.
            round_: does one round; true if there may be more to do at once.
            pause: seconds between rounds.
        """
        self._name = name
        self._round = round_
        self._pause = pause
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present round."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        pause = self._pause
        while not self._stopped.is_set():
            try:
                more = self._round()
                pause = 0.0 if more else self._pause
            except Exception:  # whatever it was, the next round tries again
                log.exception("%s failed, trying again", self._name)
                pause = min(max(pause, self._pause) * 2, SLOWEST_SECONDS)
            self._stopped.wait(pause)


def sequencing(opened: Opened, may_sign: threading.Event) -> Job:
    """Give records their places and sign for them, at most a second after their commit.

    Args:
        opened: whose records.
        may_sign: set once the chain was seen to hold nothing that this database does not extend.
    """

    def one_round() -> bool:
        if not may_sign.is_set():
            return False
        with opened.reading_ledger() as store:
            if not store.pending(1):
                return False
        with opened.writing_ledger() as store:
            sequence(store, opened.log)
            return len(store.pending(BATCH)) == BATCH

    return Job("sequencing", one_round, SEQUENCE_SECONDS)


def anchoring(ledger: Ledger, may_sign: threading.Event) -> Job:
    """Put the latest signed head into the contract, at most five seconds after its commit.

    A database that is behind the chain, or forked from it, is not signed for: uses go on and are
    recorded, and an operator is called by the log.

    Args:
        ledger: where from and where to.
        may_sign: set after the first look at the chain, cleared as soon as it shows a fork.
    """
    contract: list[str] = []

    def one_round() -> bool:
        try:
            if not contract:
                contract.append(ensure_contract(ledger, time.sleep))
            if not may_sign.is_set():
                check_log(ledger, contract[0])
                may_sign.set()
            anchor_latest(ledger, contract[0])
        except LogForked:
            may_sign.clear()
            raise
        return False

    return Job("anchoring", one_round, ANCHOR_SECONDS)


def cosigning(opened: Opened) -> Job:
    """Sign the newest head a second time, and show it to the witnesses, within a second."""
    means = Cosigning(
        opened.reading_ledger, opened.writing_ledger, opened.second_log, post, opened.clock
    )
    return Job("cosigning", Rounds(means, asked_by(opened.policy)).once, COSIGNING_SECONDS)


def housekeeping(opened: Opened) -> Job:
    """Delete what ended long ago, once at the start and once a day, in small transactions."""

    def one_round() -> bool:
        with opened.realm.writing() as store:
            ended = store.housekeeping.forget_ended(opened.clock())
        with opened.database.writing() as connection:
            return ended + CertificateStore(connection).verdicts.forget(opened.clock()) > 0

    return Job("housekeeping", one_round, HOUSEKEEPING_SECONDS)


def delivering(realm: Realm) -> Job:
    """Send what the outbox holds for apps, within a second of its cause."""
    return Job("delivering", lambda: send_due(realm), DELIVERY_SECONDS)


def ending(realm: Realm) -> Job:
    """Close sign-ins that are over, and tell their apps."""
    return Job("ending", lambda: end_expired(realm), ENDING_SECONDS)


def noting_activity(opened: Opened) -> Job:
    """Note now and then which apps got tokens since: their requests write nothing for it."""

    def one_round() -> bool:
        if last := opened.metrics.take_last_tokens():
            with opened.realm.writing() as store:
                store.activity.add(last)
        return False

    return Job("activity", one_round, ACTIVITY_SECONDS)


def keeping_keys(realm: Realm, rotation_days: int) -> Job:
    """Learn of new token keys, and rotate old ones; in every worker, for each has its own ring."""

    def one_round() -> bool:
        keep_keys(realm, rotation_days)
        return False

    return Job("keeping keys", one_round, KEY_SECONDS)
