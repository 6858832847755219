"""One master key, in the data folder or outside it; every other symmetric key is derived from it.

HKDF-SHA-256 (RFC 5869) with a label per use, so that the key that seals citizen numbers is
unrelated to the one that makes pseudonyms.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.settings import MASTER_FILE

MASTER_BYTES = 32


def read_master(
    keys: Path, elsewhere: Path | None = None, random: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Read the master key: of a file outside the data folder, or one made at the first start.

    Args:
        keys: folder of keys inside the data folder.
        elsewhere: the file outside, None if there is none.
        random: source of random bytes.

    Raises:
        ValueError: it is no master key, others can read it, or there are two different ones.
    """
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys / MASTER_FILE
    if elsewhere is None:
        _make(path, random)
        return _checked(path)
    master = _checked(elsewhere)
    if path.exists() and _checked(path) != master:
        raise ValueError(f"{path} is another master key: move it to {elsewhere}")
    return master


def _make(path: Path, random: Callable[[int], bytes]) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(random(MASTER_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _checked(path: Path) -> bytes:
    if path.stat().st_mode & 0o007:
        raise ValueError(f"{path} can be read by everybody: chmod 600 {path}")
    master = path.read_bytes()
    if len(master) != MASTER_BYTES:
        raise ValueError(f"{path} has {len(master)} bytes, a master key has {MASTER_BYTES}")
    return master


def derive(master: bytes, label: str, size: int = 32) -> bytes:
    """Derive `size` bytes for one use named by `label`."""
    return HKDF(SHA256(), size, salt=None, info=b"haihe/" + label.encode()).derive(master)
