"""One world per test, copied from one that is made once; one real server for all."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import delete

from identity.people.sessions import cookie_name
from identity.store.tables import consents
from tests.identity.browser import Browser
from tests.identity.world import EVERYTHING, World, make_app, make_world, open_world
from tests.service.running import free_port


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    make_world(folder).database.close()
    return folder


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """A world of one's own."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    own = open_world(tmp_path)
    yield own
    own.database.close()


@dataclass(frozen=True)
class Site:
    """A world behind a real server."""

    url: str
    world: World
    opened: list[Browser] = field(default_factory=list)

    def browser(self, account: str = "agent") -> Browser:
        """A browser that is closed when the test ends."""
        self.opened.append(Browser(self.url, account))
        return self.opened[-1]

    def ready(self) -> Browser:
        """A browser whose person is signed in for the company and has allowed the apps."""
        company, world = self.world.company_id(), self.world
        cookie, signed_in = world.sign_in("agent", company)
        with world.working() as work:
            for client_id in ("web", "public"):
                work.store.clients.save_consent(
                    signed_in.person.person_id, company, client_id, EVERYTHING, work.now
                )
        browser = self.browser()
        browser.http.cookies.set(cookie_name(self.url), cookie)
        return browser


@contextmanager
def serving(template: Path, folder: Path, host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve a copy of the world that is made once."""
    port = free_port()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    world = open_world(folder, f"http://{host}:{port}")
    running = uvicorn.Server(uvicorn.Config(make_app(world), port=port, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield Site(world.realm.issuer, world)
    running.should_exit = True
    thread.join()
    world.database.close()


@pytest.fixture(scope="session")
def server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(template, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def named_server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(template, tmp_path_factory.mktemp("named"), "localhost") as running:
        yield running


@pytest.fixture
def named(named_server: Site) -> Iterator[Site]:
    """A server with a host name, for which passkeys work; an hour later."""
    named_server.world.clock.now += 3600
    yield named_server
    while named_server.opened:
        named_server.opened.pop().http.close()


@pytest.fixture
def site(server: Site) -> Iterator[Site]:
    """The server, an hour later: what other tests counted, began or allowed is over."""
    with server.world.database.writing() as connection:
        connection.execute(delete(consents))
    server.world.clock.now += 3600
    yield server
    while server.opened:
        server.opened.pop().http.close()
