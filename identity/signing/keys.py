"""The keys of the provider: what they are, which of them is in use, and how long each lives.

Most sign tokens. Two are there for apps that encrypt their request objects to us.

A key is published before it signs, so that an app that keeps our key set for a while knows every
key it meets; and it is published after it has signed, until nothing that it signed is of use.
"""

import json
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.people.sessions import ABSOLUTE_SECONDS
from identity.seals import Seals

Key = ECKey | RSAKey | OKPKey
ALGORITHM = "ES256"  # of access tokens, and of ID tokens unless an app chooses
RSA_BITS = 3072
CACHE_SECONDS = 300  # how long apps may keep the key set
AHEAD_SECONDS = 2 * CACHE_SECONDS  # published this long before it signs
TOKEN_SECONDS = 600  # the longest that a signed token lives
# An ID token stays of use after its end, to sign out with (RP-Initiated Logout §2): as long as
# the sign-in it speaks of.
KEPT_SECONDS = ABSOLUTE_SECONDS + TOKEN_SECONDS


@dataclass(frozen=True)
class _Kind:
    """How the keys of one algorithm are made and read."""

    make: Callable[[], Key]
    read: Callable[[Any], Key]


SIGNING: Mapping[str, _Kind] = {
    ALGORITHM: _Kind(lambda: ECKey.generate_key("P-256"), ECKey.import_key),
    "RS256": _Kind(lambda: RSAKey.generate_key(RSA_BITS), RSAKey.import_key),
    "EdDSA": _Kind(lambda: OKPKey.generate_key("Ed25519"), OKPKey.import_key),
}
DECRYPTING: Mapping[str, _Kind] = {
    "RSA-OAEP-256": _Kind(lambda: RSAKey.generate_key(RSA_BITS), RSAKey.import_key),
    "ECDH-ES": _Kind(lambda: ECKey.generate_key("P-256"), ECKey.import_key),
}
KINDS: Mapping[str, _Kind] = {**SIGNING, **DECRYPTING}
ALGORITHMS = tuple(SIGNING)

# RFC 9864 renames EdDSA to Ed25519; apps that exist know the old name only.
warnings.filterwarnings("ignore", message="EdDSA is deprecated")


@dataclass(frozen=True)
class KeptKey:
    """A key as it is kept.

    Attributes:
        kid: its thumbprint (RFC 7638).
        algorithm: one of `KINDS`.
        generation: how many keys of its algorithm there were before it.
        sealed: the private key, readable with the master key alone.
        created_at: since when it is published.
        signs_from: since when it signs, unless a later one does.
        ends_at: first second in which it is neither published nor accepted; None while it has
            no successor.
    """

    kid: str
    algorithm: str
    generation: int
    sealed: bytes
    created_at: int
    signs_from: int
    ends_at: int | None = None

    def is_known(self, now: int) -> bool:
        """Tell whether what it signed is accepted."""
        return self.ends_at is None or now < self.ends_at


def signing_kids(kept: Iterable[KeptKey], now: int) -> set[str]:
    """Return the one key of each algorithm that signs: the newest whose time has come.

    If the clock went back, so that there is none, it is the oldest.
    """
    known = sorted((key for key in kept if key.is_known(now)), key=lambda key: key.generation)
    ready = {key.algorithm: key.kid for key in known if key.signs_from <= now}
    oldest = {key.algorithm: key.kid for key in reversed(known)}
    return set((oldest | ready).values())


def kept_key(
    seals: Seals, key: Key, algorithm: str, generation: int, created_at: int, signs_from: int
) -> KeptKey:
    """Write a key down."""
    kid = key.thumbprint()
    sealed = seals.seal(key.as_pem(private=True), "token key", kid)
    return KeptKey(kid, algorithm, generation, sealed, created_at, signs_from)


def read_key(seals: Seals, kept: KeptKey) -> Key:
    """Read a key that was written down.

    Raises:
        SealBroken: it was changed, or sealed under another master key.
    """
    read = KINDS[kept.algorithm].read
    key = read(seals.open(kept.sealed, "token key", kept.kid))
    named = {"kid": kept.kid, **_use_of(kept.algorithm)}
    return read({**key.as_dict(private=True), **named})


def _use_of(algorithm: str) -> dict[str, str]:
    """Say what a key is for (RFC 7517 §4.2); one for ECDH-ES serves each way of wrapping."""
    if algorithm in SIGNING:
        return {"use": "sig", "alg": algorithm}
    return {"use": "enc", "alg": algorithm} if algorithm == "RSA-OAEP-256" else {"use": "enc"}


@dataclass(frozen=True)
class KeyRing:
    """The keys of one moment, by algorithm, oldest first.

    Attributes:
        keys: all that are published and accepted.
        signing_by: the one of each algorithm that signs.
    """

    keys: Sequence[Key]
    signing_by: Mapping[str, Key]

    @property
    def signing(self) -> Key:
        """The key for new access tokens."""
        return self.signing_by[ALGORITHM]

    @cached_property
    def decrypting(self) -> Sequence[Key]:
        """The keys to which apps may have encrypted something."""
        return [key for key in self.keys if key.get("use") == "enc"]

    def published(self) -> dict[str, list[dict[str, object]]]:
        """Return the public halves as a JSON Web Key Set (RFC 7517 §5)."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self.keys]}

    @cached_property
    def known_good(self) -> OrderedDict[bytes, None]:
        """Digests of tokens that these keys signed, the latest last (`signatures`)."""
        return OrderedDict()

    @cached_property
    def document(self) -> bytes:
        """The key set as it is sent, written once."""
        return json.dumps(self.published(), separators=(",", ":")).encode()


class KeyChain:
    """The keys as this process knows them now. Reading it costs nothing: `renew` does the work.

    PKCS#11: a key in a module would be a `Key` whose private half is a handle, made here from
    what the row names instead of from what it seals. That is not made yet.
    """

    def __init__(self) -> None:
        self.ring = KeyRing((), {})
        self._read: dict[str, Key] = {}

    def renew(self, seals: Seals, kept: Sequence[KeptKey], now: int) -> None:
        """Take over what is kept; a ring in use stays as it is, a new one takes its place.

        Raises:
            SealBroken: a key cannot be read with our master key.
        """
        known = [key for key in kept if key.is_known(now)]
        read = {
            key.kid: self._read[key.kid] if key.kid in self._read else read_key(seals, key)
            for key in known
        }
        signing = signing_kids(known, now)
        signing_by = {key.algorithm: read[key.kid] for key in known if key.kid in signing}
        ring = KeyRing(tuple(read.values()), signing_by)
        if ring != self.ring:
            self._read, self.ring = read, ring
