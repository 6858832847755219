"""A small city for identity's tests: two people, a company, a few apps, one database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from identity import pages, routes
from identity.apps.clients import COMPATIBLE, POST, PUBLIC, SERVICE, STANDARD, WEB
from identity.asking.acting_details import ACTING, Acting
from identity.asking.scopes import SCOPES
from identity.operating.registry import (
    NewClient,
    add_client,
    add_legal_person,
    add_mandate,
    add_person,
    describe_person,
)
from identity.operating.rotating import prepare_keys
from identity.pages.frame import read_cookie
from identity.people.assurance import PASSWORD_LEVEL
from identity.people.mandates import MatterName
from identity.people.subjects import Person
from identity.realm import Realm, Work
from identity.seals import KEY_BYTES, Seals
from identity.sign_in.methods import Proof
from identity.sign_in.signing_in import open_session
from identity.standing.acting import SignedIn, choose_party, current_session, find_session
from identity.store import IdentityStore, metadata
from service import demo
from service.database import Database
from service.licence_details import LICENCE_USE, LicenceUse
from service.web.errors import WebError
from service.web.frame import PageFrame
from service.web.proxies import TrustedProxies, read_networks
from tests.identity.certificates import ROOT

VECTORS = Path(__file__).parents[1] / "vectors" / "identity" / "published.json"
PUBLISHED = json.loads(VECTORS.read_text("utf-8"))
PASSWORD = "a long password of a test"
PERSON_NUMBER = "120101192504120013"
COMPANY = "演示·海河餐饮有限公司"
COMPANY_CODE = "91120101MA00030139"
OTHER_COMPANY_CODE = "11120101000002014A"
ISSUER = "http://127.0.0.1:8000"
SEAL_KEY = bytes(range(KEY_BYTES))
START = 1_800_000_000
REDIRECT = "http://127.0.0.1:4999/cb"
TAX, WATER = "https://tax.example/api", "https://water.example"  # interfaces of others
GOODBYE = "http://127.0.0.1:4999/bye"
WEB_SECRET = "secret: with + and % in it"
OTHER_SECRET = "the other secret"
EXACT_SECRET = "the secret of the exact app"
SERVICE_SECRET = "the secret of the service"
EVERYTHING = frozenset(SCOPES)
PROXY = "127.0.0.1"
CERTIFICATE_HEADER = "X-Client-Cert"


class Clock:
    """A clock that goes on only when told."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass
class World:
    """The realm of a test, its clock and its database."""

    realm: Realm
    database: Database
    clock: Clock

    @contextmanager
    def working(self) -> Iterator[Work]:
        with self.realm.writing() as store:
            yield self.realm.work(store)

    def person(self, account: str) -> Person:
        with self.working() as work:
            found = work.store.people.find_account(account)
        assert found is not None
        return found[0]

    def company_id(self) -> str:
        with self.working() as work:
            found = work.store.people.find_legal_person(code=COMPANY_CODE)
        assert found is not None
        return found.legal_person_id

    def sign_in(self, account: str = "agent", party: str = "") -> tuple[str, SignedIn]:
        """Open a session without a browser: the cookie, and who is signed in."""
        person = self.person(account)
        with self.working() as work:
            cookie, _ = open_session(work, Proof(person, PASSWORD_LEVEL), None)
            signed_in = find_session(work, cookie)
            assert signed_in is not None
            choose_party(work, signed_in, party or person.person_id)
            chosen = find_session(work, cookie)
            assert chosen is not None
        return cookie, chosen


def world_files(world: World) -> list[Path]:
    """The database and its write-ahead log."""
    file = Path(str(world.database.engine.url.database))
    return list(file.parent.glob(file.name + "*"))


def world_bytes(world: World) -> bytes:
    """All that rests on the disk."""
    return b"".join(path.read_bytes() for path in world_files(world))


def open_world(folder: Path, issuer: str = ISSUER, url: str = "") -> World:
    """Open a realm over a folder; its tables exist."""
    world = _world(folder, issuer, url)
    prepare_keys(world.realm)
    return world


