"""The keys that sign tokens: files in the key folder, a published set, a thumbprint as name."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

Key = ECKey | RSAKey | OKPKey
ALGORITHM = "ES256"  # of access tokens, and of ID tokens unless an app chooses
RSA_BITS = 3072


@dataclass(frozen=True)
class _Kind:
    """Where the keys of one algorithm lie, and how they are made and read."""

    prefix: str
    make: Callable[[], Key]
    read: Callable[[Any], Key]

    @property
    def pattern(self) -> str:
        return f"{self.prefix}-*.pem"

    @property
    def first(self) -> str:
        return f"{self.prefix}-0001.pem"


KINDS: Mapping[str, _Kind] = {
    ALGORITHM: _Kind("token", lambda: ECKey.generate_key("P-256"), ECKey.import_key),
    "RS256": _Kind("rsa", lambda: RSAKey.generate_key(RSA_BITS), RSAKey.import_key),
    "EdDSA": _Kind("eddsa", lambda: OKPKey.generate_key("Ed25519"), OKPKey.import_key),
}
ALGORITHMS = tuple(KINDS)

# RFC 9864 renames EdDSA to Ed25519; apps that exist know the old name only.
warnings.filterwarnings("ignore", message="EdDSA is deprecated")


@dataclass(frozen=True)
class KeyRing:
    """All token keys, by algorithm, oldest first. The newest of each signs, all verify.

    Rotation is a new file: tokens of the key before it stay good until they expire.
    """

    keys: Sequence[Key]

    @property
    def signing(self) -> Key:
        """The key for new access tokens."""
        return self.signing_by[ALGORITHM]

    @cached_property
    def signing_by(self) -> Mapping[str, Key]:
        """The newest key of each algorithm."""
        return {str(key.alg): key for key in self.keys}

    @cached_property
    def verifying(self) -> KeySet:
        """The keys of tokens that may still be alive."""
        return KeySet(list(self.keys))

    def published(self) -> dict[str, list[dict[str, object]]]:
        """Return the public halves as a JSON Web Key Set (RFC 7517 §5)."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self.keys]}


def load_keys(folder: Path) -> KeyRing:
    """Load the token keys, and make the first ones at the first start.

    Raises:
        ValueError: a key file is readable by others than its owner.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys: list[Key] = []
    for algorithm, kind in KINDS.items():
        if not list(folder.glob(kind.pattern)):
            _write_private(folder / kind.first, kind.make().as_pem(private=True))
        keys += [_read_key(path, algorithm) for path in sorted(folder.glob(kind.pattern))]
    return KeyRing(keys)


def _read_key(path: Path, algorithm: str) -> Key:
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    read = KINDS[algorithm].read
    key = read(path.read_bytes())
    named = {"kid": key.thumbprint(), "use": "sig", "alg": algorithm}
    return read({**key.as_dict(private=True), **named})


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
