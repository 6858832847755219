"""The providers of the comparison, on databases of one PostgreSQL server."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from service import demo
from service.tour.outsider import App
from service.tour.steps import WEB_APP
from tests.benchmarks.peer.line import Line
from tests.benchmarks.peer.visitor import Party
from tests.service.running import PROJECT, Running, free_port

HERE = Path(__file__).parent
INSTALLED = PROJECT / "build" / "peer"
START_SECONDS = 30
PEER_SECRET = "a-secret-of-a-benchmark-0123456789abcdef"
PEER_WEB = App("web", PEER_SECRET, demo.WEB_REDIRECT)
PEER_SERVICE = App("service", PEER_SECRET, "")
OWN_SERVICE = App(demo.SERVICE_CLIENT, demo.SERVICE_SECRET, "")


def install_peer() -> None:
    """Put the peer's packages, as package.json pins them, beside a copy of its script."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "provider.mjs", "storage.mjs"):
        shutil.copy(HERE / name, INSTALLED)
    pinned = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    if all(_installed(name) == version for name, version in pinned.items()):
        return
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run(npm, cwd=INSTALLED, check=True)


def _installed(name: str) -> str:
    with suppress(OSError):
        text = (INSTALLED / "node_modules" / name / "package.json").read_text("utf-8")
        return str(json.loads(text)["version"])
    return ""


def new_database(server: Path, name: str) -> None:
    with psycopg.connect(f"postgresql://haihe@/postgres?host={server}", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]


@contextmanager
def peer(server: Path, core: int | None) -> Iterator[Party]:
    """node-oidc-provider, one process."""
    new_database(server, "peer")
    port = free_port()
    given = {
        "port": port,
        "database": f"socket:{server}?db=peer&user=haihe",
        "redirect": PEER_WEB.redirect_uri,
        "web": (PEER_WEB.client_id, PEER_WEB.client_secret),
        "service": (PEER_SERVICE.client_id, PEER_SERVICE.client_secret),
    }
    process = subprocess.Popen(
        [*_pinned_to(core), "node", "provider.mjs", json.dumps(given)],
        cwd=INSTALLED,
        env=os.environ | {"NODE_ENV": "production"},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield Party(
            "peer",
            url,
            process.pid,
            PEER_WEB,
            PEER_SERVICE,
            person={"login": "person", "password": "any"},
            wish={"resource": "urn:benchmark:api", "scope": "read"},
            lasting={"scope": "openid profile offline_access", "prompt": "consent"},
        )
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def haihe(folder: Path, name: str, workers: int, core: int | None) -> Iterator[Party]:
    """Ours, with the demo data and a database of its own."""
    server = folder / "pg"
    new_database(server, name)
    service = Running(
        folder / name,
        free_port(),
        database_url=f"postgresql://haihe@/{name}?host={server}",
        workers=workers,
    ).start()
    assert service.process is not None
    if core is not None:
        _pin(service.process.pid, core)
    try:
        yield Party(
            f"ours, {workers} worker{'s' if workers > 1 else ''}",
            service.url,
            service.process.pid,
            WEB_APP,
            OWN_SERVICE,
            person={"account": "person", "password": demo.PASSWORD},
            wish={"scope": "licence.verify"},
            lasting={"scope": "openid profile offline_access"},
        )
    finally:
        service.stop()


def _pinned_to(core: int | None) -> list[str]:
    return [] if core is None else ["taskset", "-c", str(core)]


def _pin(pid: int, core: int) -> None:
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError):
            Line(url).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the peer does not start")
