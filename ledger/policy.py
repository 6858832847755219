"""Which witnesses decide that a checkpoint counts (C2SP tlog-policy).

    log <key> [<address>]
    witness <name> <key> [<address>]
    group <name> <all | any | number> <member> ...
    quorum <none | name>

A policy that cannot be read to its last letter is refused: nothing counts by half a policy.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ledger.checkpoint import LogKey, parse_verifier_key
from ledger.cosignature import WitnessKey, parse_witness_key, verify_cosignature
from ledger.errors import NoteRejected, PolicyUnmet, PolicyUnreadable, SignerUnknown
from ledger.signed_checkpoint import SignedCheckpoint, verify_log_signature

NONE = "none"
MOST_BYTES = 1024 * 1024
MOST_NAMED = 256  # logs; witnesses and groups: far more than anybody can judge
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


@dataclass(frozen=True)
class KnownLog:
    """A log whose checkpoints may count."""

    key: LogKey
    address: str | None


@dataclass(frozen=True)
class KnownWitness:
    """A witness, under the name that it has in this policy alone."""

    name: str
    key: WitnessKey
    address: str | None


@dataclass(frozen=True)
class Group:
    """Members of which at least so many must have witnessed."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy that was read whole."""

    logs: tuple[KnownLog, ...]
    witnesses: Mapping[str, KnownWitness]
    groups: Mapping[str, Group]
    quorum: str

    def is_met(self, seen: Collection[str]) -> bool:
        """Whether the quorum is met when these witnesses, by their names, have cosigned."""
        return self.quorum == NONE or self._has_witnessed(self.quorum, seen)

    def _has_witnessed(self, name: str, seen: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in seen
        return sum(self._has_witnessed(one, seen) for one in group.members) >= group.threshold


@dataclass(frozen=True)
class Judgement:
    """What a policy says of a checkpoint.

    Attributes:
        seen: when each witness that counts cosigned, in Unix seconds, by its name.
        missing: names of the witnesses that did not.
    """

    seen: Mapping[str, int]
    missing: tuple[str, ...]


def judge(policy: Policy, checkpoint: SignedCheckpoint, key: LogKey | None = None) -> Judgement:
    """Say which witnesses cosigned a checkpoint, if that is enough.

    1. one of the policy's logs signed it; the log that is pinned elsewhere, if the policy has none
    2. no signature in the name of a key of the policy is bad
    3. the quorum is met

    Args:
        policy: what decides.
        checkpoint: with all its signatures.
        key: the log's key, pinned elsewhere; it must be one of the policy's, if that has any.

    Raises:
        SignerUnknown: it is not signed by a log that counts.
        NoteRejected: a signature in the name of a key of the policy is bad.
        PolicyUnmet: too few witnesses cosigned; the message names them.
    """
    _check_log(policy, checkpoint, key)  # 1
    seen: dict[str, int] = {}
    for witness in policy.witnesses.values():  # 2
        try:
            seen[witness.name] = verify_cosignature(checkpoint, witness.key)
        except SignerUnknown:
            continue
    missing = tuple(name for name in policy.witnesses if name not in seen)
    if not policy.is_met(seen):  # 3
        raise PolicyUnmet(
            f"the quorum '{policy.quorum}' is not met: cosigned by"
            f" {', '.join(seen) or 'nobody'}, not by {', '.join(missing)}"
        )
    return Judgement(seen, missing)


def _check_log(policy: Policy, checkpoint: SignedCheckpoint, key: LogKey | None) -> None:
    known = [log.key for log in policy.logs] or [one for one in (key,) if one is not None]
    if key is not None and key not in known:
        raise SignerUnknown(f"the policy does not know the log {key.origin} by this key")
    mine = [one for one in known if checkpoint.signatures_of(one.origin, one.key_id)]
    if not mine:
        raise SignerUnknown("no log that the policy knows signed the checkpoint")
    for one in mine:
        verify_log_signature(checkpoint, one)


# Reading


@dataclass
class _Reading:
    """What the lines read so far define."""

    logs: list[KnownLog] = field(default_factory=list)
    witnesses: dict[str, KnownWitness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    quorum: str | None = None

    def log(self, key: str, address: str | None = None) -> None:
        log = KnownLog(parse_verifier_key(key), address)
        if any(one.key.public == log.key.public for one in self.logs):
            raise PolicyUnreadable("a log stands there twice")
        self.logs.append(log)

    def witness(self, name: str, key: str, address: str | None = None) -> None:
        self._check_new(name)
        witness = KnownWitness(name, parse_witness_key(key), address)
        if any(one.key.public == witness.key.public for one in self.witnesses.values()):
            raise PolicyUnreadable("a witness's key stands there twice")
        self.witnesses[name] = witness

    def group(self, name: str, threshold: str, *members: str) -> None:
        self._check_new(name)
        for member in members:
            self._check_defined(member)
            if member in self.members:
                raise PolicyUnreadable(f"'{member}' is a member twice")
            self.members.add(member)
        self.groups[name] = Group(name, _threshold(threshold, len(members)), members)

    def set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise PolicyUnreadable("there are two quorums")
        if name != NONE:
            self._check_defined(name)
        self.quorum = name

    def _check_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise PolicyUnreadable(f"the name '{name}' is taken")

    def _check_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyUnreadable(f"nothing above is named '{name}'")

    def check_bounds(self) -> None:
        if len(self.logs) > MOST_NAMED or len(self.witnesses) + len(self.groups) > MOST_NAMED:
            raise PolicyUnreadable(f"more than {MOST_NAMED} logs, or witnesses and groups")


def _threshold(text: str, members: int) -> int:
    if not members:
        raise PolicyUnreadable("a group has members")
    if text in {"any", "all"}:
        return 1 if text == "any" else members
    if not _NUMBER.fullmatch(text) or int(text) > members:
        raise PolicyUnreadable(f"'{text}' of {members} members cannot be")
    return int(text)


def parse_policy(data: bytes) -> Policy:
    """Read a policy.

    Raises:
        PolicyUnreadable: a line is not understood; the message names it.
    """
    if len(data) > MOST_BYTES or _CONTROL.search(data):
        raise PolicyUnreadable("too long, or with characters that no policy has")
    if data and not data.endswith(b"\n"):
        raise PolicyUnreadable("the last line has no end: something may be missing")
    reading = _Reading()
    # Names are octets to the specification: nothing of them is lost or made equal by this.
    for number, line in enumerate(data.decode(errors="surrogateescape").split("\n"), 1):
        try:
            _read_line(reading, [word for word in _SPACE.split(line) if word])
        except (PolicyUnreadable, NoteRejected) as error:
            raise PolicyUnreadable(f"line {number}: {error}") from None
    reading.check_bounds()
    if reading.quorum is None:
        raise PolicyUnreadable("there is no quorum")
    return Policy(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)


def _read_line(reading: _Reading, words: list[str]) -> None:
    if not words or words[0].startswith("#"):
        return
    readers: Mapping[str, tuple[Callable[..., None], int, int]] = {
        "log": (reading.log, 1, 2),
        "witness": (reading.witness, 2, 3),
        "group": (reading.group, 3, MOST_NAMED),
        "quorum": (reading.set_quorum, 1, 1),
    }
    kind, rest = words[0], words[1:]
    if kind not in readers:
        raise PolicyUnreadable(f"'{kind}' is no line of a policy")
    read, fewest, most = readers[kind]
    if not fewest <= len(rest) <= most:
        raise PolicyUnreadable(f"a line '{kind}' has another number of words")
    read(*rest)
