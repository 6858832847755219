"""The pages on which an app gets a new secret, or is removed."""

from starlette.requests import Request
from starlette.responses import Response

from identity.apps.clients import Client
from identity.operating.changing import REMOVE, ROTATE, do, is_sensitive, propose
from identity.pages.apps.base import ManagingPage
from identity.pages.frame import Form, see_other
from identity.standing.acting import SignedIn

YES = "yes"


class _Ending(ManagingPage):
    """Asks, and does it on a clear yes; of a sensitive app it waits for a second person."""

    act = ""
    template = ""

    def present(self, request: Request, who: SignedIn) -> Response:
        """Ask."""
        client = self.app(request, who)
        context = {"app": client, "sensitive": is_sensitive(client), "unsure": False}
        return self._frame.render(request, self.template, context)

    def take(self, request: Request, who: SignedIn, form: Form) -> Response:
        """Do it, or propose it."""
        client = self.app(request, who)
        if form.get("sure") != YES:
            context = {"app": client, "sensitive": is_sensitive(client), "unsure": True}
            return self._frame.render(request, self.template, context, 400)
        with self._realm.writing() as store:
            work = self._realm.work(store)
            if is_sensitive(client):
                propose(work, client, self.act, {}, who)
                return see_other(f"/apps/{client.client_id}?done=proposed")
            secret = do(work, self.act, client, who)
        return self.after(request, client, secret)

    def after(self, request: Request, client: Client, secret: str) -> Response:
        """Say that it is done."""
        raise NotImplementedError


class SecretPage(_Ending):
    """Gives an app a new secret, shown this once."""

    path = "/apps/{client_id}/secret"
    act = ROTATE
    template = "identity/app-rotate.html"

    def after(self, request: Request, client: Client, secret: str) -> Response:
        """Show the secret."""
        context = {"app": client, "secret": secret, "new": False}
        return self._frame.render(request, "identity/app-secret.html", context)


class RemovePage(_Ending):
    """Removes an app."""

    path = "/apps/{client_id}/remove"
    act = REMOVE
    template = "identity/app-remove.html"

    def after(self, _request: Request, _client: Client, _secret: str) -> Response:
        """Go back to the list."""
        return see_other("/apps?done=removed")
