"""The command `haihe`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from service import registers
from service.auditing import check_file, print_audit, write_evidence, write_trust
from service.checking_faces import verify_files
from service.monitor_command import monitor
from service.opened import Opened, open_service, wall_clock
from service.serving import Where
from service.serving import serve as serve_service
from service.settings import RULES, BadSetting, Settings, read_settings
from service.token_keys import add_key_commands
from service.tour.telling import tell
from service.witnessing import commands as witness_commands

app = typer.Typer(
    help="Haihe: one sign-in, electronic licences, and a proof of every use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()


def _settings(port: int = 0) -> Settings:
    try:
        return read_settings(os.environ, port)
    except BadSetting as bad:
        raise _refused(bad) from None


def _opened() -> Opened:
    settings = _settings()
    try:
        return open_service(settings, demo=False)
    except BadSetting as bad:
        raise _refused(bad) from None
    except OperationalError as error:
        raise _refused(_no_database(settings, error)) from None


def _no_database(settings: Settings, error: OperationalError) -> BadSetting:
    return BadSetting(
        "HAIHE_DATABASE_URL",
        make_url(settings.database_url).render_as_string(hide_password=True),
        f"the database does not answer ({str(error.orig).strip().splitlines()[0]})",
        RULES["HAIHE_DATABASE_URL"].good,
    )


def _refused(bad: BadSetting) -> typer.Exit:
    Console(stderr=True).print(str(bad), markup=False, style="red")
    return typer.Exit(2)


registers.add_commands(app, _opened)
add_key_commands(app, _opened)
app.add_typer(witness_commands, name="witness")
app.command()(monitor)


@app.command()
def serve(
    *,
    demo: Annotated[bool, typer.Option(help="Add demo people and let them sign in.")] = False,
    host: Annotated[str, typer.Option(help="Where to listen; default: as the issuer.")] = "",
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Where to listen, and the issuer's unless it is set."),
    ] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; needs PostgreSQL.")] = 1,
) -> None:
    """Start the service: set up what is missing, then serve."""
    settings = _settings(port)
    where = Where(host, port, workers)
    try:
        serve_service(settings, where, demo=demo, console=console)
    except BadSetting as bad:
        raise _refused(bad) from None
    except OperationalError as error:
        raise _refused(_no_database(settings, error)) from None


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    _opened().database.close()
    console.print("The database has the newest schema.")


@app.command()
def audit() -> None:
    """Recompute everything from the rows to the chain; exit 1 at the first thing that changed."""
    raise typer.Exit(0 if print_audit(_opened(), console) else 1)


@app.command()
def evidence(
    record: Annotated[str, typer.Argument(help="Leaf number or id of the record.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    fields: Annotated[str, typer.Option(help="Fields to open, by commas; default: all.")] = "",
) -> None:
    """Write the evidence of a record into a file that proves it to anybody."""
    raise typer.Exit(0 if write_evidence(_opened(), record, out, fields, console) else 1)


@app.command()
def trust(out: Annotated[Path, typer.Option(help="File to write.")]) -> None:
    """Write what a verifier pins: log key, contract, chain, city root."""
    raise typer.Exit(0 if write_trust(_opened(), out, console) else 1)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Evidence file, or a licence as SD-JWT text.")],
    trust: Annotated[Path, typer.Option(help="File of `haihe trust`.")],
) -> None:
    """Check evidence or a licence, without network and without database."""
    raise typer.Exit(0 if check_file(file, trust, console) else 1)


@app.command()
def verify(
    files: Annotated[
        list[Path], typer.Argument(help="Faces of one licence: PDF, SD-JWT, QR as text or picture.")
    ],
    trust: Annotated[Path, typer.Option(help="File of `haihe trust`.")],
) -> None:
    """Verify a licence's PDF, text or QR code, or several together, without network."""
    raise typer.Exit(0 if verify_files(files, trust, wall_clock(), console) else 1)


@app.command()
def tour(
    url: Annotated[str, typer.Option(help="Address of a running service with demo data.")],
) -> None:
    """Walk through the main job over HTTP, as outsiders would."""
    raise typer.Exit(0 if tell(url, console) else 1)


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
