"""What anybody may read: the metadata and the keys."""

from fastapi import APIRouter, Response

from identity.discovery import describe
from identity.keys import CACHE_SECONDS
from identity.realm import Realm
from identity.routes.requests import JSON, serialised


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
    headers = {"Cache-Control": f"public, max-age={CACHE_SECONDS}"}

    @routes.get("/.well-known/openid-configuration")
    @routes.get("/.well-known/oauth-authorization-server")
    async def discovery() -> Response:
        """Describe the provider."""
        return Response(metadata, headers=headers, media_type=JSON)

    @routes.get("/jwks")
    async def jwks() -> Response:
        """Publish the keys (RFC 7517)."""
        return Response(realm.keys.document, headers=headers, media_type=JSON)
