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
        if request.method == "POST" and signed_in is None and not sent.fault:
            # Another site's POST comes without our cookie; the GET that follows it has it.
            return see_other(f"/logout?{urlencode(sent.values)}")
        try:
            with realm.reading() as store:
                asked = read_logout(realm.work(store), sent, signed_in)
        except BadLogout as error:
            return cannot_continue(frame, request, error)
        if asked.confirmed:
            return leave(realm, signed_in, asked.after)
        carried = {
            "after": seal_after(realm.seals, asked),
            "ui_locales": sent.get("ui_locales"),
        }
        told = {name: value for name, value in carried.items() if value}
        return see_other(f"/sign-out?{urlencode(told)}" if told else "/sign-out")
