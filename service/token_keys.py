"""The command for token keys: see them, rotate them, retire one that may be known to others."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from identity.errors import NotRegistered
from identity.operating.rotating import newest_of, refresh_keys, retire, rotate
from identity.signing.keys import KINDS, KeptKey, signing_kids
from service.opened import Opened

console = Console()


def add_key_commands(app: typer.Typer, open_service: Callable[[], Opened]) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True)
    app.add_typer(commands, name="keys", help="Keys that sign tokens.")

    @commands.command("list")
    def show() -> None:
        """List the keys: which signs, which waits for its time, which is only accepted still."""
        opened = open_service()
        console.print(_table(refresh_keys(opened.realm), opened.clock()))

    @commands.command("rotate")
    def renew(
        algorithm: Annotated[str, typer.Option(help="One algorithm; default: all.")] = "",
    ) -> None:
        """Publish new keys that sign as soon as every app has had time to learn of them."""
        if algorithm and algorithm not in KINDS:
            raise _refuse(f"algorithms are {', '.join(KINDS)}")
        realm = open_service().realm
        kept = refresh_keys(realm)
        for name in [algorithm] if algorithm else KINDS:
            new = rotate(realm, newest_of(kept, name))
            if new is not None:
                console.print(f"{name}  {new.kid}  signs from {_time(new.signs_from)}")

    @commands.command("retire")
    def end(kid: str) -> None:
        """Refuse a key and all that it signed, at once; for keys that others may know."""
        try:
            retire(open_service().realm, kid)
        except NotRegistered as error:
            raise _refuse(str(error)) from None
        console.print("retired: what it signed is refused within seconds; apps whose key set")
        console.print("is older than the key that signs now fetch it again")


def _table(kept: Sequence[KeptKey], now: int) -> Table:
    signing = signing_kids(kept, now)
    table = Table()
    table.add_column("key", no_wrap=True)
    for title in ("algorithm", "state", "published", "signs from", "leaves"):
        table.add_column(title)
    for key in kept:
        waits = "waits" if key.signs_from > now else "accepted"
        state = "signs" if key.kid in signing else waits
        leaves = _time(key.ends_at) if key.ends_at else ""
        times = _time(key.created_at), _time(key.signs_from), leaves
        table.add_row(key.kid, key.algorithm, state, *times)
    return table


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _refuse(why: str) -> typer.Exit:
    Console(stderr=True).print(why, markup=False, style="red")
    return typer.Exit(1)