def _world(folder: Path, issuer: str, url: str) -> World:
    database = Database(url or f"sqlite:///{folder}/identity.sqlite")
    clock = Clock()

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
        Seals(SEAL_KEY),
        reading,
        writing,
        clock,
        demo_allowed=True,
        reads_are_local=True,
        takes_certificates=True,
        client_roots=(ROOT.certificate,),
        registration="open",
        resources=(TAX, WATER),
        detail_types={ACTING: Acting(), LICENCE_USE: LicenceUse()},
        matters={
            "open-restaurant": MatterName("开办餐饮店", "Open a restaurant"),
            "company-change": MatterName("企业信息变更", "Change of company data"),
        },
    )
    return World(realm, database, clock)


def make_world(folder: Path, issuer: str = ISSUER, url: str = "") -> World:
    """Make the tables and the people."""
    world = _world(folder, issuer, url)
    with world.database.writing() as connection:
        metadata.create_all(connection)
    prepare_keys(world.realm)
    with world.working() as work:
        populate(work)
    return world


def populate(work: Work) -> None:
    for account, name, number in (
        ("person", "演示·李明", PERSON_NUMBER),
        ("agent", "演示·张强", "120101192711230039"),
        ("reader", "演示·赵静", "120101192805180044"),
    ):
        add_person(work, account=account, name=name, citizen_number=number, password=PASSWORD)
    describe_person(work, account="reader", about=demo.COMPLETE)
    add_legal_person(work, code=COMPANY_CODE, name=COMPANY)
    add_legal_person(work, code=OTHER_COMPANY_CODE, name="演示·市场监督管理局")
    add_mandate(work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"])
    for new, secret in (
        (_web("web", (REDIRECT,), (GOODBYE,)), WEB_SECRET),
        (_web("other", ("https://other.example/cb",), method=POST), OTHER_SECRET),
        (
            _web("exact", (REDIRECT, REDIRECT + "?foo=bar"), (GOODBYE,), profile=COMPATIBLE),
            EXACT_SECRET,
        ),
        (NewClient("public", "演示·手机", COMPANY_CODE, PUBLIC, EVERYTHING, (REDIRECT,)), ""),
        (
            NewClient(
                "service",
                "演示·系统",
                COMPANY_CODE,
                SERVICE,
                frozenset({"licence.verify", "ledger.read"}),
            ),
            SERVICE_SECRET,
        ),
    ):
        add_client(work, new, secret)


def _web(
    client_id: str,
    redirects: tuple[str, ...],
    goodbyes: tuple[str, ...] = (),
    method: str = "",
    profile: str = STANDARD,
) -> NewClient:
    name = "演示·点餐应用" if client_id == "web" else "演示·另一个应用"
    return NewClient(
        client_id,
        name,
        COMPANY_CODE,
        WEB,
        EVERYTHING,
        redirects,
        goodbyes,
        auth_method=method,
        profile=profile,
    )


def make_app(world: World) -> FastAPI:
    """Compose identity alone, in the real frame."""
    realm = world.realm

    def current(request: Request) -> "ActingNow | None":
        found = current_session(realm, read_cookie(request, realm))
        return ActingNow(found) if found and found.party else None

    frame = PageFrame(
        {"identity": pages.TEMPLATES},
        [pages.TEXTS],
        b"f" * 32,
        current,
        demo=True,
        secure_cookies=False,
    )
    app = FastAPI()
    app.add_middleware(
        TrustedProxies, proxies=read_networks(PROXY), certificate_header=CERTIFICATE_HEADER
    )

    @app.exception_handler(WebError)
    def refuse(_request: Request, _error: Exception) -> Response:
        return Response(status_code=403)

    app.include_router(routes.router(realm, frame))
    app.include_router(pages.router(realm, frame))
    return app


class ActingNow:
    """What the frame shows of who is signed in."""

    def __init__(self, found: SignedIn) -> None:
        assert found.party is not None
        self.person_name = found.person.name
        self.party_name = found.party.name
        self.is_legal_person = found.party.is_legal_person
        self.powers = found.powers
