"""Foreign client libraries speak FAPI 2.0 with us, as an app of a bank would."""

import json
import subprocess
from pathlib import Path

import pytest

from identity.people.sessions import cookie_name
from tests.identity.conftest import Site
from tests.identity.pushing import BANK, add_bank
from tests.identity.signing import EC
from tests.identity.world import EVERYTHING, REDIRECT
from tests.tools_found import PROJECT, node, node_package


def cookie_of(site: Site, client_id: str) -> str:
    """The cookie of somebody who has allowed an app what it asks for."""
    company = site.world.company_id()
    cookie, signed_in = site.world.sign_in("agent", company)
    with site.world.working() as work:
        person = signed_in.person.person_id
        for party in (person, company):  # an app that asks for nobody else gets the person
            work.store.clients.save_consent(person, party, client_id, EVERYTHING, work.now)
    return f"{cookie_name(site.url)}={cookie}"


@pytest.mark.node
@pytest.mark.parametrize(
    ("package", "script"), [("openid-client", "bank_flow.mjs"), ("oauth4webapi", "bare_flow.mjs")]
)
def test_a_foreign_library_completes_a_banks_flow(site: Site, package: str, script: str) -> None:
    node_package(package)
    add_bank(site.world)
    told = {
        "issuer": site.url,
        "now": site.world.clock.now,
        "clientId": BANK,
        "key": EC.as_dict(private=True),
        "redirect": REDIRECT,
        "cookie": cookie_of(site, BANK),
    }
    done = subprocess.run(
        [node(), str(Path(__file__).with_name(script))],
        input=json.dumps(told),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
