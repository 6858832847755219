"""A foreign library registers its app and checks whatever we sign: openid-client and jose."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin

import pytest

from identity.telling.posting import send_due
from tests.identity.browser import Browser, told
from tests.identity.conftest import Site
from tests.identity.receiving import Receiver, receiving
from tests.identity.world import GOODBYE, REDIRECT
from tests.tools_found import PROJECT, node, node_package

SCRIPT = Path(__file__).with_name("registered_flow.mjs")


class Foreign:
    """The app, a program of its own; it talks in lines of JSON."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        command = [node(), str(SCRIPT)]
        self.program = subprocess.Popen(
            command, cwd=PROJECT, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def say(self, **what: Any) -> None:
        assert self.program.stdin
        self.program.stdin.write(json.dumps(what) + "\n")
        self.program.stdin.flush()

    def asks_to_go(self) -> str:
        assert self.program.stdout
        assert self.program.stderr
        line = self.program.stdout.readline()
        assert line, self.program.stderr.read()
        return str(json.loads(line)["go"])

    def finish(self) -> None:
        _, said = self.program.communicate(timeout=60)
        assert self.program.returncode == 0, said


def listens(site: Site, client_id: str, address: str) -> None:
    """Let the app hear of logouts on this machine, which nobody may register alone."""
    with site.world.working() as work:
        client = work.store.clients.find(client_id)
        assert client
        options = replace(client.options, backchannel_logout_uri=address)
        work.store.clients.replace(replace(client, options=options))


def leave(browser: Browser, address: str) -> str:
    """Sign out at the app's wish; where the browser goes then."""
    page = browser.http.get(address)
    while page.is_redirect:
        address = urljoin(str(page.url), page.headers["location"])
        if not address.startswith(browser.url):
            return address
        page = browser.http.get(address)
    raise AssertionError(page.text)


def logout_token(site: Site, app: Receiver) -> str:
    while send_due(site.world.realm):
        pass
    (got,) = app.received
    return parse_qs(got.body.decode())["logout_token"][0]


@pytest.mark.node
@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_an_app_registers_signs_in_and_out_and_checks_all_that_we_sign(
    site: Site, alg: str
) -> None:
    for package in ("openid-client", "jose"):
        node_package(package)
    app, browser = Foreign(), site.browser()
    with receiving() as server, app.program:
        app.say(
            issuer=site.url,
            now=site.world.clock.now,
            redirect=REDIRECT,
            goodbye=GOODBYE,
            alg=alg,
        )
        start = app.asks_to_go()
        listens(site, told(start)["client_id"], server.url + "/logout")
        said = browser.walk(browser.http.get(start))
        app.say(at=f"{REDIRECT}?{urlencode(said)}")
        at = leave(browser, app.asks_to_go())
        app.say(at=at, logoutToken=logout_token(site, server))
        app.finish()
