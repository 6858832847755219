"""What a full test run needs beyond Python: found, or the test says precisely what is missing.

With CI set a missing tool is a failure, so nothing is skipped where results count.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def missing(what: str, how: str) -> NoReturn:
    reason = f"{what} is not installed here ({how})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    missing("Chromium", "apt-get install chromium")


def node() -> str:
    return shutil.which("node") or missing("Node.js", "apt-get install nodejs npm")


def node_package(name: str) -> Path:
    node()
    path = PROJECT / "node_modules" / name
    if not path.exists():
        missing(f"the Node.js package {name}", "npm install")
    return path


def poppler(name: str) -> str:
    """One of poppler's programs, which judge a PDF as strangers do."""
    return shutil.which(name) or missing(name, "apt-get install poppler-utils")


def apache() -> tuple[str, Path]:
    """Apache and the folder of its modules, `mod_auth_openidc` among them."""
    program = shutil.which("apache2", path="/usr/sbin:/usr/bin")
    modules = Path("/usr/lib/apache2/modules")
    if program is None or not (modules / "mod_auth_openidc.so").exists():
        missing("Apache with mod_auth_openidc", "apt-get install libapache2-mod-auth-openidc")
    return program, modules


def anvil() -> str:
    # The program itself: its npm wrapper would leave it running when it is killed.
    found = sorted(node_package("@foundry-rs/anvil").parent.glob("anvil-*/bin/anvil"))
    return str(found[0]) if found else missing("anvil", "npm install")


def _postgres_program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    return path or missing("PostgreSQL", "apt-get install postgresql")


def _as_postgres(*command: str) -> list[str]:
    # PostgreSQL refuses to run as root.
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own, reached through a socket in `folder`; gives its address."""
    initdb = _postgres_program("initdb")
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for parent in (folder, *folder.parents):
            if parent != Path("/") and parent.owner() == "root" and str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(_as_postgres(*command), check=True, capture_output=True, cwd=folder)

    run(initdb, "-D", str(data), "-U", "haihe", "-A", "trust", "-E", "UTF8", "--no-sync")
    start_postgres(folder)
    try:
        yield f"postgresql+psycopg://haihe@/postgres?host={folder}"
    finally:
        stop_postgres(folder)


def start_postgres(folder: Path) -> None:
    """Start the server of `postgres` again."""
    options = f"-k {folder} -c listen_addresses='' -c max_connections=60"
    place = ("-D", str(folder / "data"), "-l", str(folder / "log"))
    command = _as_postgres(_postgres_program("pg_ctl"), *place, "-o", options, "-w", "start")
    subprocess.run(command, check=True, capture_output=True, cwd=folder)


def stop_postgres(folder: Path) -> None:
    """Stop the server of `postgres` as a power cut would."""
    place = ("-D", str(folder / "data"), "-m", "immediate")
    command = _as_postgres(_postgres_program("pg_ctl"), *place, "-w", "stop")
    subprocess.run(command, check=False, capture_output=True, cwd="/")
