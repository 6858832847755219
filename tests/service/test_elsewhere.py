"""Foreign clients ask people who are elsewhere: a terminal in the hall, a clerk at the window."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
import segno
import zxingcpp
from authlib.integrations.httpx_client import OAuth2Client
from PIL import Image

from service import demo
from service.tour.forms import read_forms
from tests.service.running import PROJECT, Running
from tests.tools_found import node, node_package

SCRIPT = Path(__file__).with_name("elsewhere.mjs")
BARE = SCRIPT.with_name("bare_terminal.mjs")
STAYING = "openid profile offline_access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
PATIENCE_SECONDS = 60
OURS = ("/sign-in", "/consent", "/device", "/approvals")
Begun = dict[str, str]


@contextmanager
def foreign(
    *arguments: str, script: Path = SCRIPT, package: str = "openid-client"
) -> Iterator[tuple[subprocess.Popen[str], Begun]]:
    """An app made with a foreign library, after it began."""
    node_package(package)
    command = [node(), str(script), *arguments]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as app:
        assert app.stdout
        assert app.stderr
        line = app.stdout.readline()
        assert line, app.stderr.read()
        try:
            yield app, json.loads(line)
        finally:
            app.kill()


def finish(app: subprocess.Popen[str]) -> None:
    """The app got its tokens and all that it looks for in them."""
    _, said = app.communicate(timeout=PATIENCE_SECONDS)
    assert app.returncode == 0, said


def go_on(browser: httpx.Client, page: httpx.Response, choose: Callable[[str], str]) -> str:
    """Answer pages until there is nothing to answer; the last page."""
    for _ in range(12):
        while page.is_redirect:
            page = browser.get(urljoin(str(page.url), page.headers["location"]))
        if "done=" in str(page.url):
            return page.text
        forms = {form.action: form for form in read_forms(page.text)}
        path = next(each for each in OURS if each in forms)
        fields = dict(forms[path].fields)
        if path == "/sign-in":
            fields |= {"account": "person", "password": demo.PASSWORD}
        page = browser.post(path, data={**fields, "decision": choose(path)})
    raise AssertionError("too many pages")


def choose(path: str) -> str:
    return {"/device": "continue", "/approvals": "open", "/consent": "allow"}.get(path, "")


@pytest.mark.node
def test_openid_client_on_a_terminal_signs_a_person_in_by_their_phone(running: Running) -> None:
    with (
        foreign("terminal", running.url, demo.TERMINAL_CLIENT, "") as (app, begun),
        httpx.Client(base_url=running.url, timeout=30) as phone,
    ):
        address = _scanned(begun["verification_uri_complete"])
        page = phone.get(address)
        assert begun["user_code"] in page.text
        assert "演示·政务自助终端" in page.text
        assert "请回到终端" in go_on(phone, page, choose)
        finish(app)


def add_terminal(running: Running, name: str) -> str:
    """A terminal of the centre that stays signed in; its name."""
    owner, scope = demo.LEGAL_PERSONS[demo.CENTRE], f"--scope={STAYING}"
    added = running.haihe(
        "clients", "add", name, "--name=演示·终端", f"--owner={owner}", scope,
        "--kind=public", f"--grant={DEVICE}", "--redirect=http://127.0.0.1:4999/cb",
    )  # fmt: skip
    assert added.returncode == 0, added.stdout + added.stderr
    return name


@pytest.mark.node
def test_oauth4webapi_on_a_terminal_signs_in_refreshes_and_gives_its_tokens_back(
    running: Running,
) -> None:
    name = add_terminal(running, "bare-terminal")
    begin = foreign(running.url, name, script=BARE, package="oauth4webapi")
    with begin as (app, begun), httpx.Client(base_url=running.url, timeout=30) as phone:
        page = phone.get(begun["verification_uri_complete"])
        assert "请回到终端" in go_on(phone, page, choose)
        finish(app)


def test_authlibs_client_on_a_terminal_signs_in_and_refreshes(running: Running) -> None:
    server = httpx.get(f"{running.url}/.well-known/openid-configuration").json()
    name = add_terminal(running, "python-terminal")
    client = OAuth2Client(name, token_endpoint_auth_method="none", scope=STAYING)
    with client, httpx.Client(base_url=running.url, timeout=30) as phone:
        asked = {"client_id": name, "scope": STAYING}
        begun = httpx.post(server["device_authorization_endpoint"], data=asked).json()
        go_on(phone, phone.get(begun["verification_uri_complete"]), choose)
        code = begun["device_code"]
        tokens = client.fetch_token(server["token_endpoint"], grant_type=DEVICE, device_code=code)
        renewed = client.refresh_token(server["token_endpoint"])
        assert renewed["refresh_token"] != tokens["refresh_token"]
        assert client.get(server["userinfo_endpoint"]).json()["name"] == "演示·李明"


def _scanned(address: str) -> str:
    """What a phone reads from the QR code that a terminal draws."""
    picture = BytesIO()
    segno.make(address, error="m").save(picture, kind="png", scale=6)
    (read,) = zxingcpp.read_barcodes(Image.open(picture))
    return str(read.text)


@pytest.mark.node
def test_openid_client_at_a_window_asks_a_citizen_who_answers_on_their_phone(
    running: Running,
) -> None:
    secret = demo.WINDOW_SECRET
    with (
        foreign("window", running.url, demo.WINDOW_CLIENT, secret, "person") as (app, _),
        httpx.Client(base_url=running.url, timeout=30) as phone,
    ):
        page = phone.get("/approvals")
        while page.is_redirect:
            page = phone.get(page.headers["location"])
        form = next(form for form in read_forms(page.text) if form.action == "/sign-in")
        entry = {**form.fields, "account": "person", "password": demo.PASSWORD}
        phone.post("/sign-in", data=entry)
        waiting = phone.get("/approvals")
        for text in ("演示·窗口受理系统", "演示·政务服务中心", "W-7"):
            assert text in waiting.text
        assert "已经同意" in go_on(phone, waiting, choose)
        finish(app)
