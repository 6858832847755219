"""Asking the resolver for an address, for no longer than a call may last.

The system's resolver cannot be told how long to try, so it is asked from a thread of its own; a
thread that is given up goes on until the resolver lets it go, and there are only so many.
"""

import ipaddress
import queue
import socket
import threading
import time
from contextlib import suppress

MOST_AT_ONCE = 32

_places = threading.BoundedSemaphore(MOST_AT_ONCE)
_Answers = queue.SimpleQueue[str | OSError]


def resolve(host: str, port: int, seconds: float) -> str:
    """Return the first address of a host.

    Raises:
        OSError: it has none, or the resolver does not say so in time.
    """
    with suppress(ValueError):
        return str(ipaddress.ip_address(host))
    until = time.monotonic() + seconds
    if not _places.acquire(timeout=seconds):
        raise TimeoutError("the resolver has too much to do")
    answers: _Answers = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(host, port, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=max(until - time.monotonic(), 0))
    except queue.Empty:
        raise TimeoutError("the resolver does not answer") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _ask(host: str, port: int, answers: _Answers) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put(str(found[0][4][0]))
    except OSError as error:
        answers.put(error)
    except UnicodeError:  # a name that cannot be one
        answers.put(OSError("no name of a host"))
    finally:
        _places.release()
