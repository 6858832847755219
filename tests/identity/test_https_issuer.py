"""Behind TLS, as in a city: an https issuer that is a host and nothing more."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from identity.people.sessions import cookie_name
from tests.identity.browser import Browser, told
from tests.identity.documents import self_signed
from tests.identity.suite import asked, complete, id_token
from tests.identity.world import GOODBYE, make_app, open_world
from tests.service.running import free_port

WELL_KNOWN = ("openid-configuration", "oauth-authorization-server")


@pytest.fixture(scope="module")
def issuer(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, folder = free_port(), tmp_path_factory.mktemp("https")
    shutil.copytree(template, folder, dirs_exist_ok=True)
    world = open_world(folder, f"https://localhost:{port}")
    file = self_signed(folder)
    config = uvicorn.Config(make_app(world), port=port, log_level="error", ssl_certfile=str(file))
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield world.realm.issuer
    running.should_exit = True
    thread.join()
    world.database.close()


@pytest.fixture
def browser(issuer: str) -> Iterator[Browser]:
    made = Browser(issuer, "reader")
    made.http.close()
    made.http = httpx.Client(base_url=issuer, timeout=30, verify=False)
    yield made
    made.http.close()


@pytest.mark.parametrize("place", WELL_KNOWN)
def test_every_address_in_the_metadata_is_https_and_answers(
    browser: Browser, issuer: str, place: str
) -> None:
    metadata = browser.http.get(f"/.well-known/{place}").json()
    assert metadata["issuer"] == issuer
    for name, value in metadata.items():
        if name.endswith(("_endpoint", "_uri")) and isinstance(value, str):
            assert value.startswith(f"{issuer}/"), name
            assert browser.http.post(value).status_code not in {404, 500}, name


def test_a_person_signs_in_and_out(browser: Browser, issuer: str) -> None:
    tokens = complete(browser)
    assert id_token(browser, tokens)["iss"] == issuer
    (cookie,) = [each for each in browser.http.cookies.jar if each.name == cookie_name(issuer)]
    assert cookie.name.startswith("__Host-")
    assert cookie.secure
    parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE}
    answer = browser.http.get("/logout", params={**parameters, "state": "s"})
    assert told(answer.headers["location"]) == {"state": "s"}
    assert browser.authorize(asked(prompt="none"))["error"] == "login_required"
