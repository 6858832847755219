"""The addresses of OAuth 2.1 and OpenID Connect, one module for each endpoint or group of them."""

from fastapi import APIRouter

from identity.pages.frame import Frame
from identity.realm import Realm
from identity.routes import registration
from identity.routes.authorize import add_authorize
from identity.routes.back_channel import add_back_channel
from identity.routes.documents import add_documents
from identity.routes.logout import add_logout
from identity.routes.par import add_pushing
from identity.routes.userinfo import add_userinfo


def router(realm: Realm, frame: Frame) -> APIRouter:
    """Make the routes of the protocol."""
    routes = APIRouter(include_in_schema=False)
    add_documents(routes, realm)
    add_authorize(routes, realm, frame)
    add_back_channel(routes, realm)
    add_pushing(routes, realm)
    add_userinfo(routes, realm)
    add_logout(routes, realm, frame)
    if realm.registration_open:
        routes.include_router(registration.router(realm))
    return routes
