"""A small city for identity's tests: two people, a company, a few apps, one database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request

from identity import pages, routes
from identity.acting import SignedIn, current_session
from identity.clients import PUBLIC, SERVICE, WEB
from identity.keys import load_keys
from identity.pages.frame import read_cookie
from identity.realm import Realm
from identity.registry import NewClient, add_client, add_legal_person, add_mandate, add_person
from identity.scopes import SCOPES
from identity.seals import Seals
from identity.store import IdentityStore, metadata
from service.database import Database
from service.web.frame import PageFrame

PASSWORD = "a long password of a test"
COMPANY = "演示·海河餐饮有限公司"
COMPANY_CODE = "91120101MA00030139"
DEPARTMENT_CODE = "11120101000002014A"
START = 1_800_000_000
REDIRECT = "http://127.0.0.1:4999/cb"
EVERYTHING = frozenset(SCOPES)


class Clock:
    """A clock that goes on only when told."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass
class World:
    realm: Realm
    database: Database
    clock: Clock
    secret: str
    service_secret: str


def make_world(
    folder: Path, issuer: str = "http://127.0.0.1:8000", clock: Clock | None = None
) -> World:
    database = Database(f"sqlite:///{folder}/identity.sqlite")
    with database.writing() as connection:
        metadata.create_all(connection)
    clock = clock or Clock()

    @contextmanager
    def reading() -> Iterator[IdentityStore]:
        with database.reading() as connection:
            yield IdentityStore(connection)

    @contextmanager
    def writing() -> Iterator[IdentityStore]:
        with database.writing() as connection:
            yield IdentityStore(connection)

    realm = Realm(
        issuer,
        load_keys(folder / "keys"),
        Seals(os.urandom(64)),
        reading,
        writing,
        clock,
        demo_allowed=True,
        reads_are_local=True,
    )
    secrets = populate(realm)
    return World(realm, database, clock, *secrets)


def populate(realm: Realm) -> tuple[str, str]:
    with realm.writing() as store:
        work = realm.work(store)
        add_person(
            work,
            account="person",
            name="演示·李明",
            citizen_number="120101192504120013",
            password=PASSWORD,
        )
        add_person(
            work,
            account="agent",
            name="演示·张强",
            citizen_number="120101192711230039",
            password=PASSWORD,
        )
        add_legal_person(work, code=COMPANY_CODE, name=COMPANY)
        add_legal_person(work, code=DEPARTMENT_CODE, name="演示·市场监督管理局")
        add_mandate(work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"])
        web = NewClient(
            "web",
            "演示·点餐应用",
            COMPANY_CODE,
            WEB,
            EVERYTHING,
            (REDIRECT,),
            ("http://127.0.0.1:4999/bye",),
        )
        other = NewClient(
            "other",
            "演示·另一个应用",
            COMPANY_CODE,
            WEB,
            EVERYTHING,
            ("https://other.example/cb",),
            auth_method="client_secret_post",
        )
        public = NewClient("public", "演示·手机应用", COMPANY_CODE, PUBLIC, EVERYTHING, (REDIRECT,))
        service = NewClient(
            "service",
            "演示·系统",
            COMPANY_CODE,
            SERVICE,
            frozenset({"licence.verify", "ledger.read"}),
        )
        _, secret = add_client(work, web)
        add_client(work, other, "other secret")
        add_client(work, public)
        _, service_secret = add_client(work, service)
    return secret, service_secret


def make_app(world: World) -> FastAPI:
    realm = world.realm

    def current(request: Request) -> "Acting | None":
        found = current_session(realm, read_cookie(request, realm))
        return Acting(found) if found and found.party else None

    frame = PageFrame(
        {"identity": pages.TEMPLATES},
        [pages.TEXTS] if pages.TEXTS.exists() else [],
        b"f" * 32,
        current,
        demo=True,
        secure_cookies=False,
    )
    app = FastAPI()
    app.include_router(routes.router(realm, frame))
    app.include_router(pages.router(realm, frame))
    return app


class Acting:
    def __init__(self, found: SignedIn) -> None:
        assert found.party is not None
        self.person_name = found.person.name
        self.party_name = found.party.name
        self.is_legal_person = found.party.is_legal_person
        self.powers = found.powers
