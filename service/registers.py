"""The registers by command: people, legal persons, mandates and apps."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from certificates.catalogue import find_type
from certificates.errors import CertificateError
from certificates.licences import Authority
from certificates.store import CertificateStore
from identity import registry
from identity.account import sign_out_person
from identity.errors import IdentityError
from identity.realm import Work
from identity.registry import NewClient
from service.importing import (
    LEGAL_PERSONS,
    PEOPLE,
    NothingImported,
    Row,
    add_legal_person,
    add_person,
    import_rows,
    read_rows,
)
from service.opened import Opened

Open = Callable[[], Opened]
console = Console()
REFUSALS = (IdentityError, CertificateError, ValueError)


def add_commands(app: typer.Typer, open_service: Open) -> None:
    """Add the commands of all registers."""
    app.add_typer(_people(open_service), name="people", help="People and their accounts.")
    app.add_typer(
        _legal_persons(open_service), name="legal-persons", help="Companies and departments."
    )
    app.add_typer(_mandates(open_service), name="mandates", help="Who may act for whom.")
    app.add_typer(_clients(open_service), name="clients", help="Apps that sign people in.")


def refuse(error: Exception) -> typer.Exit:
    """Print why something was refused."""
    Console(stderr=True).print(str(error), markup=False, style="red")
    return typer.Exit(1)


def _import(
    opened: Opened, file: Path, columns: tuple[str, ...], add: Callable[[Work, Row], None]
) -> None:
    try:
        rows = read_rows(file, columns)
        count = import_rows(opened, track(rows, "importing", console=console), add)
    except NothingImported as refused:
        for row in refused.rows:
            console.print(f"line {row.line}: {row.reason}", markup=False)
        raise refuse(refused) from None
    except OSError as error:
        raise refuse(error) from None
    console.print(f"{count} rows imported")


def table(name: str, *others: str) -> Table:
    """Make a table whose first column, the one to copy from, is never cut."""
    table = Table()
    table.add_column(name, no_wrap=True)
    for other in others:
        table.add_column(other, overflow="fold")
    return table


def day(seconds: int | None) -> str:
    """Write a Unix time as a day (UTC); a mandate without end holds until revoked."""
    if seconds is None:
        return "revoked"
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _people(open_service: Open) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True)

    @commands.command("add")
    def add(
        account: Annotated[str, typer.Option(help="Name to sign in with.")],
        name: Annotated[str, typer.Option(help="As in the household register.")],
        number: Annotated[str, typer.Option(prompt=True, hide_input=True)],
        password: Annotated[str, typer.Option(prompt=True, hide_input=True)],
    ) -> None:
        """Register a person; number and password are asked for, not given on the line."""
        realm = open_service().realm
        try:
            with realm.writing() as store:
                person = registry.add_person(
                    realm.work(store),
                    account=account,
                    name=name,
                    citizen_number=number,
                    password=password,
                )
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"{person.name} can sign in as {person.account}")

    @commands.command("import")
    def bring(file: Path) -> None:
        """Register people from a CSV file: account,name,number,password; all rows or none."""
        _import(open_service(), file, PEOPLE, add_person)

    @commands.command("list")
    def show() -> None:
        """List accounts and names."""
        with open_service().realm.reading() as store:
            people = store.people.all_people()
        for person in people:
            console.print(f"{person.account:20} {person.name}{'  (demo)' if person.demo else ''}")

    _add_known(commands, open_service)
    return commands


def _add_known(commands: typer.Typer, open_service: Open) -> None:
    """Add what is done about somebody who is registered."""

    @commands.command("sign-out")
    def sign_out(account: str) -> None:
        """End all sign-ins of a person and all that apps hold; the apps are told."""
        realm = open_service().realm
        try:
            with realm.writing() as store:
                work = realm.work(store)
                count = sign_out_person(work, registry.find_account(work, account).person_id)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"{count} sign-ins of {account} have ended")

    @commands.command("describe")
    def describe(account: str, file: Annotated[Path, typer.Argument(exists=True)]) -> None:
        """Keep what else is known of a person: a JSON file by the names of OpenID Connect."""
        realm = open_service().realm
        try:
            about = json.loads(file.read_text("utf-8"))
            with realm.writing() as store:
                registry.describe_person(realm.work(store), account=account, about=about)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"{account} is described by {', '.join(about) or 'nothing'}")


def _legal_persons(open_service: Open) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True)

    @commands.command("add")
    def add(code: str, name: str) -> None:
        """Register a company, department or other legal person."""
        realm = open_service().realm
        try:
            with realm.writing() as store:
                registry.add_legal_person(realm.work(store), code=code, name=name)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"{name} is registered")

    @commands.command("import")
    def bring(file: Path) -> None:
        """Register legal persons from a CSV file: code,name; all rows or none."""
        _import(open_service(), file, LEGAL_PERSONS, add_legal_person)

    @commands.command("list")
    def show() -> None:
        """List codes and names."""
        with open_service().realm.reading() as store:
            bodies = store.people.all_legal_persons()
        for body in bodies:
            console.print(f"{body.code}  {body.name}")

    @commands.command("may-issue")
    def may_issue(code: str, type_: Annotated[str, typer.Argument(metavar="TYPE")]) -> None:
        """Give a department the authority for a type of licence, from now on."""
        opened = open_service()
        try:
            kind = find_type(type_)
        except CertificateError as error:
            raise refuse(error) from None
        with opened.database.writing() as connection:
            work = opened.realm
            with work.reading() as store:
                body = store.people.find_legal_person(code=code)
            if body is None:
                raise refuse(ValueError(f"no legal person with the code {code!r}"))
            CertificateStore(connection).grant_authority(
                kind.code, body.legal_person_id, Authority(opened.clock(), None)
            )
        console.print(f"{body.name} may issue {kind.zh} ({kind.en})")

    return commands


def _mandates(open_service: Open) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True)

    @commands.command("add")
    def add(
        account: Annotated[str, typer.Option(help="Who acts.")],
        code: Annotated[str, typer.Option(help="For whom: a social credit code.")],
        role: Annotated[str, typer.Option(help="agent, clerk, auditor, administrator, …")],
        powers: Annotated[str, typer.Option(help="By commas: licences,issue,verify,audit,…")],
        days: Annotated[int, typer.Option(help="How long; 0: until revoked.", min=0)] = 30,
    ) -> None:
        """Let a person act for a legal person, from now on."""
        opened = open_service()
        realm = opened.realm
        until = opened.clock() + days * 86_400 if days else None
        try:
            with realm.writing() as store:
                mandate = registry.add_mandate(
                    realm.work(store),
                    account=account,
                    code=code,
                    role=role,
                    powers=[each.strip() for each in powers.split(",")],
                    valid_to=until,
                )
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"mandate {mandate.mandate_id}")

    @commands.command("list")
    def show() -> None:
        """List the mandates that hold now."""
        opened = open_service()
        with opened.realm.reading() as store:
            mandates = store.mandates.live_at(opened.clock())
            people = {each.person_id: each.account for each in store.people.all_people()}
            bodies = {each.legal_person_id: each.name for each in store.people.all_legal_persons()}
        listed = table("mandate", "account", "acts for", "role", "powers", "until")
        for each in mandates:
            who, whom = people[each.person_id], bodies[each.legal_person_id]
            powers, until = " ".join(sorted(each.powers)), day(each.valid_to)
            listed.add_row(each.mandate_id, who, whom, each.role, powers, until)
        console.print(listed)

    @commands.command("revoke")
    def revoke(mandate_id: str) -> None:
        """Take a mandate back; it works at once."""
        realm = open_service().realm
        try:
            with realm.writing() as store:
                registry.revoke_mandate(realm.work(store), mandate_id)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print("revoked")

    return commands


def _clients(open_service: Open) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True)
    _add_registration(commands, open_service)

    @commands.command("list")
    def show() -> None:
        """List all apps."""
        realm = open_service().realm
        with realm.reading() as store:
            clients = registry.list_clients(realm.work(store))
        listed = table("client", "name", "kind", "redirect addresses", "scopes")
        for each in clients:
            where, scopes = "\n".join(each.redirect_uris), " ".join(sorted(each.scopes))
            listed.add_row(each.client_id, each.name, each.kind, where, scopes)
        console.print(listed)

    @commands.command("rotate-secret")
    def rotate(client_id: str) -> None:
        """Give an app a new secret; the one before works for a day beside it."""
        realm = open_service().realm
        try:
            with realm.writing() as store:
                secret = registry.rotate_secret(realm.work(store), client_id)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"client secret  {secret}  (shown only now)")

    return commands


def _add_registration(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("add")
    def add(
        client_id: str,
        name: Annotated[str, typer.Option(help="Shown to people.")],
        owner: Annotated[str, typer.Option(help="Social credit code of who registers it.")],
        kind: Annotated[str, typer.Option(help="web, public or service")] = "web",
        scope: Annotated[str, typer.Option(help="Most it may ask for.")] = "openid profile",
        redirect: Annotated[list[str] | None, typer.Option(help="Redirect address.")] = None,
        logout: Annotated[list[str] | None, typer.Option(help="Address after logout.")] = None,
        profile: Annotated[str, typer.Option(help="standard or compatible")] = "standard",
        auth: Annotated[str, typer.Option(help="How it proves itself; default: of its kind.")] = "",
        jwks: Annotated[Path | None, typer.Option(help="Its public keys.", exists=True)] = None,
    ) -> None:
        """Register an app; its secret is shown this once."""
        realm = open_service().realm
        new = NewClient(
            client_id=client_id,
            name=name,
            owner_code=owner,
            kind=kind,
            scopes=frozenset(scope.split()),
            redirect_uris=tuple(redirect or ()),
            logout_uris=tuple(logout or ()),
            auth_method=auth,
            profile=profile,
            jwks=jwks.read_text("utf-8") if jwks else "",
        )
        try:
            with realm.writing() as store:
                client, secret = registry.add_client(realm.work(store), new)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"client id      {client.client_id}")
        console.print(f"client secret  {secret or 'none'}  (shown only now)")
