"""Token Status List (IETF draft): in one small signed text, which licences are not valid.

Two bits for each licence: 0 valid, 1 invalid, 2 suspended. Expiry is not in the list: the end is
in the credential itself.
"""

import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from certificates.errors import UnknownStatusList
from certificates.formats import compact
from certificates.formats.credential import Signing
from certificates.lifecycle import State
from certificates.store import CertificateStore

MEDIA_TYPE = "application/statuslist+jwt"
TYPE = "statuslist+jwt"
STATUS_VERSION = "status-version"
BITS = 2
LENGTH = 65_536  # licences in one list: 16 KiB before compression
TTL = 300  # seconds for which a copy may be kept
LASTS = 86_400  # seconds after which a copy is worth nothing
VALUES: Mapping[State, int] = {"valid": 0, "revoked": 1, "suspended": 2}


def place_in_list(status_index: int, address: str) -> tuple[str, int]:
    """Address of the list that holds a licence, and its place there."""
    number, place = divmod(status_index, LENGTH)
    return f"{address}/status-lists/{number}", place


def pack(statuses: Mapping[int, int], length: int, bits: int = BITS) -> bytes:
    """Pack statuses, least significant bits first; those not named are 0.

    Args:
        statuses: by place, from 0 up to `length` (excluded).
        bits: 1, 2, 4 or 8 for each.
    """
    packed = bytearray((length * bits + 7) // 8)
    for place, status in statuses.items():
        at, shift = divmod(place * bits, 8)
        packed[at] |= status << shift
    return bytes(packed)


def compress(packed: bytes) -> str:
    """Compress as `lst` of a status list."""
    return compact.encode(zlib.compress(packed, level=9))


@dataclass(frozen=True)
class _Kept:
    version: int
    lst: str
    signed_at: int
    token: str


class StatusLists:
    """The signed lists, kept until a status changes; signed again before a copy grows stale."""

    def __init__(self, signer: Signing, address: str) -> None:
        self._signer = signer
        self._address = address
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()

    def token(self, store: CertificateStore, number: int, now: int) -> str:
        """The signed status list of a number.

        Raises:
            UnknownStatusList: no licence is in a list of that number.
        """
        # The version is read before the states: a change in between only makes us look again.
        version = store.counted(STATUS_VERSION)
        with self._lock:
            kept = self._kept.get(number)
        if kept and kept.version == version and now < kept.signed_at + TTL:
            return kept.token
        same = kept is not None and kept.version == version
        lst = kept.lst if kept and same else self._build(store, number)
        made = _Kept(version, lst, now, self._sign(number, lst, now))
        with self._lock:
            self._kept[number] = made
        return made.token

    def _build(self, store: CertificateStore, number: int) -> str:
        first = number * LENGTH
        if number < 0 or (number > 0 and store.counted("licences") <= first):
            raise UnknownStatusList("no licence is in a status list of that number")
        states = store.states_between(first, first + LENGTH)
        return compress(pack({i - first: VALUES[state] for i, state in states.items()}, LENGTH))

    def _sign(self, number: int, lst: str, now: int) -> str:
        address, _ = place_in_list(number * LENGTH, self._address)
        header = {
            "alg": "ES256",
            "typ": TYPE,
            "x5c": compact.certificates_header(self._signer.chain),
        }
        payload = {
            "sub": address,
            "iat": now,
            "exp": now + LASTS,
            "ttl": TTL,
            "status_list": {"bits": BITS, "lst": lst},
        }
        signed = compact.signing_input(header, payload)
        return f"{signed}.{compact.encode(self._signer.sign(signed.encode()))}"
