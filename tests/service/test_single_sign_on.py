"""Independent clients complete the code flow: Authlib's, as in the README, and openid-client."""

import re
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn

from service import demo
from service.tour.forms import read_forms
from service.tour.outsider import _fill_in  # the browser without script
from tests.service.running import PROJECT, Running, free_port
from tests.tools_found import node, node_package

EXAMPLE = PROJECT / "docs" / "examples" / "single_sign_on.py"


def test_the_readme_shows_the_example_that_is_tested() -> None:
    shown = re.search(r"```python\n(.*?)```", (PROJECT / "README.md").read_text("utf-8"), re.S)
    assert shown is not None
    assert shown.group(1) == EXAMPLE.read_text("utf-8")
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= 25


def test_authlibs_client_signs_a_person_in(running: Running) -> None:
    port = free_port()  # a loopback port may vary (RFC 8252 §7.3)
    source = EXAMPLE.read_text("utf-8").replace("http://127.0.0.1:8000", running.url)
    source = source.replace(":4999", f":{port}")
    space: dict[str, object] = {}
    exec(compile(source, str(EXAMPLE), "exec"), space)
    config = uvicorn.Config(space["app"], port=port, log_level="error")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        with httpx.Client(timeout=30) as browser:
            claims = walk(browser, f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/cb")
    finally:
        server.should_exit = True
        thread.join()
    assert claims["iss"] == running.url
    assert claims["aud"] in ("demo-web", ["demo-web"])
    assert "act" in claims


def walk(browser: httpx.Client, start: str, callback: str) -> dict[str, object]:
    """Follow redirects, fill in our forms, and read what the app shows at its callback."""
    response = browser.get(start)
    for _ in range(12):
        if response.is_redirect:
            response = browser.get(urljoin(str(response.url), response.headers["location"]))
        elif str(response.url).startswith(callback):
            assert response.status_code == 200, response.text
            return dict(response.json())
        else:
            assert read_forms(response.text), response.text
            response = _fill_in(browser, response, ("agent", demo.PASSWORD), demo.COMPANY)
    pytest.fail("the app was never reached")


@pytest.mark.node
def test_openid_client_completes_the_code_flow(running: Running) -> None:
    node_package("openid-client")
    script = Path(__file__).with_name("code_flow.mjs")
    done = subprocess.run(
        [node(), str(script), running.url, demo.WEB_CLIENT, demo.WEB_SECRET, demo.PASSWORD],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refreshed" in done.stdout
