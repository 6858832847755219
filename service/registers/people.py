"""`haihe people`: people and their accounts."""

import json
from pathlib import Path
from typing import Annotated

import typer

from identity.operating import registry, suspending, vouching
from identity.sign_in.choosing import check_choice
from identity.sign_in.hashing import hash_password
from identity.standing.account import sign_out_person
from service.importing.people import COLUMNS, import_people
from service.registers.bringing import bring
from service.registers.saying import Open, refusing, say

Report = Annotated[
    Path | None, typer.Option(help="Where refused rows are written; default: FILE.refused.csv.")
]
Hidden = Annotated[str, typer.Option(prompt=True, hide_input=True)]


def people(open_service: Open) -> typer.Typer:
    """Make the commands."""
    commands = typer.Typer(no_args_is_help=True)
    _add_registration(commands, open_service)
    _add_states(commands, open_service)
    return commands


def _add_registration(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("add")
    def add(
        account: Annotated[str, typer.Option(help="Name to sign in with.")],
        name: Annotated[str, typer.Option(help="As in the household register.")],
        number: Hidden,
        password: Hidden,
    ) -> None:
        """Register a person; number and password are asked for, not given on the line."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            person = registry.add_person(
                realm.work(store),
                account=account,
                name=name,
                citizen_number=number,
                password=password,
            )
        say(f"{person.name} can sign in as {person.account}")

    @commands.command("import")
    def bring_in(file: Path, report: Report = None) -> None:
        """Register people from a CSV file: account, name, number, password; all rows or none.

        Headers in Chinese or English, UTF-8 or GB18030. Without a password somebody signs in
        once `haihe people password` gave them one. Rows that are there already are passed over.
        """
        bring(open_service().realm, file, COLUMNS, import_people, report)

    @commands.command("describe")
    def describe(account: str, file: Path) -> None:
        """Keep what else is known of a person: a JSON file by the names of OpenID Connect."""
        realm = open_service().realm
        with refusing():
            about = json.loads(file.read_text("utf-8"))
            with realm.writing() as store:
                registry.describe_person(realm.work(store), account=account, about=about)
        say(f"{account} is described by {', '.join(about) or 'nothing'}")

    @commands.command("list")
    def show() -> None:
        """List accounts and names."""
        with open_service().realm.reading() as store:
            everybody = store.people.all_people()
        for person in everybody:
            marks = "  (demo)" * person.demo + "  (suspended)" * person.suspended
            say(f"{person.account:20} {person.name}{marks}")


def _add_states(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("sign-out")
    def sign_out(account: str) -> None:
        """End all sign-ins of a person and all that apps hold; the apps are told."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            work = realm.work(store)
            count = sign_out_person(work, registry.find_account(work, account).person_id)
        say(f"{count} sign-ins of {account} have ended")

    @commands.command("suspend")
    def suspend(account: str) -> None:
        """Keep a person from signing in; their sign-ins and what apps hold end at once."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            suspending.suspend_person(realm.work(store), account)
        say(f"{account} cannot sign in any more")

    @commands.command("resume")
    def resume(account: str) -> None:
        """Let a person sign in again."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            suspending.resume_person(realm.work(store), account)
        say(f"{account} can sign in again")

    @commands.command("vouch")
    def vouch(account: str, level: int) -> None:
        """Note how surely a person is known: 4 seen in person or by camera, 5 by a certificate.

        It counts from their next sign-in with two factors. Level 2 takes the note back.
        """
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            vouching.vouch_for(realm.work(store), account, level)
        say(f"{account} is known at level {level}")

    @commands.command("reset-factors")
    def reset_factors(account: str) -> None:
        """Take away codes and passkeys of a person who lost them; their sign-ins end."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            vouching.reset_factors(realm.work(store), account)
        say(f"{account} signs in with the password alone until they set up a new second step")

    @commands.command("password")
    def password(account: str, password: Hidden) -> None:
        """Give a person a new password, asked for; their sign-ins end."""
        realm = open_service().realm
        with refusing():
            check_choice(password, account, realm.is_leaked)
            hashed = hash_password(password)
            with realm.writing() as store:
                suspending.set_password(realm.work(store), account, hashed)
        say(f"{account} has a new password")
