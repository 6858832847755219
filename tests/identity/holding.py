"""Somebody who holds a key, and proves it: rightly, and wrongly in one thing at a time."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.proofs.dpop import token_hash
from tests.identity.browser import VERIFIER, request_of
from tests.identity.conftest import Site
from tests.identity.world import REDIRECT

RSA = RSAKey.generate_key(2048)
MAKE = {
    "ES256": lambda: ECKey.generate_key("P-256"),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
    "PS256": lambda: RSA,
}


class _Registry(jws.JWSRegistry):
    """Writes whatever it is told."""

    max_header_length = 8192

    def check_header(self, header: Any) -> None:
        pass


def encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


@dataclass
class Holder:
    """An app with a key of DPoP, at a site whose clock it shares."""

    site: Site
    alg: str = "ES256"
    key: Any = None
    nonce: str = ""

    def __post_init__(self) -> None:
        self.key = self.key or MAKE[self.alg]()

    @property
    def thumbprint(self) -> str:
        return str(self.key.thumbprint())

    def proof(
        self,
        path: str,
        method: str = "POST",
        token: str = "",
        header: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A proof; None leaves a name out."""
        usual = {
            "htm": method,
            "htu": self.site.url + path,
            "iat": self.site.world.clock.now,
            "jti": secrets.token_hex(8),
            "ath": token_hash(token) if token else None,
            "nonce": self.nonce or None,
        }
        claims = {name: value for name, value in (usual | changes).items() if value is not None}
        plain = {"alg": self.alg, "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)}
        head = {name: v for name, v in (plain | dict(header or {})).items() if v is not None}
        registry = _Registry(algorithms=[str(head["alg"])], strict_check_header=False)
        return jws.serialize_compact(head, json.dumps(claims), self.key, registry=registry)

    def headers(
        self, path: str, method: str = "POST", token: str = "", **more: Any
    ) -> dict[str, str]:
        bound = {"Authorization": f"DPoP {token}"} if token else {}
        return {**bound, "DPoP": self.proof(path, method, token, **more)}

    def redeem(self, code: str, auth: Mapping[str, str], **form: str) -> httpx.Response:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return self.token(auth, **(sent | {"code_verifier": VERIFIER} | form))

    def token(self, auth: Mapping[str, str], **form: str) -> httpx.Response:
        """Ask the token endpoint with a proof; `auth` is a header, or fields of the form."""
        header = {name: value for name, value in auth.items() if name == "Authorization"}
        fields = {name: value for name, value in auth.items() if name != "Authorization"}
        headers = {**header, **self.headers("/token")}
        return self.site.browser().http.post("/token", data={**fields, **form}, headers=headers)

    def call(self, url: str, token: str, method: str = "GET", **more: Any) -> httpx.Response:
        path = urlsplit(url).path
        headers = self.headers(path, method, token, **more)
        return self.site.browser().http.request(method, url, headers=headers)


def code_of(site: Site, **changes: str | None) -> str:
    """A code of the agent for the company."""
    return site.ready().authorize(request_of(**changes))["code"]
