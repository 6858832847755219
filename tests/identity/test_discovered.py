"""The metadata is true: each thing it claims is exercised.

Whoever adds something to the metadata adds what exercises it, in `tests/identity/discovered`.
"""

import json
from typing import Any

import pytest

from identity.apps.clients import CERTIFIED, SELF_CERTIFIED
from identity.discovery import describe
from tests.identity.conftest import Site
from tests.identity.discovered import (  # noqa: F401  # they register
    EXERCISES,
    addresses,
    elsewhere,
    entries_of,
    find_exercise,
    flows,
    particulars,
    proofs,
)
from tests.identity.world import ISSUER

# What the tests' provider can do; `world` opens it.
ABLE: dict[str, Any] = {
    "registration": True,
    "certificate_methods": (CERTIFIED, SELF_CERTIFIED),
    "detail_types": ("acting", "licence_use"),
}
CLAIMED = list(entries_of(describe(ISSUER, **ABLE)))


@pytest.mark.parametrize(("member", "entry"), CLAIMED)
def test_what_the_metadata_claims_is_so(site: Site, member: str, entry: Any) -> None:
    exercise = find_exercise(member, entry)
    assert exercise is not None, (
        f"nothing exercises {member}: {entry!r}. Write a function that does, with "
        f'@exercises("{member}", {entry!r}), in tests/identity/discovered'
    )
    own = entry.replace(ISSUER, site.url) if isinstance(entry, str) else entry
    exercise(site, own)


def test_nothing_is_exercised_that_is_not_claimed() -> None:
    members = {member for member, _ in CLAIMED}
    optional = {"backchannel_authentication_endpoint"}
    gone = {member for member, _ in EXERCISES} - members - optional
    assert gone == set()


@pytest.mark.parametrize("place", ["openid-configuration", "oauth-authorization-server"])
def test_both_documents_say_the_same_and_name_their_place(site: Site, place: str) -> None:
    """OpenID Connect Discovery §4.3, RFC 8414 §3.3: the issuer is the address without the path."""
    answer = site.browser().http.get(f"/.well-known/{place}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(describe(site.url, **ABLE)))
    assert answer.json()["issuer"] == site.url
