"""The log's heads are shown to the witnesses that the settings name, beside everything else.

Witnesses are asked at the same time, each in a thread of its own, so that they cosign the same
heads. One that does not answer rests, longer each time, and holds nobody up but itself.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from ledger.checkpoint import Checkpoint
from ledger.cosigning import Answer, Asked, Cosigning, ask, is_fresh, newest, sign_again
from ledger.errors import LedgerError, PolicyUnreadable, WitnessFailed
from ledger.policy import Policy, parse_policy
from service.settings import RULES, BadSetting

ANSWER_SECONDS = 5.0  # for all of an answer, however slowly somebody drips
MOST_BYTES = 64 * 1024
FIRST_REST, LONGEST_REST = 2.0, 120.0

log = logging.getLogger("haihe.cosigning")


def read_witnesses(path: str) -> Policy | None:
    """Read who is asked to cosign.

    Raises:
        BadSetting: the file cannot be read, or nobody in it has an address.
    """
    if not path:
        return None
    try:
        policy = parse_policy(Path(path).read_bytes())
        if not asked_by(policy):
            raise PolicyUnreadable("no witness in it has an address")
    except (OSError, PolicyUnreadable) as error:
        why = f"no witnesses can be read there ({error})"
        good = RULES["HAIHE_WITNESSES"].good
        raise BadSetting("HAIHE_WITNESSES", path, why, good) from None
    return policy


def asked_by(policy: Policy | None) -> list[Asked]:
    """Return the witnesses that have an address, each with all its keys."""
    keys: dict[str, list[Asked]] = {}
    for witness in policy.witnesses.values() if policy else ():
        if witness.address:
            address = witness.address.rstrip("/")
            keys.setdefault(address, []).append(Asked(address, (witness.key,)))
    return [
        Asked(address, tuple(key for one in parts for key in one.keys))
        for address, parts in keys.items()
    ]


def post(address: str, body: bytes) -> Answer:
    """Show a head to a witness (C2SP tlog-witness).

    Raises:
        WitnessFailed: it did not answer in time, or too much.
    """
    until = time.monotonic() + ANSWER_SECONDS
    content = b""
    try:
        with httpx.stream(
            "POST", f"{address}/add-checkpoint", content=body, timeout=ANSWER_SECONDS
        ) as answer:
            for part in answer.iter_raw():
                content += part
                if len(content) > MOST_BYTES or time.monotonic() > until:
                    raise WitnessFailed(f"{address} answers too slowly, or too much")
            media_type = answer.headers.get("content-type", "")
            return Answer(answer.status_code, media_type, content.decode())
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeDecodeError) as error:
        raise WitnessFailed(f"{address} did not answer ({type(error).__name__})") from None


class Rounds:
    """Rounds of cosigning: remembers which witnesses rest."""

    def __init__(
        self,
        cosigning: Cosigning,
        witnesses: Sequence[Asked],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nobody rests yet."""
        self._cosigning = cosigning
        self._witnesses = witnesses
        self._clock = clock
        self._rests: dict[str, float] = {}
        self._until: dict[str, float] = {}

    def once(self) -> bool:
        """Have the newest head signed by everybody who did not yet; false: nothing more now."""
        checkpoint = newest(self._cosigning)
        if checkpoint is None:
            return False
        sign_again(self._cosigning, checkpoint)
        due = [one for one in self._witnesses if self._is_due(one, checkpoint)]
        if due:
            with ThreadPoolExecutor(len(due)) as pool:
                list(pool.map(lambda one: self._ask(one, checkpoint), due))
        return False

    def _is_due(self, witness: Asked, checkpoint: Checkpoint) -> bool:
        if self._clock() < self._until.get(witness.address, 0.0):
            return False
        return not all(is_fresh(self._cosigning, checkpoint, key) for key in witness.keys)

    def _ask(self, witness: Asked, checkpoint: Checkpoint) -> None:
        try:
            ask(self._cosigning, checkpoint, witness)
        except LedgerError as error:
            # A fork stands here too: it is for people to judge who of the two is wrong.
            rest = min(self._rests.get(witness.address, FIRST_REST / 2) * 2, LONGEST_REST)
            self._rests[witness.address] = rest
            self._until[witness.address] = self._clock() + rest
            log.error("%s did not cosign size %d: %s", witness.address, checkpoint.size, error)
        else:
            self._rests.pop(witness.address, None)

    @property
    def resting(self) -> Mapping[str, float]:
        """How long each witness that failed rests, in seconds."""
        return dict(self._rests)
