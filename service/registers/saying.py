"""How the commands of the registers speak: results, tables, refusals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table

from certificates.errors import CertificateError
from identity.errors import IdentityError
from service.opened import Opened

Open = Callable[[], Opened]
REFUSED = 1
console = Console()


def refuse(error: Exception) -> typer.Exit:
    """Say why something was not done; the command ends with 1."""
    Console(stderr=True).print(str(error), markup=False, style="red", soft_wrap=True)
    return typer.Exit(REFUSED)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what the domains and files refuse into a word and an exit code."""
    try:
        yield
    except (IdentityError, CertificateError, ValueError, OSError) as error:
        raise refuse(error) from None


def say(text: str) -> None:
    """Say what was done."""
    console.print(text, markup=False, soft_wrap=True)


def say_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose first column, the one to copy from, is never cut."""
    table = Table()
    table.add_column(titles[0], no_wrap=True)
    for title in titles[1:]:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def say_secret(secret: str) -> None:
    """Show a secret this once."""
    say(f"client secret  {secret or 'none'}" + ("  (shown only now)" if secret else ""))


def say_document(document: Mapping[str, object]) -> None:
    """Print a JSON document as it is, to be read by other programs too."""
    console.print_json(data=document, ensure_ascii=False, indent=2)


def day_of(seconds: int | None) -> str:
    """Write a Unix time as a day (UTC); a mandate without end holds until revoked."""
    if seconds is None:
        return "revoked"
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
