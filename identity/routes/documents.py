"""What anybody may read: the metadata and the keys."""

from functools import lru_cache

from fastapi import APIRouter, Request, Response

from identity.discovery import describe
from identity.realm import Realm
from identity.routes.requests import JSON, serialised
from identity.signing.keys import CACHE_SECONDS


def add_documents(routes: APIRouter, realm: Realm) -> None:
    """Add the documents of discovery."""
    metadata = serialised(
        describe(
            realm.issuer,
            registration=realm.registration_open,
            pushing_required=realm.pushing_required,
            certificate_methods=realm.certificate_methods,
            detail_types=realm.detail_types,
        )
    )

    async def discovery(_request: Request) -> Response:
        """Describe the provider."""
        return _answer(metadata)

    async def jwks(_request: Request) -> Response:
        """Publish the keys (RFC 7517)."""
        return _answer(realm.keys.document)

    for name in ("openid-configuration", "oauth-authorization-server"):
        routes.add_route(f"/.well-known/{name}", discovery, ["GET"])
    routes.add_route("/jwks", jwks, ["GET"])


@lru_cache(maxsize=4)
def _answer(document: bytes) -> Response:
    """Make an answer that is the same for everybody, once for each document."""
    headers = {"Cache-Control": f"public, max-age={CACHE_SECONDS}"}
    return Response(document, headers=headers, media_type=JSON)
