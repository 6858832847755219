"""Logout begun by an app (OpenID Connect RP-Initiated Logout 1.0 §2)."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from identity.errors import BadLogout
from identity.logout import read_logout, seal_after
from identity.pages.frame import Frame, cannot_continue, see_other, signed_in_at
from identity.pages.sign_out import leave
from identity.realm import Realm
from identity.routes.requests import Sent


def add_logout(routes: APIRouter, realm: Realm, frame: Frame) -> None:
    """Add the endpoint."""

    @routes.get("/logout")
    @routes.post("/logout")
    def logout(request: Request, sent: Sent) -> Response:
        """End a sign-in at an app's wish."""
        signed_in = signed_in_at(request, realm)
        try:
            with realm.reading() as store:
                work = realm.work(store)
                asked = read_logout(work, sent, signed_in)
                after = seal_after(work, asked.after)
        except BadLogout as error:
            return cannot_continue(frame, request, error)
        if asked.confirmed:
            return leave(realm, signed_in, asked.after)
        return see_other(f"/sign-out?{urlencode({'after': after})}" if after else "/sign-out")
