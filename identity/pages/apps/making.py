"""The pages on which an app is registered, and changed."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from identity.apps.clients import KINDS, Client
from identity.asking.scopes import SCOPES
from identity.errors import BadRegistrationRequest
from identity.metadata.allowances import by_operator
from identity.metadata.reading import read_client
from identity.operating.apps import add_app
from identity.operating.changing import (
    CHANGE,
    check_manages,
    do,
    is_sensitive,
    propose,
    read_changed,
)
from identity.pages.apps import forms
from identity.pages.apps.base import ManagingPage
from identity.pages.apps.words import KIND_HINTS, KIND_WORDS, PROFILE_HINTS, PROFILE_WORDS
from identity.pages.frame import BAD_REQUEST, Form, is_drafted_for, see_other
from identity.standing.acting import SignedIn
from identity.strangers.fetching import fetch


class NewPage(ManagingPage):
    """Asks for the kind first, then for what that kind needs."""

    path = "/apps/new"

    def present(self, request: Request, who: SignedIn) -> Response:
        """Show the kinds, or the form of one."""
        kind = request.query_params.get("kind", "")
        if kind not in KINDS:
            context = {"kinds": KIND_WORDS, "hints": KIND_HINTS}
            return self._frame.render(request, "identity/app-kind.html", context)
        return self._ask(request, who, kind, forms.empty(kind))

    def take(self, request: Request, who: SignedIn, form: Form) -> Response:
        """Register the app and show its secret this once."""
        kind = form.get("kind", "")
        if kind not in KINDS:
            return see_other(self.path)
        if who.party is None or not is_drafted_for(form, who.party):
            return self._ask(request, who, kind, forms.typed(form), switched=True)
        reach = self._realm.reach
        try:
            allowance = by_operator(check_manages(who))
            client = read_client(
                forms.new_document(form, kind, who.powers),
                self._realm.fresh_id(),
                allowance,
                lambda address: fetch(address, reach),
            )
        except BadRegistrationRequest as error:
            return self._ask(request, who, kind, forms.typed(form), error)
        with self._realm.writing() as store:
            client, secret = add_app(self._realm.work(store), client, who.who)
        context = {"app": client, "secret": secret, "new": True}
        return self._frame.render(request, "identity/app-secret.html", context)

    def _ask(
        self,
        request: Request,
        who: SignedIn,
        kind: str,
        values: dict[str, Any],
        error: BadRegistrationRequest | None = None,
        *,
        switched: bool = False,
    ) -> Response:
        scopes = forms.scopes_for(kind, who.powers)
        context = {**form_context(kind, scopes, values, error), "app": None, "action": self.path}
        context |= {"party": who.party, "switched": switched}
        status = BAD_REQUEST if error or switched else 200
        return self._frame.render(request, "identity/app-form.html", context, status)


class EditPage(ManagingPage):
    """Changes what is registered; of a sensitive app only with a second person."""

    path = "/apps/{client_id}/edit"

    def present(self, request: Request, who: SignedIn) -> Response:
        """Show the form as the app is registered."""
        client = self.app(request, who)
        return self._ask(request, who, client, forms.filled(client))

    def take(self, request: Request, who: SignedIn, form: Form) -> Response:
        """Change it, or propose to."""
        client = self.app(request, who)
        try:
            wanted = forms.changes(form, client, who.powers)
            new = read_changed(self._realm, client, wanted)
        except BadRegistrationRequest as error:
            return self._ask(request, who, client, forms.typed(form), error)
        if not wanted:
            return see_other(f"/apps/{client.client_id}")
        with self._realm.writing() as store:
            work = self._realm.work(store)
            if is_sensitive(client) or is_sensitive(new):
                propose(work, client, CHANGE, wanted, who)
                return see_other(f"/apps/{client.client_id}?done=proposed")
            secret = do(work, CHANGE, new, who)
        if secret:
            context = {"app": new, "secret": secret, "new": False}
            return self._frame.render(request, "identity/app-secret.html", context)
        return see_other(f"/apps/{client.client_id}?done=changed")

    def _ask(
        self,
        request: Request,
        who: SignedIn,
        client: Client,
        values: dict[str, Any],
        error: BadRegistrationRequest | None = None,
    ) -> Response:
        scopes = forms.scopes_for(client.kind, who.powers, client.scopes)
        context = {
            **form_context(client.kind, scopes, values, error),
            "app": client,
            "action": f"/apps/{client.client_id}/edit",
            "sensitive": is_sensitive(client),
        }
        status = BAD_REQUEST if error else 200
        return self._frame.render(request, "identity/app-form.html", context, status)


def form_context(
    kind: str, scopes: Sequence[str], values: dict[str, Any], error: BadRegistrationRequest | None
) -> dict[str, Any]:
    """Return what the form needs."""
    return {
        "kind": kind,
        "kinds": KIND_WORDS,
        "profiles": PROFILE_WORDS,
        "profile_hints": PROFILE_HINTS,
        "scopes": [SCOPES[name] for name in scopes],
        "values": values,
        "error": str(error) if error else "",
        "wrong": forms.field_of(error) if error else "",
        "sensitive": False,
        "switched": False,
    }
