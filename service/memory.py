"""How memory is handed out and taken back.

glibc keeps an arena for each thread, and learns from the first big block that is freed to keep
the next ones there: 19 MiB of argon2 in every thread that ever hashed a password. Two arenas, and
blocks of a megabyte given back at once, hold a worker under 200 MB.
"""

import ctypes
import gc
import sys

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # malloc.h
ARENAS = 2
BIG_BYTES = 1024 * 1024
YOUNG = 5_000  # new objects between two collections; a request makes and drops hundreds


def settle() -> None:
    """Set this for the whole process, before its threads begin; does nothing without glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, ARENAS)
        mallopt(_MMAP_THRESHOLD, BIG_BYTES)


def keep_what_is_loaded() -> None:
    """Leave what start-up made out of all later collections of garbage.

    It lives as long as the process, and looking through its million objects again and again made
    whoever asked at that moment wait a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
