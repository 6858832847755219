"""Real witnesses, each a server on a port of its own, and one that only says what it is told."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from ledger.checkpoint import LogKey
from ledger.cosignature import WitnessKey
from service.witnessing import create_witness_app, open_witness
from tests.service.running import free_port


@dataclass(frozen=True)
class Served:
    """A witness that is served."""

    address: str
    keys: tuple[WitnessKey, ...]

    def lines(self, name: str) -> list[str]:
        """Write it as lines of a policy: one witness for each of its keys."""
        return [
            f"witness {name}-{number} {key.verifier_key()} {self.address}"
            for number, key in enumerate(self.keys)
        ]


@contextmanager
def in_thread(app: FastAPI, port: int = 0) -> Iterator[str]:
    port = port or free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def witness(folder: Path, name: str, logs: Mapping[str, LogKey], port: int = 0) -> Iterator[Served]:
    opened = open_witness(folder, name, logs)
    with in_thread(create_witness_app(opened), port) as address:
        yield Served(address, tuple(signer.key for signer in opened.signers))


Say = Callable[[str, bytes], tuple[int, str, bytes]]


@contextmanager
def saying(say: Say) -> Iterator[str]:
    """A server that answers every request with what a function says: status, type, body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def _answer(self, body: bytes) -> None:
            status, media_type, content = say(self.path, body)
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
