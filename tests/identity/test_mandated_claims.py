"""What an app learns about a person's authority over a legal person, and where."""

import json

import pytest

from identity.issued.authority import authority_claims
from identity.people.mandates import Mandate
from identity.people.subjects import LegalPerson, Person, party_of
from identity.signing.tokens import ACCESS, ID, verify_signature
from tests.identity.browser import basic, request_of
from tests.identity.conftest import Site
from tests.identity.test_back_channel import userinfo
from tests.identity.world import COMPANY, COMPANY_CODE, PERSON_NUMBER

BODY = party_of(LegalPerson("b" * 32, COMPANY_CODE, COMPANY))
FIRST_OF_2027 = 1_798_732_800  # 00:00 in China
DAY = 24 * 3600


def mandate(role: str = "agent", valid_to: int | None = None) -> Mandate:
    powers = frozenset({"verify", "licences"})
    return Mandate("m", "p", "b" * 32, role, powers, FIRST_OF_2027, valid_to)


def test_the_authority_names_organisation_permission_and_who_granted_it() -> None:
    told = authority_claims(
        BODY, [mandate(valid_to=FIRST_OF_2027 + DAY)], {"legal_person"}, "https://id"
    )
    assert told["verified_claims"]["claims"]["authority"] == {
        "applies_to": {"organization_name": COMPANY, "registration_number": COMPANY_CODE},
        "permission": [
            {
                "role": "agent",
                "function": ["licences", "verify"],
                "validity": {"start": "2027-01-01", "end": "2027-01-01"},
            }
        ],
        "granted_by": {"method": "delegated", "granting_body": COMPANY},
    }
    assert "trust_framework" in told["verified_claims"]["verification"]


def test_a_mandate_that_ends_a_second_later_ends_on_the_next_day() -> None:
    told = authority_claims(
        BODY, [mandate(valid_to=FIRST_OF_2027 + DAY + 1)], {"legal_person"}, "https://id"
    )
    permission = told["verified_claims"]["claims"]["authority"]["permission"]
    assert permission[0]["validity"]["end"] == "2027-01-02"


def test_a_legal_representative_has_it_from_the_register() -> None:
    held = [mandate("legal_representative"), mandate("agent")]
    told = authority_claims(BODY, held, {"legal_person"}, "https://id")
    methods = [each["granted_by"] for each in told["verified_claims"]["claims"]["authority"]]
    assert methods == [
        {"method": "registered", "granting_body": "https://id"},
        {"method": "delegated", "granting_body": COMPANY},
    ]
    first = told["verified_claims"]["claims"]["authority"][0]
    assert first["permission"][0]["validity"] == {"start": "2027-01-01"}


@pytest.mark.parametrize("scopes", [set(), {"profile", "openid"}])
def test_without_the_scope_nothing_is_told(scopes: set[str]) -> None:
    assert authority_claims(BODY, [mandate()], scopes, "https://id") == {}


def test_of_a_person_who_acts_for_themself_nothing_is_told() -> None:
    person = party_of(Person("p" * 32, "person", "演示", demo=False))
    assert authority_claims(person, [], {"legal_person"}, "https://id") == {}


def claims_everywhere(site: Site, scope: str) -> dict[str, dict[str, object]]:
    browser, keys = site.ready(), site.world.realm.keys
    tokens = browser.tokens(scope=scope)
    access = tokens["access_token"]
    introspected = browser.http.post("/introspect", data={"token": access}, headers=basic())
    return {
        "id token": verify_signature(keys, ID, tokens["id_token"]),
        "access token": verify_signature(keys, ACCESS, access),
        "userinfo": userinfo(site, access).json(),
        "introspection": introspected.json(),
    }


def test_it_is_in_id_token_userinfo_and_introspection_and_not_in_the_access_token(
    site: Site,
) -> None:
    told = claims_everywhere(site, "openid legal_person")
    assert "verified_claims" not in told["access token"]
    assert "act" in told["access token"]
    shown = [told[place]["verified_claims"] for place in ("id token", "userinfo", "introspection")]
    assert shown[0] == shown[1] == shown[2]
    assert PERSON_NUMBER[:14] not in json.dumps(told)


def test_it_is_nowhere_without_the_scope(site: Site) -> None:
    assert all(
        "verified_claims" not in claims
        for claims in claims_everywhere(site, "openid profile").values()
    )


def test_it_is_nowhere_for_a_person_who_acts_for_themself(site: Site) -> None:
    browser = site.browser("person")
    tokens = browser.redeem(browser.authorize(request_of(scope="openid legal_person"))["code"])
    access = tokens.json()["access_token"]
    claims = verify_signature(site.world.realm.keys, ID, tokens.json()["id_token"])
    assert "verified_claims" not in claims
    assert "verified_claims" not in userinfo(site, access).json()
