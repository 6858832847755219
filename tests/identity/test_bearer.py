"""Our own interfaces: what a token opens there, and when a better sign-in is wanted."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import httpx
import pytest
import uvicorn
from fastapi import Depends, FastAPI, Request, Response

from identity.errors import BadAccessToken
from identity.people.assurance import acr_of
from identity.proofs.challenges import challenge_of
from identity.standing.access import verify_access
from service.acting import Acting
from service.bearer import SignInNeeded, bearer
from tests.identity.browser import basic
from tests.identity.conftest import Site
from tests.identity.holding import Holder, code_of
from tests.identity.world import SERVICE_SECRET
from tests.service.running import free_port

line = pytest.mark.line
LEVEL_2, LEVEL_3 = acr_of(2), acr_of(3)


@dataclass
class Office:
    """A site, and an interface of ours that goes by its name, as behind one proxy."""

    site: Site
    url: str

    def ask(self, path: str, headers: dict[str, str]) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers)


@pytest.fixture(scope="module")
def served(server: Site) -> Iterator[str]:
    realm, app = server.world.realm, FastAPI()

    @app.exception_handler(BadAccessToken)
    def refuse(_request: Request, error: Exception) -> Response:
        assert isinstance(error, BadAccessToken)
        return Response(status_code=401, headers=challenge_of(error))

    for path, needs in (
        ("/office", None),
        ("/office/2", SignInNeeded(2)),
        ("/office/3", SignInNeeded(3)),
        ("/office/fresh", SignInNeeded(2, 60)),
    ):
        caller = Annotated[Acting, Depends(bearer(realm, needs))]

        def answer(acting: caller) -> dict[str, Any]:  # type: ignore[valid-type]
            return {"client_id": acting.client_id}  # type: ignore[attr-defined]

        app.get(path)(answer)
    port = free_port()
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


@pytest.fixture
def office(site: Site, served: str) -> Office:
    return Office(site, served)


def held(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_request_without_token_is_told_both_ways(office: Office) -> None:
    answer = office.ask("/office", {})
    assert answer.status_code == 401
    told = answer.headers["www-authenticate"]
    assert told == 'Bearer realm="haihe", DPoP realm="haihe", algs="ES256 EdDSA PS256"'


@line(27)
def test_a_bound_token_opens_our_interfaces_with_a_proof_alone(office: Office) -> None:
    holder = Holder(office.site)
    token = holder.redeem(code_of(office.site), basic()).json()["access_token"]
    assert office.ask("/office", held(token)).status_code == 401
    proved = holder.headers("/office", "GET", token)
    assert office.ask("/office", proved).json() == {"client_id": "web"}
    assert office.ask("/office", proved).status_code == 401
    assert office.ask("/office", holder.headers("/other", "GET", token)).status_code == 401
    assert office.ask("/office?a=b", holder.headers("/office", "GET", token)).status_code == 200


@line(39)
def test_an_interface_can_want_a_stronger_sign_in(office: Office) -> None:
    token = office.site.ready().tokens()["access_token"]
    assert office.ask("/office/2", held(token)).status_code == 200
    answer = office.ask("/office/3", held(token))
    assert answer.status_code == 401
    told = answer.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in told
    assert f'acr_values="{LEVEL_3} {acr_of(4)} {acr_of(5)}"' in told
    assert "max_age" not in told


@line(39)
@line(50)
def test_an_interface_can_want_a_newer_sign_in(office: Office) -> None:
    browser = office.site.ready()
    token = browser.tokens()["access_token"]
    office.site.world.clock.now += 60
    assert office.ask("/office/fresh", held(token)).status_code == 200
    office.site.world.clock.now += 1
    answer = office.ask("/office/fresh", held(token))
    assert answer.status_code == 401
    assert 'max_age="60"' in answer.headers["www-authenticate"]


def test_a_scope_that_an_operator_takes_from_an_app_is_gone_from_its_tokens(site: Site) -> None:
    sent, own = {"grant_type": "client_credentials"}, basic("service", SERVICE_SECRET)
    token = site.browser().http.post("/token", data=sent, headers=own).json()["access_token"]
    with site.world.working() as work:
        client = work.store.clients.find("service")
        assert client is not None
        assert "licence.verify" in verify_access(work, token).scopes
        less = replace(client, scopes=client.scopes - {"licence.verify"})
        work.store.clients.replace(less)
        assert "licence.verify" not in verify_access(work, token).scopes
        work.store.clients.replace(client)


@line(50)
def test_an_app_by_itself_has_no_sign_in(office: Office) -> None:
    sent = {"grant_type": "client_credentials"}
    http = office.site.browser().http
    token = http.post("/token", data=sent, headers=basic("service", SERVICE_SECRET)).json()
    assert office.ask("/office", held(token["access_token"])).status_code == 200
    answer = office.ask("/office/2", held(token["access_token"]))
    assert answer.status_code == 401
    assert "insufficient_user_authentication" in answer.headers["www-authenticate"]
