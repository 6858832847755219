"""`haihe events`: the audit trail of identity, for an auditor."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from identity.operating import registry
from identity.realm import Work
from identity.store.operating import Wanted
from identity.trail.events import Event
from service.registers.saying import Open, refusing, say, say_table

DAYS = 7
TITLES = ("time (UTC)", "what", "who", "for whom", "mandate", "app", "acr", "result", "about")


def add_events(app: typer.Typer, open_service: Open) -> None:
    """Add the command."""

    @app.command("events")
    def events(
        days: Annotated[int, typer.Option(help="Of how many days.", min=1)] = DAYS,
        account: Annotated[str, typer.Option(help="Of one person.")] = "",
        client: Annotated[str, typer.Option(help="Of one app.")] = "",
        kind: Annotated[str, typer.Option(help="sign-in, authorization, app-changed, …")] = "",
        most: Annotated[int, typer.Option(help="How many at most.", min=1, max=100_000)] = 100,
        *,
        lines: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    ) -> None:
        """Show who did what, for whom, under which mandate, through which app, and the result."""
        realm = open_service().realm
        with refusing(), realm.reading() as store:
            work = realm.work(store)
            person_id = registry.find_account(work, account).person_id if account else ""
            wanted = Wanted(work.now - days * 86_400, work.now + 1, most, kind, person_id, client)
            found = _name(work, store.events.read(wanted))
        if lines:
            for each in found:
                say(json.dumps(dict(zip(TITLES, each, strict=True)), ensure_ascii=False))
        else:
            say_table(TITLES, found)


def _name(work: Work, events: Sequence[Event]) -> list[Sequence[str]]:
    """Name people by account and legal persons by code, as the registers do."""
    accounts = {each.person_id: each.account for each in work.store.people.all_people()}
    bodies = {each.legal_person_id: each.code for each in work.store.people.all_legal_persons()}
    return [
        (
            datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            event.kind,
            accounts.get(event.person_id, "") or event.channel,
            bodies.get(event.party_id, "self" if event.party_id else ""),
            _mandate(work, event),
            event.client_id,
            event.acr.rpartition(":")[2],
            "done" if event.succeeded else "refused",
            event.detail,
        )
        for event in events
    ]


def _mandate(work: Work, event: Event) -> str:
    """Name the mandates that let the person act for the party at that time."""
    if not event.party_id or event.party_id == event.person_id:
        return ""
    held = work.store.mandates.of_person(event.person_id, event.party_id)
    return " ".join(
        each.mandate_id
        for each in held
        if each.valid_from <= event.at
        and (each.valid_to is None or event.at < each.valid_to)
        and (each.revoked_at is None or event.at < each.revoked_at)
    )
