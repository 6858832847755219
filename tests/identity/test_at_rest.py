"""What is left behind by tokens: nothing that opens anything."""

import base64
import logging

import pytest

from tests.identity.browser import basic
from tests.identity.conftest import Site
from tests.identity.flows import tokens_in
from tests.identity.holding import Holder, code_of
from tests.identity.world import World, world_bytes

line = pytest.mark.line


@line(30)
def test_a_copy_of_the_database_holds_no_token(world: World) -> None:
    tokens, code = tokens_in(world, "openid offline_access licence.read")
    kept = world_bytes(world)
    for text in (code, tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        assert text.encode() not in kept
        last = text.rpartition(".")[2]
        assert last.encode() not in kept
        assert base64.urlsafe_b64decode(last + "=" * (-len(last) % 4)) not in kept


@line(30)
def test_no_log_holds_a_token_or_a_proof(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    holder = Holder(site)
    code = code_of(site)
    tokens = holder.redeem(code, basic()).json()
    proof = holder.headers("/userinfo", "GET", tokens["access_token"])
    http = site.browser().http
    assert http.get("/userinfo", headers=proof).status_code == 200
    assert http.get("/userinfo", headers=proof).status_code == 401
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("http"))
    for text in (tokens["access_token"], tokens["refresh_token"], proof["DPoP"]):
        assert text not in ours


@line(30)
@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/par", "/userinfo"])
def test_no_answer_about_tokens_is_kept_on_the_way(site: Site, path: str) -> None:
    answer = site.browser().http.post(path, data={"client_id": "public"})
    assert answer.headers["cache-control"] == "no-store"
