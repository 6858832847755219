"""Connections to strangers with one deadline for all of a call, however slowly it drips."""

import time
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

from httpcore import (
    SOCKET_OPTION,
    ConnectTimeout,
    NetworkBackend,
    NetworkError,
    NetworkStream,
    ProtocolError,
    ReadTimeout,
    SyncBackend,
    TimeoutException,
    UnsupportedProtocol,
    WriteTimeout,
)

FAILURES = (NetworkError, ProtocolError, TimeoutException, UnsupportedProtocol)


class _Clock:
    """What is left of the time of one call."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self, over: type[TimeoutException]) -> float:
        """Return the seconds that are left, or raise `over`."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise over("the time of this call is over")
        return left


class Bounded(NetworkBackend):
    """Connects to one address, whatever the name of the host, for a number of seconds."""

    def __init__(self, target: str, seconds: float) -> None:
        self._target = target
        self._clock = _Clock(seconds)

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  # it was resolved before, once
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Connect."""
        left = self._clock.left(ConnectTimeout)
        stream = SyncBackend().connect_tcp(self._target, port, left, local_address, socket_options)
        return _Stream(stream, self._clock)


class _Stream(NetworkStream):
    def __init__(self, stream: NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._clock.left(ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._clock.left(WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> NetworkStream:
        left = self._clock.left(ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
