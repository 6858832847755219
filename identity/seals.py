"""Values that may leave the service, or rest in its database, without being readable there.

AES-SIV (RFC 5297) is deterministic: the same value under the same label always seals to the same
bytes. So a unique index finds a sealed citizen number, and a pairwise subject needs no table. It
also authenticates: what opens was sealed here, under that very label.
"""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from identity.errors import SealBroken

KEY_BYTES = 64


class Seals:
    """Seals and opens values under labels."""

    def __init__(self, key: bytes) -> None:
        """Take the key: 64 random bytes, for AES-256-SIV."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a seal key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESSIV(key)

    def seal(self, content: bytes, *label: str) -> bytes:
        """Seal `content`; the label says what for."""
        return self._cipher.encrypt(content, [part.encode() for part in label])

    def open(self, sealed: bytes, *label: str) -> bytes:
        """Open what was sealed under the same label.

        Raises:
            SealBroken: not sealed here, or under another label.
        """
        try:
            return self._cipher.decrypt(sealed, [part.encode() for part in label])
        except (InvalidTag, ValueError):
            raise SealBroken(f"not a value sealed here as {label[0]}") from None

    def seal_text(self, content: bytes, *label: str) -> str:
        """Seal `content` into text that fits a URL."""
        return base64.urlsafe_b64encode(self.seal(content, *label)).rstrip(b"=").decode()

    def open_text(self, text: str, *label: str) -> bytes:
        """Open what `seal_text` made.

        Raises:
            SealBroken: not sealed here, under another label, or spelled differently.
        """
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            raise SealBroken(f"not a value sealed here as {label[0]}") from None
        content = self.open(sealed, *label)
        if self.seal_text(content, *label) != text:  # Base64 has several spellings, we have one
            raise SealBroken(f"not a value sealed here as {label[0]}")
        return content

    def subject(self, party_id: str, sector: str) -> str:
        """Name a party towards one sector (OpenID Connect Core §8.1).

        Args:
            party_id: 32 hexadecimal digits.
            sector: all clients of one sector see the same name, others another.
        """
        return self.seal_text(bytes.fromhex(party_id), "subject", sector)

    def open_subject(self, subject: str, sector: str) -> str:
        """Find the party that `subject` names towards `sector`.

        Raises:
            SealBroken: it names nobody there.
        """
        return self.open_text(subject, "subject", sector).hex()

    def citizen_number(self, number: str) -> bytes:
        """Seal a citizen number for the database."""
        return self.seal(number.encode(), "citizen number")

    def open_citizen_number(self, sealed: bytes) -> str:
        """Read a citizen number from the database.

        Raises:
            SealBroken: the stored bytes were changed.
        """
        return self.open(sealed, "citizen number").decode()
