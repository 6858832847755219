"""The keys that sign tokens: files in the key folder, a published set, a thumbprint as name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"
PATTERN = "token-*.pem"
FIRST = "token-0001.pem"


@dataclass(frozen=True)
class KeyRing:
    """All token keys, oldest first. The newest signs, all verify.

    Rotation is a new file: tokens of the key before it stay good until they expire.
    """

    keys: Sequence[ECKey]

    @property
    def signing(self) -> ECKey:
        """The key for new tokens."""
        return self.keys[-1]

    @property
    def verifying(self) -> KeySet:
        """The keys of tokens that may still be alive."""
        return KeySet(list(self.keys))

    def published(self) -> dict[str, list[dict[str, str | list[str]]]]:
        """Return the public halves as a JSON Web Key Set (RFC 7517 §5)."""
        extra = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **extra} for key in self.keys]}


def load_keys(folder: Path) -> KeyRing:
    """Load the token keys, and make the first one at the first start.

    Raises:
        ValueError: a key file is readable by others than its owner.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not list(folder.glob(PATTERN)):
        _write_private(folder / FIRST, ECKey.generate_key("P-256").as_pem(private=True))
    return KeyRing([_read_key(path) for path in sorted(folder.glob(PATTERN))])


def _read_key(path: Path) -> ECKey:
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    key = ECKey.import_key(path.read_bytes())
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read; two starts at once make one key."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
