"""`haihe clients`: apps that sign people in, and programs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from identity.apps.clients import Client
from identity.errors import BadRegistrationRequest
from identity.metadata.allowances import by_operator
from identity.metadata.fields import BY_NAME
from identity.metadata.reading import describe_metadata, read_client
from identity.operating import registry
from identity.operating.apps import add_app, change_app, find_app, remove_app, secret_since
from identity.operating.checkup import FAILED, PASSED, look_at
from identity.realm import Realm
from identity.strangers.fetching import fetch
from service.registers.saying import (
    REFUSED,
    Open,
    day_of,
    refusing,
    say,
    say_document,
    say_secret,
    say_table,
)

KINDS: Mapping[str, Mapping[str, Any]] = {
    "web": {"grant_types": ["authorization_code", "refresh_token"]},
    "public": {
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    },
    "service": {"grant_types": ["client_credentials"]},
}
SIGNED = {"token_endpoint_auth_method": "private_key_jwt"}
MARKS = {"passed": "✓", "warned": "!", "failed": "✗", "not-applicable": "–"}

Texts = Annotated[list[str] | None, typer.Option()]
Text = Annotated[str, typer.Option()]
Metadata = Annotated[
    Path | None, typer.Option(help="JSON file of client metadata by its registered names.")
]


def clients(open_service: Open) -> typer.Typer:
    """Make the commands."""
    commands = typer.Typer(no_args_is_help=True)
    _add_reading(commands, open_service)
    _add_registration(commands, open_service)
    _add_change(commands, open_service)
    _add_ends(commands, open_service)
    return commands


def _add_reading(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("list")
    def show() -> None:
        """List all apps."""
        realm = open_service().realm
        with realm.reading() as store:
            known = registry.list_clients(realm.work(store))
        rows = [
            (
                each.client_id,
                each.name,
                f"{each.kind}, {each.profile}",
                "\n".join(each.redirect_uris),
                " ".join(sorted(each.scopes)),
            )
            for each in known
        ]
        say_table(("client", "name", "kind", "redirect addresses", "scopes"), rows)

    @commands.command("show")
    def one(client_id: str) -> None:
        """Print what is registered for an app, as JSON that `add --metadata` reads."""
        realm = open_service().realm
        with refusing(), realm.reading() as store:
            work = realm.work(store)
            client = find_app(work, client_id)
            owner = store.people.find_parties([client.owner_id])[client.owner_id]
            since, last = secret_since(work, client), store.activity.find(client_id)
        say_document(
            describe_metadata(client)
            | {"owner": owner.code, "owner_name": owner.name, "introspects": client.introspects}
            | ({"secret_since": day_of(since)} if since else {})
            | ({"last_token_at": day_of(last)} if last else {})
        )

    @commands.command("check")
    def check(client_id: str) -> None:
        """Look at how an app is set up, its addresses too; exit 1 if something is wrong."""
        with refusing():
            findings = look_at(open_service().realm, client_id)
        for each in findings:
            say(f"{MARKS[each.state]} {each.name:11} {each.said}")
        if any(each.state == FAILED for each in findings):
            raise typer.Exit(REFUSED)
        if all(each.state == PASSED for each in findings):
            say("all is well")


def _add_registration(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("add")
    def add(
        client_id: str,
        owner: Annotated[str, typer.Option(help="Social credit code of who registers it.")],
        name: Annotated[str, typer.Option(help="Shown to people.")] = "",
        kind: Annotated[str, typer.Option(help="web, public or service")] = "web",
        scope: Annotated[str, typer.Option(help="Most it may ask for.")] = "",
        redirect: Annotated[list[str] | None, typer.Option(help="Redirect address.")] = None,
        logout: Annotated[list[str] | None, typer.Option(help="Address after logout.")] = None,
        profile: Annotated[str, typer.Option(help="standard, compatible or fapi2")] = "",
        auth: Annotated[str, typer.Option(help="How it proves itself; default: of its kind.")] = "",
        jwks: Annotated[Path | None, typer.Option(help="File of its public keys.")] = None,
        jwks_uri: Annotated[str, typer.Option(help="Where it publishes its keys.")] = "",
        backchannel_logout: Annotated[
            str, typer.Option(help="Where it is told that somebody signed out.")
        ] = "",
        grant: Annotated[list[str] | None, typer.Option(help="Further grant type.")] = None,
        metadata: Metadata = None,
        *,
        introspects: Annotated[
            bool, typer.Option(help="It may ask about tokens of other apps.")
        ] = False,
    ) -> None:
        """Register an app; its secret is shown this once."""
        realm = open_service().realm
        with refusing():
            if kind not in KINDS:
                raise ValueError(f"the kind {kind!r} is none of {', '.join(KINDS)}")
            asked = _asked(
                client_name=name,
                scope=scope,
                redirect_uris=redirect,
                post_logout_redirect_uris=logout,
                profile=profile,
                token_endpoint_auth_method=auth,
                jwks=_json(jwks),
                jwks_uri=jwks_uri,
                backchannel_logout_uri=backchannel_logout,
            )
            keys = SIGNED if jwks or jwks_uri else {}
            document = {**KINDS[kind], **keys, **_json_object(metadata), **asked}
            document["grant_types"] = [*document["grant_types"], *(grant or ())]
            client, secret = _register(realm, document, client_id, owner, introspects=introspects)
        say(f"client id      {client.client_id}")
        say_secret(secret)


def _register(
    realm: Realm, document: Mapping[str, Any], client_id: str, owner: str, *, introspects: bool
) -> tuple[Client, str]:
    with realm.reading() as store:
        owner_id = registry.find_legal_person(realm.work(store), owner).legal_person_id
    client = _read(realm, document, client_id, owner_id)
    with realm.writing() as store:
        return add_app(realm.work(store), _marked(client, introspects=introspects))


def _marked(client: Client, *, introspects: bool) -> Client:
    return Client(**{**vars(client), "introspects": introspects})


def _add_change(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("change")
    def change(
        client_id: str,
        name: Text = "",
        scope: Text = "",
        redirect: Texts = None,
        logout: Texts = None,
        profile: Text = "",
        auth: Text = "",
        jwks: Annotated[Path | None, typer.Option()] = None,
        jwks_uri: Text = "",
        backchannel_logout: Text = "",
        metadata: Metadata = None,
    ) -> None:
        """Change what is registered; what is not named stays, `null` in the file removes."""
        realm = open_service().realm
        with refusing():
            asked = _asked(
                client_name=name,
                scope=scope,
                redirect_uris=redirect,
                post_logout_redirect_uris=logout,
                profile=profile,
                token_endpoint_auth_method=auth,
                jwks=_json(jwks),
                jwks_uri=jwks_uri,
                backchannel_logout_uri=backchannel_logout,
            )
            with realm.reading() as store:
                old = find_app(realm.work(store), client_id)
            if jwks or jwks_uri:
                asked = {"jwks": None, "jwks_uri": None, **asked}
            document = {**describe_metadata(old), **_json_object(metadata), **asked}
            new = _read(realm, document, client_id, old.owner_id)
            with realm.writing() as store:
                _, secret = change_app(realm.work(store), old, new)
        say(f"{client_id} is changed")
        if secret:
            say_secret(secret)


def _add_ends(commands: typer.Typer, open_service: Open) -> None:
    @commands.command("rotate-secret")
    def rotate(client_id: str) -> None:
        """Give an app a new secret; the one before works for a day beside it."""
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            secret = registry.rotate_secret(realm.work(store), client_id)
        say_secret(secret)

    @commands.command("remove")
    def remove(
        client_id: str,
        *,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Remove an app, with all tokens it holds and all that people allowed it."""
        if not yes:
            typer.confirm(f"Remove {client_id} and end all its tokens?", abort=True)
        realm = open_service().realm
        with refusing(), realm.writing() as store:
            remove_app(realm.work(store), client_id)
        say(f"{client_id} is removed")


def _read(realm: Realm, document: Mapping[str, Any], client_id: str, owner_id: str) -> Client:
    """Read metadata; a name that is none of the registry's is a slip of the operator."""
    strange = sorted(document.keys() - BY_NAME.keys() - {"client_id"})
    if strange:
        known = ", ".join(BY_NAME)
        raise BadRegistrationRequest(f"{', '.join(strange)}: none of {known}")
    reach = realm.reach
    allowance = by_operator(owner_id)
    return read_client(dict(document), client_id, allowance, lambda at: fetch(at, reach))


def _asked(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _json(file: Path | None) -> Any:
    if file is None:
        return None
    try:
        return json.loads(file.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} holds no JSON: {error}") from None


def _json_object(file: Path | None) -> dict[str, Any]:
    document = {} if file is None else _json(file)
    if not isinstance(document, dict):
        raise ValueError(f"{file} holds no JSON object")
    return document
