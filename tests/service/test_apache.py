"""Apache with `mod_auth_openidc` in front of a page: single sign-on for what cannot speak it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from service import demo
from service.tour.forms import read_forms
from tests.service.running import Running, free_port
from tests.tools_found import apache

CONFIGURATION = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
{user}
DocumentRoot {folder}/pages
DirectoryIndex index.html
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret {secret}
OIDCRedirectURI {own}/office/callback
OIDCDefaultLoggedOutURL {own}/bye
OIDCCryptoPassphrase a-passphrase-of-this-test
OIDCPKCEMethod S256
OIDCScope "openid profile"
<Location /office/>
  AuthType openid-connect
  Require valid-user
  Header always set X-Name "expr=%{{env:OIDC_CLAIM_name}}"
</Location>
"""


@dataclass(frozen=True)
class Office:
    """An Apache server and where it is."""

    url: str
    folder: Path


@pytest.fixture
def office(running: Running) -> Iterator[Office]:
    program, modules = apache()
    port = free_port()
    own = f"http://127.0.0.1:{port}"
    added = running.haihe(
        "clients", "add", "apache", "--name", "演示·老系统",
        "--owner", demo.LEGAL_PERSONS[demo.CENTRE], "--scope", "openid profile",
        "--redirect", f"{own}/office/callback", "--logout", f"{own}/bye",
    )  # fmt: skip
    assert added.returncode == 0, added.stdout + added.stderr
    secret = next(line.split()[2] for line in added.stdout.splitlines() if "secret" in line)
    # Apache's workers are somebody else than root, so a folder of root's own would be closed.
    folder = Path(tempfile.mkdtemp(prefix="haihe-apache-"))
    folder.chmod(0o755)
    (folder / "pages" / "office").mkdir(parents=True)
    (folder / "pages" / "office" / "index.html").write_text("<p>the old office</p>")
    (folder / "pages" / "bye").write_text("signed out")
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    file = folder / "apache.conf"
    file.write_text(
        CONFIGURATION.format(
            folder=folder,
            port=port,
            modules=modules,
            user=user,
            issuer=running.url,
            own=own,
            secret=secret,
        )
    )
    process = subprocess.Popen([program, "-f", str(file), "-DFOREGROUND"])
    try:
        _wait(own, folder)
        yield Office(own, folder)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, folder: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/bye").status_code == 200:
                return
        time.sleep(0.1)
    log = folder / "error.log"
    raise AssertionError(log.read_text() if log.exists() else "Apache did not start")


def follow(http: httpx.Client, address: str) -> httpx.Response:
    """Go somewhere as a person would: along redirects, through our pages."""
    answer = http.get(address)
    for _ in range(20):
        if answer.is_redirect:
            answer = http.get(urljoin(str(answer.url), answer.headers["location"]))
            continue
        form = _form_of(answer)
        if form is None:
            return answer
        answer = http.post(urljoin(str(answer.url), form[0]), data=form[1])
    raise AssertionError(f"no end at {answer.url}")


def _form_of(answer: httpx.Response) -> tuple[str, dict[str, str]] | None:
    for form in read_forms(answer.text):
        if "password" in form.fields:
            return form.action, {**form.fields, "account": "person", "password": demo.PASSWORD}
        if any((each.name, each.value) == ("decision", "allow") for each in form.buttons):
            return form.action, {**form.fields, "decision": "allow"}
    return None


def test_a_page_behind_apache_is_shown_to_who_signs_in_and_to_nobody_after_logout(
    office: Office,
) -> None:
    with httpx.Client(timeout=30) as http:
        sent = http.get(f"{office.url}/office/")
        assert sent.status_code in {302, 303}
        page = follow(http, f"{office.url}/office/")
        assert page.status_code == 200, (page.url, (office.folder / "error.log").read_text())
        assert "the old office" in page.text
        assert page.headers["x-name"] == "演示·李明"
        away = follow(http, f"{office.url}/office/callback?logout={office.url}/bye")
        assert "signed out" in away.text
        again = http.get(f"{office.url}/office/")
        assert urlsplit(again.headers["location"]).path == "/authorize"
