"""Two workers on one PostgreSQL: what works once works once for both together."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import httpx
import pytest
import uvicorn

from identity.apps.clients import FAPI2, SERVICE
from identity.proofs.nonces import make_nonce
from tests.identity.browser import VERIFIER, basic
from tests.identity.conftest import Site
from tests.identity.holding import Holder, code_of
from tests.identity.signing import add_signer, assertion, proving
from tests.identity.world import REDIRECT, World, make_app, make_world, open_world
from tests.tools_found import postgres

line = pytest.mark.line
pytestmark = pytest.mark.postgres
TRIES = 50


@contextmanager
def served(world: World, at: socket.socket) -> Iterator[None]:
    """Serve a world at a socket that is bound already."""
    running = uvicorn.Server(uvicorn.Config(make_app(world), log_level="error"))
    thread = threading.Thread(target=running.run, args=([at],), daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        thread.join()
        world.database.close()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    """Two servers with pools of their own, which go by one name as behind one proxy."""
    folder = tmp_path_factory.mktemp("workers")
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    urls = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    with postgres(folder / "server") as database:
        first = make_world(folder, urls[0], database)
        second = open_world(folder, urls[0], database)
        second.clock = first.clock
        object.__setattr__(second.realm, "clock", first.clock)
        with served(first, sockets[0]), served(second, sockets[1]):
            sites = [Site(url, world) for url, world in zip(urls, (first, second), strict=True)]
            yield sites
            for each in sites:
                while each.opened:
                    each.opened.pop().http.close()


def at_once(workers: list[Site], path: str, ask: Callable[[httpx.Client, str], int]) -> list[int]:
    """Do the same many times at once, at both in turn."""
    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(TRIES) as pool:
        places = cycle(site.url + path for site in workers)
        return list(pool.map(lambda url: ask(http, url), [next(places) for _ in range(TRIES)]))


def once(workers: list[Site], path: str, **sent: Any) -> None:
    """Send one form many times; exactly one is answered well, no other with a fault of ours."""
    answers = at_once(workers, path, lambda http, url: http.post(url, **sent).status_code)
    assert answers.count(200) == 1
    assert set(answers) <= {200, 400, 401}


@pytest.fixture
def holder(workers: list[Site]) -> Holder:
    return Holder(workers[0])


@line(27)
def test_a_proof_works_once_for_both_workers(workers: list[Site], holder: Holder) -> None:
    token = holder.redeem(code_of(workers[0]), basic()).json()["access_token"]
    headers = holder.headers("/userinfo", "GET", token)
    answers = at_once(
        workers, "/userinfo", lambda http, url: http.get(url, headers=headers).status_code
    )
    assert answers.count(200) == 1
    assert answers.count(401) == TRIES - 1


@line(5)
def test_a_code_works_once_for_both_workers(workers: list[Site], holder: Holder) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    form |= {"code": code_of(workers[0]), "code_verifier": VERIFIER}
    once(workers, "/token", data=form, headers={**basic(), **holder.headers("/token")})
    form["code"] = code_of(workers[0])
    once(workers, "/token", data=form, headers=basic())


@line(20)
def test_an_assertion_works_once_for_both_workers(workers: list[Site]) -> None:
    world = workers[0].world
    add_signer(world)
    form = {"grant_type": "client_credentials", **proving(assertion(world))}
    once(workers, "/token", data=form)


@line(27)
def test_both_workers_know_the_same_nonces(workers: list[Site]) -> None:
    one, other = (site.world for site in workers)
    add_signer(one, "bank", kind=SERVICE, profile=FAPI2)
    nonce = make_nonce(other.realm.seals, other.clock.now)
    holder = Holder(workers[0], nonce=nonce)
    auth = proving(assertion(one, "bank"))
    assert holder.token(auth, grant_type="client_credentials").status_code == 200
