"""One master key in the data folder; every other symmetric key is derived from it.

HKDF-SHA-256 (RFC 5869) with a label per use, so that the key that seals citizen numbers is
unrelated to the one that makes pseudonyms.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_BYTES = 32


def read_master(keys: Path, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Read the master key, made at the first start (file mode 0600)."""
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys / "master.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _checked(path)
    with os.fdopen(handle, "wb") as file:
        file.write(random(MASTER_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()


def _checked(path: Path) -> bytes:
    master = path.read_bytes()
    if len(master) != MASTER_BYTES:
        raise ValueError(f"{path} has {len(master)} bytes, a master key has {MASTER_BYTES}")
    return master


def derive(master: bytes, label: str, size: int = 32) -> bytes:
    """Derive `size` bytes for one use named by `label`."""
    return HKDF(SHA256(), size, salt=None, info=b"haihe/" + label.encode()).derive(master)
