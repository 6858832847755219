"""Tokens with which apps may register themselves, by command."""

from typing import Annotated

import typer

from identity.registering import add_registration_token
from service.registers import REFUSALS, Open, console, day, refuse, table


def add_commands(app: typer.Typer, open_service: Open) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True)
    app.add_typer(
        commands,
        name="registration-tokens",
        help="Who may register apps where HAIHE_REGISTRATION is token.",
    )

    @commands.command("add")
    def add(
        note: Annotated[str, typer.Argument(help="For whom.")],
        uses: Annotated[int, typer.Option(help="How many apps.")] = 1,
        days: Annotated[int, typer.Option(help="How long.")] = 7,
    ) -> None:
        """Make a token; it is shown this once."""
        realm = open_service().realm
        try:
            with realm.writing() as store:
                token = add_registration_token(realm.work(store), note=note, uses=uses, days=days)
        except REFUSALS as error:
            raise refuse(error) from None
        console.print(f"registration token  {token}  (shown only now)")

    @commands.command("list")
    def show() -> None:
        """List the tokens and what is left of them."""
        with open_service().realm.reading() as store:
            tokens = store.registration_tokens.all()
        listed = table("note", "uses left", "until")
        for each in tokens:
            listed.add_row(each.note, str(each.uses_left), day(each.expires_at))
        console.print(listed)

    @commands.command("remove")
    def remove(note: str) -> None:
        """Take all tokens of a note back; apps that were registered stay."""
        with open_service().realm.writing() as store:
            count = store.registration_tokens.remove(note)
        console.print(f"{count} taken back")
