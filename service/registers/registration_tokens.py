"""`haihe registration-tokens`: with which apps may register themselves."""

from typing import Annotated

import typer

from identity.operating.registering import add_registration_token, remove_registration_tokens
from service.registers.saying import Open, day_of, refusing, say, say_table


def registration_tokens(open_service: Open) -> typer.Typer:
    """Make the commands."""
    commands = typer.Typer(no_args_is_help=True)

    @commands.command("add")
    def add(
        note: Annotated[str, typer.Argument(help="For whom.")],
        uses: Annotated[int, typer.Option(help="How many apps.")] = 1,
        days: Annotated[int, typer.Option(help="How long.")] = 7,
    ) -> None:
        """Make a token; it is shown this once."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            token = add_registration_token(realm.work(store), note=note, uses=uses, days=days)
        say(f"registration token  {token}  (shown only now)")

    @commands.command("list")
    def show() -> None:
        """List the tokens and what is left of them."""
        with open_service().realm.reading() as store:
            tokens = store.registration_tokens.all()
        rows = [(each.note, str(each.uses_left), day_of(each.expires_at)) for each in tokens]
        say_table(("note", "uses left", "until"), rows)

    @commands.command("remove")
    def remove(note: str) -> None:
        """Take all tokens of a note back; apps that were registered stay."""
        realm = open_service().realm
        with realm.writing() as store:
            count = remove_registration_tokens(realm.work(store), note)
        say(f"{count} taken back")

    return commands
