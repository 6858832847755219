"""Starts the service: opens it, adds demo data if asked, says where it is, and serves."""

import logging
import socket
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import uvicorn
from rich.console import Console
from rich.table import Table

from ledger.anchoring import Ledger, check_log, ensure_contract
from ledger.chains.chain import Chain
from ledger.errors import ChainError, LogForked
from service import demo as data
from service import logs, memory
from service.app import create_app, make_desk
from service.metrics import share_between_workers
from service.opened import Opened, open_service
from service.seeding import seed
from service.settings import LOOPBACK, RULES, USUAL_PORT, BadSetting, Settings
from service.web.joining import JoiningProtocol
from service.workers import BACKLOG, Workers

log = logging.getLogger("haihe")


@dataclass(frozen=True)
class Where:
    """Where to listen, and with how many processes.

    Attributes:
        host: empty: as the issuer says, if it is on this machine.
        port: 0: the same.
        workers: more than one needs PostgreSQL.
    """

    host: str = ""
    port: int = 0
    workers: int = 1


def serve(settings: Settings, where: Where, *, demo: bool, console: Console) -> None:
    """Serve until told to stop.

    Raises:
        BadSetting: several workers on a database that has one writer.
    """
    logs.set_up(settings.log)
    memory.settle()
    _check_workers(settings, where.workers)
    if where.workers > 1:
        share_between_workers(settings.data / "metrics")
    opened = open_service(settings, demo=demo)
    chain = _prepare(opened, console, demo=demo)
    listening = _listen(settings, where)
    if where.workers == 1:
        _run(opened, chain, listening)
        return
    chain.close()
    opened.database.close()
    Workers(where.workers, listening, partial(_serve_alone, settings, demo)).run()


def _check_workers(settings: Settings, workers: int) -> None:
    """Refuse several workers where only one process may write (docs/decisions/0003)."""
    if workers > 1 and settings.database_url.startswith("sqlite"):
        why = f"SQLite has one process that writes, and --workers is {workers}"
        good = RULES["HAIHE_DATABASE_URL"].good
        raise BadSetting("HAIHE_DATABASE_URL", settings.database_url, why, good)


def _prepare(opened: Opened, console: Console, *, demo: bool) -> Chain:
    """Do once what all workers build on; return the chain as they read it."""
    if demo:
        seed(opened, make_desk(opened))
    chain = opened.open_chain(mines=True)
    try:
        _prepare_contract(opened, chain)
    except LogForked as forked:
        console.print(f"Refusing to start: {forked}.", style="red")
        console.print("This database was restored from an old copy, or is another service's.")
        raise SystemExit(3) from None
    _say(opened.settings, chain, console, demo=demo)
    if opened.database.is_local:
        return chain
    chain.close()  # whoever leads opens it
    return opened.open_chain(mines=False)


def _listen(settings: Settings, where: Where) -> socket.socket:
    address = urlsplit(settings.issuer)
    own = address.hostname in LOOPBACK
    host = where.host or (address.hostname if own and address.hostname else "127.0.0.1")
    port = where.port or (address.port if own and address.port else USUAL_PORT)
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=kind, backlog=BACKLOG)


def _serve_alone(settings: Settings, demo: bool, listening: socket.socket) -> None:  # noqa: FBT001
    """Be one of several workers."""
    logs.set_up(settings.log)
    memory.settle()
    opened = open_service(settings, demo=demo)
    _run(opened, opened.open_chain(mines=False), listening)


def _run(opened: Opened, chain: Chain, listening: socket.socket) -> None:
    config = uvicorn.Config(
        create_app(opened, chain),
        http=JoiningProtocol,
        log_config=None,  # its few lines go where ours go
        log_level="warning",
        access_log=False,  # addresses hold no personal number, but nobody needs them either
        server_header=False,
        proxy_headers=False,  # `TrustedProxies` reads them, and knows whom to believe
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    memory.keep_what_is_loaded()
    uvicorn.Server(config).run(sockets=[listening])


def _prepare_contract(opened: Opened, chain: Chain) -> None:
    """Put the contract on the chain; without a chain the service starts all the same.

    Raises:
        LogForked: the database is older than what the chain has seen; nothing may be signed.
    """
    ledger = Ledger(opened.reading_ledger, opened.writing_ledger, chain)
    try:
        check_log(ledger, ensure_contract(ledger))
    except ChainError as error:
        log.warning("no contract on the chain yet, trying again in the background: %s", error)


def _say(settings: Settings, chain: Chain, console: Console, *, demo: bool) -> None:
    kind = chain.name if chain.independent else f"{chain.name}, no independent trust"
    console.print(f"Haihe at [bold]{settings.issuer}[/bold]  (data in {settings.data})")
    console.print(f"  discovery  {settings.issuer}/.well-known/openid-configuration")
    if settings.registration == "open":
        console.print("  apps       may register themselves (HAIHE_REGISTRATION=open)")
    console.print(f"  API        {settings.issuer}/docs")
    console.print(f"  chain      {kind}, {_chain_id(chain)}")
    if not demo:
        return
    table = Table(title=f"Demo accounts, password of all: {data.PASSWORD}")
    for title in ("account", "name", "role", "acts for"):
        table.add_column(title)
    for person in data.PEOPLE:
        acts_for = [each.legal_person for each in data.MANDATES if each.account == person.account]
        table.add_row(person.account, person.name, person.role, "\n".join(["self", *acts_for]))
    console.print(table)
    console.print(f"Web client {data.WEB_CLIENT}, secret {data.WEB_SECRET}, {data.WEB_REDIRECT}")
    console.print(f"Service client {data.SERVICE_CLIENT}, secret {data.SERVICE_SECRET}")
    console.print(f"Next: .venv/bin/haihe tour --url {settings.issuer}", soft_wrap=True)


def _chain_id(chain: Chain) -> str:
    try:
        return f"id {chain.chain_id}"
    except ChainError:
        return "does not answer yet"
