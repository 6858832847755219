"""The registers by command: people, legal persons, mandates, apps, and the trail of them all."""

import typer

from service.registers.clients import clients
from service.registers.events import add_events
from service.registers.legal_persons import legal_persons
from service.registers.mandates import mandates
from service.registers.people import people
from service.registers.registration_tokens import registration_tokens
from service.registers.saying import Open


def add_commands(app: typer.Typer, open_service: Open) -> None:
    """Add the commands of all registers."""
    app.add_typer(people(open_service), name="people", help="People and their accounts.")
    app.add_typer(
        legal_persons(open_service), name="legal-persons", help="Companies and departments."
    )
    app.add_typer(mandates(open_service), name="mandates", help="Who may act for whom.")
    app.add_typer(clients(open_service), name="clients", help="Apps that sign people in.")
    app.add_typer(
        registration_tokens(open_service),
        name="registration-tokens",
        help="Who may register apps where HAIHE_REGISTRATION is token.",
    )
    add_events(app, open_service)
