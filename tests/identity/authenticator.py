"""An authenticator in software (WebAuthn Level 3 §6), honest or not, and the form it fills."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import cbor2
import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from service.tour.forms import Form, read_forms

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 1, 4, 8, 16, 64


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One key; every lie it can tell is a field."""

    origin: str
    flags: int = PRESENT | VERIFIED
    count: int = 0
    step: int = 1
    rp_id: str = ""
    handle: bytes | None = None
    credential_id: bytes = b"credential of a test" + bytes(12)
    client_data: dict[str, Any] = field(default_factory=dict)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        self.handle = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        named = len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(ATTESTED) + bytes(16) + named + cose
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=b64(self._client("webauthn.create", options)),
            attestationObject=b64(attestation),
            transports=["internal"],
        )

    def sign(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.get`."""
        self.count += self.step
        client, data = self._client("webauthn.get", options), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        handle = {} if self.handle is None else {"userHandle": b64(self.handle)}
        return self._answer(
            clientDataJSON=b64(client),
            authenticatorData=b64(data),
            signature=b64(signature),
            **handle,
        )

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        usual = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(usual | {"crossOrigin": False} | self.client_data).encode()

    def _data(self, more: int = 0) -> bytes:
        rp_id = self.rp_id or str(urlsplit(self.origin).hostname)
        flags = bytes([self.flags | more])
        return hashlib.sha256(rp_id.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _answer(self, **response: Any) -> str:
        name = b64(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def passkey_form(page: httpx.Response) -> tuple[Form, dict[str, Any]]:
    """The form of a page that a passkey answers, and what the browser is asked for."""
    forms = [form for form in read_forms(page.text) if "credential" in form.fields]
    options = page.text.partition('data-passkey="')[2].partition('"')[0]
    return forms[0], json.loads(unescape(options))
