"""`haihe mandates`: who may act for whom."""

from pathlib import Path
from typing import Annotated

import typer

from identity.operating import registry, suspending
from service.importing.mandates import COLUMNS, import_mandates
from service.registers.bringing import bring
from service.registers.people import Report
from service.registers.saying import Open, day_of, refusing, say, say_table


def mandates(open_service: Open) -> typer.Typer:
    """Make the commands."""
    commands = typer.Typer(no_args_is_help=True)
    _add_registration(commands, open_service)
    _add_states(commands, open_service)
    return commands


def _add_registration(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("add")
    def add(
        account: Annotated[str, typer.Option(help="Who acts.")],
        code: Annotated[str, typer.Option(help="For whom: a social credit code.")],
        role: Annotated[str, typer.Option(help="agent, clerk, auditor, administrator, …")],
        powers: Annotated[str, typer.Option(help="By commas: licences,issue,verify,audit,…")],
        days: Annotated[int, typer.Option(help="How long; 0: until revoked.", min=0)] = 30,
        matters: Annotated[str, typer.Option(help="For these alone, by commas.")] = "",
        *,
        joint: Annotated[bool, typer.Option(help="They grant only with a second person.")] = False,
    ) -> None:
        """Let a person act for a legal person, from now on."""
        opened = open_service()
        realm = opened.realm
        until = opened.clock() + days * 86_400 if days else None
        with refusing(), realm.writing() as store:
            mandate = registry.add_mandate(
                realm.work(store),
                account=account,
                code=code,
                role=role,
                powers=[each.strip() for each in powers.split(",")],
                valid_to=until,
                matters=[each.strip() for each in matters.split(",") if each.strip()],
                joint=joint,
            )
        say(f"mandate {mandate.mandate_id}")

    @commands.command("import")
    def bring_in(file: Path, report: Report = None) -> None:
        """Add mandates from a CSV file: account, code, role, powers, until; all rows or none."""
        bring(open_service().realm, file, COLUMNS, import_mandates, report)

    @commands.command("list")
    def show() -> None:
        """List the mandates that hold now."""
        opened = open_service()
        with opened.realm.reading() as store:
            held = store.mandates.live_at(opened.clock())
            people = {each.person_id: each.account for each in store.people.all_people()}
            bodies = {each.legal_person_id: each.name for each in store.people.all_legal_persons()}
        rows = [
            (
                each.mandate_id,
                people[each.person_id],
                bodies[each.legal_person_id],
                each.role,
                " ".join(sorted(each.powers)),
                day_of(each.valid_to),
            )
            for each in held
        ]
        say_table(("mandate", "account", "acts for", "role", "powers", "until"), rows)


def _add_states(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("revoke")
    def revoke(mandate_id: str) -> None:
        """Take a mandate back; it works at once."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            registry.revoke_mandate(realm.work(store), mandate_id)
        say("revoked")

    @commands.command("suspend")
    def suspend(mandate_id: str) -> None:
        """Let a mandate rest; it allows nothing until it is resumed."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            suspending.suspend_mandate(realm.work(store), mandate_id)
        say("suspended")

    @commands.command("resume")
    def resume(mandate_id: str) -> None:
        """Let a suspended mandate hold again."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            work = realm.work(store)
            holds = suspending.resume_mandate(work, mandate_id).is_live(work.now)
        say("holds again" if holds else "the city holds it back no more; it does not hold yet")
