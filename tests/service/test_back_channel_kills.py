"""An operator ends a person's sign-ins; the service dies; the app hears of it all the same."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.apps.clients import WEB
from identity.apps.options import Options
from identity.issued.authorizations import Authorization
from identity.operating.registry import NewClient, add_client
from identity.sign_in.methods import Proof
from identity.sign_in.signing_in import open_session
from service import demo
from service.opened import Opened, open_service
from service.settings import read_settings
from tests.identity.receiving import Receiver, receiving
from tests.service.running import Running, free_port

SECONDS = 30


def sign_in(opened: Opened, address: str) -> str:
    """A sign-in of the demo agent, and an app that got tokens from it; returns its name."""
    realm = opened.realm
    options = Options(backchannel_logout_uri=address)
    scopes, redirects = frozenset({"openid"}), ("http://127.0.0.1/cb",)
    new = NewClient(
        "listener", "演示·应用", demo.COMPANY_CODE, WEB, scopes, redirects, options=options
    )
    with realm.writing() as store:
        work = realm.work(store)
        add_client(work, new)
        found = store.people.find_account("agent")
        assert found is not None
        person = found[0].person_id
        _, session = open_session(work, Proof(found[0], 2), None)
        given = Authorization(
            realm.fresh_id(), "listener", person, person, session.session_id, redirects[0], scopes,
            None, "", work.now, "", work.now + 60, work.now + 3600,
        )  # fmt: skip
        store.authorizations.add(given)
        store.authorizations.redeem(given.authorization_id, work.now)
    return session.session_id


def until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not seen() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen()


def last_token(app: Receiver, opened: Opened) -> dict[str, object]:
    (token,) = parse_qs(app.received[-1].body.decode())["logout_token"]
    keys = KeySet.import_key_set(opened.realm.keys.published())
    return dict(jwt.decode(token, keys, ["ES256", "RS256"]).claims)


@pytest.mark.line(42)
def test_line_42_a_logout_survives_the_death_of_the_service(tmp_path: Path) -> None:
    running = Running(tmp_path / "data", free_port()).start()
    with receiving() as app:
        try:
            opened = open_service(read_settings(running.environment), demo=True)
            sid = sign_in(opened, app.url)
            app.statuses = [503]
            done = running.haihe("people", "sign-out", "agent")
            assert "have ended" in done.stdout, done.stderr
            until(lambda: len(app.received) >= 1)
            first = last_token(app, opened)
            running.kill()
            app.statuses = [200]
            count = len(app.received)
            running.start()
            until(lambda: len(app.received) > count)
            again = last_token(app, opened)
            assert (again["jti"], again["sid"]) == (first["jti"], sid)
            time.sleep(3)  # longer than the first wait: nothing comes twice
            assert len(app.received) == count + 1
            assert running.haihe("people", "sign-out", "nobody").returncode == 1
            opened.database.close()
        finally:
            running.stop()
