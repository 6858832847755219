"""A real server in a process of its own, for tests that come from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 150


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """`haihe serve` on a port of its own with a data folder of its own."""

    data: Path
    port: int
    demo: bool = True
    database_url: str = ""
    chain_url: str = ""
    more: dict[str, str] = field(default_factory=dict)
    workers: int = 1
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HAIHE_")}
        return kept | self.settings | {"PYTHONUNBUFFERED": "1"}

    @property
    def settings(self) -> dict[str, str]:
        return {
            "HAIHE_DATA": str(self.data),
            "HAIHE_ISSUER": self.url,
            "HAIHE_DATABASE_URL": self.database_url,
            "HAIHE_CHAIN_URL": self.chain_url,
            **self.more,
        }

    def start(self) -> "Running":
        self.data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "service.cli", "serve", f"--workers={self.workers}"]
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(["--demo"] if self.demo else []), *self.arguments],
                env=self.environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
            )
        self._wait()
        return self

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                break
            with suppress(httpx.TransportError):
                if httpx.get(self.url + "/.well-known/openid-configuration").status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"no answer from {self.url}:\n{self.log()[-3000:]}")

    def log(self) -> str:
        return (self.data / "server.log").read_text("utf-8", errors="replace")

    def kill(self) -> None:
        """What a power cut does to a process."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def haihe(self, *arguments: str, timeout: int = 120) -> subprocess.CompletedProcess[str]:
        """Run the command with this service's settings."""
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments],
            env=self.environment | {"COLUMNS": "200"},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
