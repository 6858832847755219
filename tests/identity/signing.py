"""An app with keys of its own: assertions and proofs, right and wrong."""

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.apps.clients import SERVICE
from identity.operating.registry import NewClient, add_client
from identity.proofs.assertions import JWT_BEARER
from tests.identity.world import COMPANY_CODE, World

EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
STRANGER = ECKey.generate_key("P-256", {"kid": "ec"})
KEYS = {"ES256": EC, "EdDSA": ED, "PS256": RSA, "RS256": RSA}
JWKS = json.dumps({"keys": [key.as_dict(private=False) for key in (EC, ED, RSA)]})


def signed(claims: dict[str, Any], alg: str = "ES256", key: Any = None, **header: Any) -> str:
    key = key or KEYS[alg]
    return jwt.encode({"alg": alg, "kid": key.get("kid"), **header}, claims, key, [alg])


def assertion(world: World, client_id: str = "signer", alg: str = "ES256", **changes: Any) -> str:
    """An assertion of an app; None leaves a claim out."""
    now = world.clock.now
    usual = {
        "iss": client_id,
        "sub": client_id,
        "aud": world.realm.issuer,
        "iat": now,
        "exp": now + 60,
        "jti": world.realm.fresh_id(),
    }
    claims = {name: value for name, value in (usual | changes).items() if value is not None}
    return signed(claims, alg)


def proving(text: str) -> dict[str, str]:
    """The form fields in which an assertion is sent."""
    return {"client_assertion_type": JWT_BEARER, "client_assertion": text}


def add_signer(world: World, client_id: str = "signer", **changes: Any) -> None:
    """Register an app that signs; once."""
    with world.working() as work:
        if work.store.clients.find(client_id) is None:
            usual = {"kind": SERVICE, "scopes": frozenset({"licence.verify"}), "jwks": JWKS}
            add_client(work, NewClient(client_id, "演示·银行", COMPANY_CODE, **(usual | changes)))
