"""Head and body leave in one packet, in order, whole, and never more than a bounded amount late."""

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from service.web.joining import MOST_BYTES, Joined, JoiningProtocol
from tests.running_loops import run_alone


class Wire:
    """What a transport was asked to do, in order."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("close")
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing


def told(act: Callable[[Joined, Wire], None]) -> list[bytes | str]:
    """Do something with a joined transport and let the loop turn once."""

    async def run() -> list[bytes | str]:
        wire = Wire()
        act(Joined(wire, asyncio.get_running_loop()), wire)
        await asyncio.sleep(0)
        return wire.done

    return run_alone(run())


def test_what_is_written_in_one_turn_leaves_at_once_and_in_order() -> None:
    def act(joined: Joined, wire: Wire) -> None:
        joined.write(b"head ")
        joined.write(b"body")
        assert wire.done == []

    assert told(act) == [b"head body"]


def test_each_turn_has_its_own() -> None:
    async def run() -> list[bytes | str]:
        wire = Wire()
        joined = Joined(wire, asyncio.get_running_loop())
        for part in (b"one", b"two"):
            joined.write(part)
            await asyncio.sleep(0)
        return wire.done

    assert run_alone(run()) == [b"one", b"two"]


def test_each_turn_counts_anew() -> None:
    async def run() -> list[bytes | str]:
        wire = Wire()
        joined = Joined(wire, asyncio.get_running_loop())
        for _ in range(3):
            joined.write(b"x" * (MOST_BYTES // 2))
            joined.write(b"y")
            await asyncio.sleep(0)
        return wire.done

    assert run_alone(run()) == [b"x" * (MOST_BYTES // 2) + b"y"] * 3


def test_what_was_written_leaves_before_the_line_is_closed() -> None:
    def act(joined: Joined, _: Wire) -> None:
        joined.write(b"last words")
        joined.close()

    assert told(act) == [b"last words", "close"]


def test_nothing_is_written_to_a_line_that_is_being_closed() -> None:
    def act(joined: Joined, wire: Wire) -> None:
        joined.write(b"late")
        wire.close()

    assert told(act) == ["close"]


@pytest.mark.parametrize(("size", "at_once"), [(MOST_BYTES, False), (MOST_BYTES + 1, True)])
def test_no_more_than_so_much_is_kept(size: int, at_once: bool) -> None:
    def act(joined: Joined, wire: Wire) -> None:
        joined.write(b"x" * (size - 1))
        joined.write(b"y")
        assert bool(wire.done) is at_once
        joined.write(b"z")
        joined.write(b"z")

    assert b"".join(part for part in told(act) if isinstance(part, bytes)) == (
        b"x" * (size - 1) + b"yzz"
    )


async def _much(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 32 MiB without ever waiting for anything but the line."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(512):
        _much_sent.append(1)
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


_much_sent: list[int] = []


def test_whoever_reads_slowly_holds_the_writer_up() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(_much, http=JoiningProtocol, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    with socket.create_connection(listening.getsockname(), timeout=30) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        threading.Event().wait(1.0)
        assert 0 < len(_much_sent) < 400  # the kernel's buffers hold some megabytes
        got = 0
        while part := line.recv(1 << 20):
            got += len(part)
    assert got > 512 * 65536
    server.should_exit = True
    thread.join(10)
