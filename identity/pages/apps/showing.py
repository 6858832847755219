"""The page of one app: how it is registered, how to connect it, what went wrong lately."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from identity.apps.clients import Client
from identity.asking.scopes import SCOPES
from identity.errors import BadRegistrationRequest, NotRegistered
from identity.operating.apps import secret_since
from identity.operating.changing import (
    approve,
    changes_in,
    differences,
    find_own,
    is_sensitive,
    reject,
)
from identity.operating.checkup import Finding, look_at
from identity.pages.apps.base import ManagingPage
from identity.pages.apps.snippets import snippets_for
from identity.pages.apps.words import (
    ACT_WORDS,
    ADVICE,
    CHECK_WORDS,
    DONE,
    FIELD_WORDS,
    KIND_WORDS,
    PROFILE_WORDS,
    STATE_WORDS,
)
from identity.pages.frame import Form, see_other
from identity.provider import first_difference
from identity.realm import Work
from identity.standing.acting import SignedIn


class AppPage(ManagingPage):
    """Shows an app, looks at how it is set up, and decides on what waits."""

    path = "/apps/{client_id}"
    careful = False

    def present(self, request: Request, who: SignedIn) -> Response:
        """Show the app."""
        return self._render(request, who, ())

    def take(self, request: Request, who: SignedIn, form: Form) -> Response:
        """Look at the set-up, or decide on a change."""
        client = self.app(request, who)
        if form.get("act") == "check":
            return self._render(request, who, look_at(self._realm, client.client_id))
        self.confirm(who)
        try:
            return self._decide(request, who, client, form)
        except (NotRegistered, BadRegistrationRequest):
            return see_other(f"/apps/{client.client_id}?done=gone")

    def _decide(self, request: Request, who: SignedIn, client: Client, form: Form) -> Response:
        change_id, client_id = form.get("change", ""), client.client_id
        if form.get("act") == "reject":
            with self._realm.writing() as store:
                reject(self._realm.work(store), who, client_id, change_id)
            return see_other(f"/apps/{client_id}?done=rejected")
        secret = approve(self._realm, who, client_id, change_id)
        if secret:
            context = {"app": client, "secret": secret, "new": False}
            return self._frame.render(request, "identity/app-secret.html", context)
        with self._realm.reading() as store:
            left = store.clients.find(client_id) is not None
        return see_other(f"/apps/{client_id}?done=approved" if left else "/apps?done=removed")

    def _render(self, request: Request, who: SignedIn, findings: Sequence[Finding]) -> Response:
        tried = request.query_params.get("try", "").strip()
        with self._realm.reading() as store:
            work = self._realm.work(store)
            client = find_own(work, who, request.path_params["client_id"])
            context: dict[str, Any] = {
                "app": client,
                "since": secret_since(work, client),
                "last": store.activity.find(client.client_id),
                "faults": store.refusals.of_client(client.client_id),
                "changes": _waiting(work, client, who),
            }
        context |= {
            "tried": tried,
            "difference": _difference(client, tried),
            "findings": findings,
            "snippets": snippets_for(client, self._realm.issuer),
            "scopes": [SCOPES[name] for name in SCOPES if name in client.scopes],
            "done": DONE.get(request.query_params.get("done", "")),
            "sensitive": is_sensitive(client),
            "issuer": self._realm.issuer,
            **WORDS,
        }
        return self._frame.render(request, "identity/app.html", context)


WORDS = {
    "kinds": KIND_WORDS,
    "profiles": PROFILE_WORDS,
    "checks": CHECK_WORDS,
    "states": STATE_WORDS,
    "advice": ADVICE,
    "acts": ACT_WORDS,
    "fields": FIELD_WORDS,
}


def _difference(client: Client, tried: str) -> str:
    """Say where an address that an app sends differs from what is registered; empty if it is."""
    if not tried or client.accepts_redirect(tried):
        return ""
    return first_difference(tried, client.redirect_uris)


def _waiting(work: Work, client: Client, who: SignedIn) -> list[dict[str, Any]]:
    waiting = work.store.changes.of_client(client.client_id, work.now)
    names = work.store.people.find_parties({each.proposed_by for each in waiting})
    return [
        {
            "change": each,
            "by": names[each.proposed_by].name if each.proposed_by in names else "",
            "own": each.proposed_by == who.person.person_id,
            "differences": differences(client, changes_in(each)),
        }
        for each in waiting
    ]
