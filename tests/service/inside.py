"""The composed service in this process, to count what its requests cost."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from sqlalchemy import event

from service.app import create_app, make_desk
from service.opened import Opened, open_service
from service.seeding import seed
from service.settings import read_settings
from tests.service.running import free_port

JOBS = {
    *("sequencing", "anchoring", "housekeeping", "delivering", "ending", "activity"),
    *("keeping keys", "cosigning"),
}


@contextmanager
def serving(data: Path, database_url: str = "", chain_url: str = "") -> Iterator[Opened]:
    environment = {
        "HAIHE_DATA": str(data),
        "HAIHE_ISSUER": f"http://127.0.0.1:{free_port()}",
        "HAIHE_DATABASE_URL": database_url,
        "HAIHE_CHAIN_URL": chain_url,
    }
    opened = open_service(read_settings(environment), demo=True)
    seed(opened, make_desk(opened))
    app = create_app(opened, opened.open_chain(mines=True))
    port = int(opened.settings.issuer.rpartition(":")[2])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield opened
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def counted_statements(opened: Opened) -> Iterator[list[str]]:
    """The statements of requests, in order; those of background work are left out."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if threading.current_thread().name not in JOBS and not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(opened.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(opened.database.engine, "before_cursor_execute", note)
