"""Head and body of an answer in one packet.

uvicorn writes them one after the other, and uvloop makes a system call of each: one more wake-up
for the reader as well. What is written within one turn of the loop is joined here, up to a size:
whoever writes much has to hear in time that its reader is slow.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024


class Joined:
    """A transport that writes once for each turn of the loop."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Stand before `transport`."""
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Keep data until this turn of the loop ends, or enough is there."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is left, then hang up."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's protocol, over such a transport."""

    def connection_made(self, transport: Any) -> None:
        """Begin with a connection."""
        super().connection_made(Joined(transport, self.loop))  # type: ignore[arg-type]
