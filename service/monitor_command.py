"""The command `haihe monitor`."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from ledger.chains import ChainSetup, open_chain
from ledger.chains.chain import Chain
from ledger.checkpoint import LogKey, TreeHead
from ledger.errors import ChainError, LedgerError, PolicyUnreadable
from ledger.following import FINAL, Alarm
from ledger.policy import Policy, parse_policy
from ledger.trust import Trust, parse_trust
from service.monitor_state import State, StateUnreadable, read_state, write_proof, write_state
from service.monitoring import Round, Watched, do_round

FINE, ALARMED, UNUSABLE = 0, 1, 2
READER = b"\x01" * 32  # a chain is opened with a key; a monitor signs nothing with it
WEBHOOK_SECONDS = 10.0

log = logging.getLogger("haihe.monitor")


@dataclass(frozen=True)
class Contract:
    """The contract of a log on a chain that can be asked by JSON-RPC."""

    chain: Chain
    chain_id: int
    address: str

    def head(self) -> TreeHead:
        """Read the head that the contract holds.

        Raises:
            ChainError: it cannot be read, or the node serves another chain.
        """
        if self.chain.chain_id != self.chain_id:
            raise ChainError(f"the node serves chain {self.chain.chain_id}, not {self.chain_id}")
        return self.chain.head(self.address)


class Unusable(Exception):
    """What was given cannot be worked with: nothing is followed."""


def monitor(
    url: Annotated[str, typer.Argument(help="Address of the log, as https://id.example/ledger.")],
    *,
    policy: Annotated[
        Path | None, typer.Option(help="Policy: the log's key, and which witnesses count.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="File of `haihe trust`; default: asked once, then kept.")
    ] = None,
    mirror: Annotated[str, typer.Option(help="Address of a mirror of the log.")] = "",
    chain: Annotated[str, typer.Option(help="JSON-RPC address of a node of the chain.")] = "",
    webhook: Annotated[str, typer.Option(help="Where to post alarms, as JSON.")] = "",
    state: Annotated[Path, typer.Option(help="File that remembers what was seen.")] = Path(
        "haihe-monitor.json"
    ),
    heartbeat: Annotated[
        int, typer.Option(min=1, help="Seconds without news after which somebody is silent.")
    ] = 600,
    every: Annotated[int, typer.Option(min=1, help="Seconds between rounds.")] = 30,
    once: Annotated[bool, typer.Option(help="Do one round.")] = False,
) -> None:
    """Follow a log as an outsider; exit 1 if an alarm was raised, 2 if nothing could be followed.

    Alarms: fork, rollback, gap, silence, mismatch, signature. After a fork or a rollback it ends:
    nothing that the log says later can be compared with what was seen.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        rules = None if policy is None else parse_policy(policy.read_bytes())
        address = _address(url)
        trusted = _find_trust(address, trust, rules)
        key = _key(rules, trusted)
        before = _keep_contract(read_state(state, key), trusted)
        watched = Watched(
            address=address,
            key=key,
            policy=rules,
            mirror=mirror.rstrip("/") or None,
            chain=_open_contract(chain, before) if chain else None,
            heartbeat=heartbeat,
        )
    except (OSError, PolicyUnreadable, LedgerError, StateUnreadable, Unusable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from None
    raise typer.Exit(_follow(watched, before, state, webhook, 0 if once else every))


def _address(url: str) -> str:
    """Name the log's own address; a service has its log at /ledger."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise Unusable(f"{url!r} is not the address of a log")
    return url.rstrip("/") if parts.path.strip("/") else url.rstrip("/") + "/ledger"


def _find_trust(address: str, file: Path | None, policy: Policy | None) -> Trust | None:
    """Read what is pinned; what a log says of itself is asked where nothing else is known."""
    if file is not None:
        return parse_trust(file.read_bytes())
    parts = urlsplit(address)
    asked = f"{parts.scheme}://{parts.netloc}/api/trust"
    try:
        answer = httpx.get(asked, timeout=WEBHOOK_SECONDS)
        answer.raise_for_status()
        found = parse_trust(answer.content)
    except (httpx.HTTPError, LedgerError) as error:
        if policy is not None and policy.logs:
            return None
        raise Unusable(f"no key of the log: {asked} does not say it ({error})") from None
    log.info("the log says of itself: %s", found.log_key.verifier_key())
    return found


def _key(policy: Policy | None, trust: Trust | None) -> LogKey:
    """Choose the log's key: the policy's own, and the pinned one must be among them."""
    known = [one.key for one in policy.logs] if policy else []
    if trust is not None and (not known or trust.log_key in known):
        return trust.log_key
    if len(known) != 1:
        raise Unusable("the policy does not know the log by the key that is pinned")
    return known[0]


def _keep_contract(state: State, trust: Trust | None) -> State:
    """Keep which contract is the log's: the first one that it named counts."""
    if trust is None or state.contract == (trust.chain_id, trust.contract):
        return state
    if state.contract is not None:
        raise Unusable(f"the contract was {state.contract[1]}, now the log names {trust.contract}")
    return replace(state, contract=(trust.chain_id, trust.contract))


def _open_contract(url: str, state: State) -> Contract:
    if state.contract is None:
        raise Unusable("which contract is the log's is not known: give --trust")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Unusable(f"{url!r} is not the address of a node")
    chain = open_chain(ChainSetup(url, Path(gettempdir()), READER, mines=False))
    return Contract(chain, *state.contract)


def _follow(watched: Watched, state: State, file: Path, webhook: str, every: int) -> int:
    """Do rounds until told to stop, or until nothing more can be followed."""
    stopped = threading.Event()
    alarmed = False
    with _stopping(stopped):
        while True:
            done = do_round(watched, state.seen)
            state = _tell(state, done, file, lambda alarm: _post(webhook, watched, alarm))
            write_state(file, state)
            alarmed = alarmed or bool(done.alarms)
            ended = any(alarm.kind in FINAL for alarm in done.alarms)
            if not every or ended or stopped.wait(every):
                return ALARMED if alarmed else FINE


@contextmanager
def _stopping(stopped: threading.Event) -> Iterator[None]:
    """Let a signal end the rounds after the present one."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stopped.set()) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _tell(state: State, done: Round, file: Path, post: Callable[[Alarm], None]) -> State:
    """Say which alarms are new and which have ended."""
    now = {f"{alarm.kind} ({alarm.subject})": alarm for alarm in done.alarms}
    for name, alarm in now.items():
        log.error("ALARM %s", alarm)
        if name not in state.raised:
            if alarm.notes:
                proof = write_proof(file, alarm.kind, alarm.notes, int(time.time()))
                log.error("what proves it is in %s", proof)
            post(alarm)
    for name in set(state.raised) - set(now):
        log.info("over: %s", name)
    if not now:
        log.info("%d records, all in order", done.seen.size)
    return replace(state, seen=done.seen, raised=tuple(sorted(now)))


def _post(webhook: str, watched: Watched, alarm: Alarm) -> None:
    if not webhook:
        return
    body = {
        "log": watched.key.origin,
        "kind": alarm.kind,
        "subject": alarm.subject,
        "text": alarm.text,
        "notes": list(alarm.notes),
    }
    try:
        httpx.post(webhook, json=body, timeout=WEBHOOK_SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.error("the webhook did not take the alarm: %s", type(error).__name__)
