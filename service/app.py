"""The composition root: all domains, their routes and their pages, put together on one screen."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

import certificates.pages
import certificates.routes
import identity.pages
import identity.routes
import ledger.pages
import ledger.routes
from certificates.desk import Desk, Work
from certificates.papers.drawing import open_drawer
from certificates.recording import Actor as CertificateActor
from certificates.signing import Signer, open_department, open_stamper
from certificates.status import StatusLists
from certificates.store import CertificateStore
from identity.pages import TEMPLATES as IDENTITY_TEMPLATES
from identity.pages import TEXTS as IDENTITY_TEXTS
from ledger.access import Actor as LedgerActor
from ledger.anchoring import Ledger
from ledger.chains.chain import Chain
from ledger.errors import ChainUnreachable
from ledger.trust import Trust
from service import health, scraping
from service.acting import actor_as
from service.bearer import bearer
from service.errors import PROBLEMS, answer_errors
from service.jobs import (
    Job,
    anchoring,
    cosigning,
    delivering,
    ending,
    housekeeping,
    keeping_keys,
    noting_activity,
    sequencing,
)
from service.leading import Leading, Lease, Together
from service.opened import Opened
from service.recording import holder_finder, issue_finder, recorder
from service.stamping import stamper_at
from service.verdict_seals import VerdictSeals
from service.web import pages, reference
from service.web.answers import AnswerHeaders
from service.web.frame import PageFrame
from service.web.lane import Lane
from service.web.limits import BodyLimit
from service.web.paths import NoNul
from service.web.pressure import Patience, Pressure
from service.web.proxies import TrustedProxies, read_networks
from service.web.visitors import SignInFirst, signed_in, visitor
from service.web.watching import Watch

LEDGER_PAGES = Path(ledger.pages.__file__).parent


def make_desk(opened: Opened) -> Desk:
    """Give certificates what they ask for."""

    @contextmanager
    def writing() -> Iterator[Work]:
        with opened.database.writing() as connection:
            yield Work(
                store=CertificateStore(connection),
                append=recorder(opened, connection),
                find_holder=holder_finder(opened.realm, connection),
                find_issue=issue_finder(connection),
            )

    @cache
    def find_signer(code: str, name: str) -> Signer:
        return open_department(opened.root, opened.settings.keys, code, name, opened.clock())

    issuer, url = opened.settings.issuer, opened.settings.tsa_url
    return Desk(
        reading=opened.reading_certificates,
        writing=writing,
        find_signer=find_signer,
        drawer=open_drawer(),
        stamper=open_stamper(
            opened.root, opened.settings.keys, opened.settings.city, opened.clock()
        ),
        stamp=stamper_at(url, (opened.root.der, *opened.stamp_roots)) if url else None,
        stamp_roots=opened.stamp_roots,
        root=opened.root.certificate.public_bytes(Encoding.DER),
        statuses=StatusLists(opened.root, issuer),
        address=issuer,
        clock=opened.clock,
        random=opened.random,
        sealing=VerdictSeals(opened.realm.seals),
    )


def make_trust(opened: Opened, chain: Chain) -> Callable[[], Trust]:
    """Make the function that says what a verifier pins."""

    def trust() -> Trust:
        with opened.reading_ledger() as store:
            contract = store.find_contract(chain.chain_id)
        if contract is None:
            raise ChainUnreachable("the contract is not on the chain yet")
        return Trust(
            log_key=opened.log.key,
            chain_id=chain.chain_id,
            contract=contract.address,
            operators=(chain.operator,),
            independent=chain.independent,
            roots=(opened.root_pem,),
        )

    return trust


def make_frame(opened: Opened) -> PageFrame:
    """Make the frame of all pages."""
    return PageFrame(
        {
            "identity": IDENTITY_TEMPLATES,
            "certificates": certificates.pages.TEMPLATES,
            "ledger": LEDGER_PAGES / "templates",
        },
        (IDENTITY_TEXTS, certificates.pages.TEXTS, LEDGER_PAGES / "texts"),
        opened.page_secret,
        visitor(opened.realm),
        demo=opened.demo,
        secure_cookies=opened.settings.https,
        city=opened.settings.city,
        version=version("haihe"),
    )


def make_jobs(opened: Opened, chain: Chain) -> Sequence[Job]:
    """Make what one process of all does beside the requests.

    Args:
        opened: database, keys and clock.
        chain: this process sends to it.
    """
    may_sign = threading.Event()
    return (
        sequencing(opened, may_sign),
        anchoring(Ledger(opened.reading_ledger, opened.writing_ledger, chain), may_sign),
        cosigning(opened),
        housekeeping(opened),
        delivering(opened.realm),
        ending(opened.realm),
    )


def lead(opened: Opened) -> Job:
    """Make the job that does all those, in whichever worker holds the lease."""

    def begin() -> Together:
        chain = opened.open_chain(mines=True)
        return Together(make_jobs(opened, chain), chain.close)

    return Leading(Lease(opened.database), begin)


def create_app(opened: Opened, chain: Chain) -> ASGIApp:
    """Put the service together, with what stands before every request."""
    app, protocol = assemble(opened, chain)
    lane = Lane(
        app,
        routes=protocol.routes,
        handlers=app.exception_handlers,
        https=opened.settings.https,
    )
    return _in_front(lane, opened)


def assemble(opened: Opened, chain: Chain) -> tuple[FastAPI, APIRouter]:
    """Put the domains, their routes and their pages together; those of the protocol apart too.

    Args:
        opened: database, keys and clock.
        chain: holds the contract. With an embedded database, whose one process we are, it is the
            one to send to; else it is for reading, and whoever leads opens one to send to.
    """
    jobs = (
        *(make_jobs(opened, chain) if opened.database.is_local else [lead(opened)]),
        noting_activity(opened),
        keeping_keys(opened.realm, opened.settings.key_rotation_days),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        for job in jobs:
            job.start()
        yield
        for job in jobs:
            job.stop()
        chain.close()
        opened.database.close()

    app = FastAPI(
        title="Haihe",
        version=version("haihe"),
        description="Licences, their verification, and the proof of every use.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    frame = make_frame(opened)
    protocol = identity.routes.router(opened.realm, frame)
    app.add_middleware(Patience)
    app.add_middleware(NoNul)
    app.add_middleware(BodyLimit)
    app.add_middleware(AnswerHeaders, https=opened.settings.https)
    app.include_router(protocol)
    answer_errors(app, frame)
    _send_to_sign_in(app)
    desk = make_desk(opened)
    _add_api(app, opened, chain, desk)
    _add_pages(app, opened, chain, desk, frame)
    return app, protocol


def _in_front(app: ASGIApp, opened: Opened) -> ASGIApp:
    """Put before the application what is for every request, whichever part answers it."""
    return TrustedProxies(
        Watch(Pressure(app), metrics=opened.metrics),
        read_networks(opened.settings.trusted_proxies),
        opened.settings.client_certificate_header,
    )


def _add_api(app: FastAPI, opened: Opened, chain: Chain, desk: Desk) -> None:
    calling = bearer(opened.realm)
    app.include_router(certificates.routes.router(desk, actor_as(CertificateActor, calling)))
    app.include_router(
        ledger.routes.router(
            reading=opened.reading_ledger,
            key=opened.pseudonyms,
            signer=opened.log,
            trust=make_trust(opened, chain),
            actor=actor_as(LedgerActor, calling),
        )
    )


def _add_pages(app: FastAPI, opened: Opened, chain: Chain, desk: Desk, frame: PageFrame) -> None:
    at_page = signed_in(visitor(opened.realm))
    ledger_desk = ledger.pages.Desk(
        frame=frame,
        reading=opened.reading_ledger,
        key=opened.pseudonyms,
        signer=opened.log,
        trust=make_trust(opened, chain),
        signed_in=actor_as(LedgerActor, at_page),
    )
    app.include_router(identity.pages.router(opened.realm, frame))
    app.include_router(certificates.pages.router(frame, desk, actor_as(CertificateActor, at_page)))
    app.include_router(ledger.pages.router(ledger_desk))
    app.include_router(pages.router(frame, PROBLEMS))
    app.include_router(reference.router(frame, app.openapi))
    app.include_router(health.router(opened.database))
    app.include_router(scraping.router(opened))


def _send_to_sign_in(app: FastAPI) -> None:
    def sign_in_first(_request: Request, error: Exception) -> Response:
        return RedirectResponse(getattr(error, "address", "/sign-in"), 303)

    app.add_exception_handler(SignInFirst, sign_in_first)
