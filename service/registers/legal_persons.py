"""`haihe legal-persons`: companies, departments and other bodies."""

from pathlib import Path
from typing import Annotated

import typer

from certificates.catalogue import find_type
from certificates.licences import Authority
from certificates.store import CertificateStore
from identity.operating import registry, suspending
from identity.operating.representatives import change_representative
from service.importing.legal_persons import COLUMNS, import_legal_persons
from service.registers.bringing import bring
from service.registers.people import Report
from service.registers.saying import Open, refusing, say


def legal_persons(open_service: Open) -> typer.Typer:
    """Make the commands."""
    commands = typer.Typer(no_args_is_help=True)

    @commands.command("add")
    def add(code: str, name: str) -> None:
        """Register a company, department or other legal person."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            registry.add_legal_person(realm.work(store), code=code, name=name)
        say(f"{name} is registered")

    @commands.command("import")
    def bring_in(file: Path, report: Report = None) -> None:
        """Register legal persons from a CSV file: code, name; all rows or none."""
        bring(open_service().realm, file, COLUMNS, import_legal_persons, report)

    @commands.command("list")
    def show() -> None:
        """List codes and names."""
        with open_service().realm.reading() as store:
            bodies = store.people.all_legal_persons()
        for body in bodies:
            say(f"{body.code}  {body.name}")

    @commands.command("suspend")
    def suspend(code: str) -> None:
        """Let all mandates of a legal person rest: nobody acts for it from now on."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            count = suspending.suspend_legal_person(realm.work(store), code)
        say(f"{count} mandates rest")

    @commands.command("resume")
    def resume(code: str) -> None:
        """Let all mandates of a legal person go that the city holds back."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            count = suspending.resume_legal_person(realm.work(store), code)
        say(f"{count} mandates hold again")

    @commands.command("change-representative")
    def change(code: str, account: str) -> None:
        """Follow the register to a new legal representative; what the old one granted rests."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            mandate, resting = change_representative(realm.work(store), code, account)
        say(f"mandate {mandate.mandate_id}; {resting} mandates rest until somebody resumes them")

    _add_may_issue(commands, open_service)
    return commands


def _add_may_issue(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("may-issue")
    def may_issue(code: str, type_: Annotated[str, typer.Argument(metavar="TYPE")]) -> None:
        """Give a department the authority for a type of licence, from now on."""
        opened = open_service()
        with refusing():
            kind = find_type(type_)
            with opened.database.writing() as connection:
                with opened.realm.reading() as store:
                    body = registry.find_legal_person(opened.realm.work(store), code)
                CertificateStore(connection).grant_authority(
                    kind.code, body.legal_person_id, Authority(opened.clock(), None)
                )
        say(f"{body.name} may issue {kind.zh} ({kind.en})")
