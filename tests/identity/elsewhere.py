"""Another OpenID provider, small, honest or not: every lie it can tell is a field."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.identity.world import Clock
from tests.service.running import free_port

SECRET = "our secret there"


@dataclass
class Elsewhere:
    """A provider that signs one person in at once."""

    url: str
    clock: Clock
    subject: str = "somebody there"
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str | None] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: Any = None
    body: bytes | None = None
    asked: dict[str, str] = field(default_factory=dict)
    redeemed: dict[str, str] = field(default_factory=dict)
    authorization: str = ""
    good: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "there"}))

    def id_token(self) -> str:
        now = self.clock.now
        usual = {
            "iss": self.url,
            "sub": self.subject,
            "aud": self.asked["client_id"],
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked["nonce"],
            "auth_time": now,
        }
        claims = {name: v for name, v in (usual | self.claims).items() if v is not None}
        header = {"alg": "ES256", "kid": "there"} | self.header
        key = self.key or self.good
        if header["alg"] == "none":
            return unsigned(header, claims)
        return jwt.encode(header, claims, key, [header["alg"]])

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def metadata() -> Response:
            if self.body is not None:
                return Response(self.body, media_type="application/json")
            usual = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "authorization_response_iss_parameter_supported": True,
            }
            return JSONResponse(usual | self.metadata)

        @app.get("/authorize")
        def authorize(request: Request) -> Response:
            self.asked = dict(request.query_params)
            usual = {"code": "the code", "state": self.asked["state"], "iss": self.url}
            told = {name: v for name, v in (usual | self.answer).items() if v is not None}
            return RedirectResponse(f"{self.asked['redirect_uri']}?{urlencode(told)}", 303)

        @app.post("/token")
        async def token(request: Request) -> Response:
            form = await request.form()
            self.redeemed = {name: str(value) for name, value in form.items()}
            self.authorization = request.headers.get("authorization", "")
            digest = hashlib.sha256(self.redeemed["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if challenge != self.asked["code_challenge"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
            answer = {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
            return JSONResponse(answer)

        @app.get("/jwks")
        def jwks() -> Response:
            return JSONResponse({"keys": [self.good.as_dict(private=False)]})

        return app


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    signed = jwt.encode(header | {"alg": "HS256"}, claims, OctKey.generate_key(256), ["HS256"])
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{signed.split('.')[1]}."


@contextmanager
def elsewhere(clock: Clock) -> Iterator[Elsewhere]:
    """Run such a provider."""
    port = free_port()
    provider = Elsewhere(f"http://127.0.0.1:{port}", clock)
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join()
