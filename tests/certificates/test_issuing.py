"""Issuing and changes of state: who may, what is refused, what is recorded."""

from dataclasses import replace

import pytest

from certificates.catalogue import find_type
from certificates.errors import (
    AuthorityMissing,
    CertificateError,
    FieldsRefused,
    GlyphMissing,
    HolderUnknown,
    KeyReused,
    NotTheIssuer,
    PowerMissing,
    ReasonRefused,
    TransitionRefused,
    UnknownLicence,
    UnknownMatter,
    UnknownType,
)
from certificates.formats import sd_jwt
from certificates.identifiers import check_identifier
from certificates.issuing import change_state, issue
from certificates.licences import digest_of
from certificates.lifecycle import State
from tests.certificates.world import (
    ADDRESS,
    CITIZEN,
    COMPANY,
    COMPANY_ACTOR,
    MARKET,
    NOW,
    OFFICER,
    REPORT,
    REQUEST,
    City,
    department,
)

DAY = 86_400


def test_an_issued_licence_says_what_was_asked_and_is_signed(city: City) -> None:
    licence = city.issue().licence
    reading = sd_jwt.read(licence.sd_jwt)
    sd_jwt.verify(reading, department(MARKET).key.public_key())
    assert reading.credential.fields == REPORT == licence.fields
    assert reading.credential.holder == {"code": COMPANY, "name": REPORT["name"]}
    assert reading.credential.issuer_code == check_identifier(licence.identifier).issuer == MARKET
    assert reading.credential.status_list == f"{ADDRESS}/status-lists/0"
    assert (licence.valid_from, licence.valid_to) == (NOW, NOW + 90 * DAY)
    assert city.store.find_licence(licence.identifier) == licence


def test_its_record_carries_the_digest(city: City) -> None:
    issued = city.issue(replace(REQUEST, matter="listing-check"))
    use = city.records[issued.record]
    assert (use.kind, use.holder_id, use.actor) == ("issue", "company", OFFICER)
    assert use.fields["licence"] == issued.licence.identifier
    assert use.fields["digest"] == digest_of(issued.licence)
    assert use.fields["state"] == "valid"
    assert use.fields["matter"] == "listing-check"
    assert issued.licence.issue_record == issued.record


def test_no_two_licences_share_identifier_or_place(city: City) -> None:
    issued = [city.issue().licence for _ in range(5)]
    assert len({each.identifier for each in issued}) == 5
    assert sorted(each.status_index for each in issued) == [0, 1, 2, 3, 4]


def test_without_the_power_nothing_is_issued(city: City) -> None:
    powerless = replace(OFFICER, powers=frozenset({"verify"}))
    with pytest.raises(PowerMissing):
        issue(city.store, REQUEST, powerless, city.issue_tools, NOW)
    assert not city.records


@pytest.mark.parametrize(("at", "good"), [(9, False), (10, True), (19, True), (20, False)])
def test_authority_holds_from_its_first_second_to_before_its_last(
    city: City, at: int, *, good: bool
) -> None:
    city.empower(10, 20)
    request = replace(REQUEST, valid_from=0)
    if good:
        assert city.issue(request, at).licence.issued_at == at
    else:
        with pytest.raises(AuthorityMissing):
            city.issue(request, at)


def test_another_types_authority_is_none(city: City) -> None:
    with pytest.raises(AuthorityMissing):
        city.issue(replace(REQUEST, type="business-licence"))


def test_all_that_is_wrong_is_told_at_once(city: City) -> None:
    wrong = replace(
        REQUEST,
        fields=REPORT | {"number": "", "violations": "maybe", "colour": "red"},
        holder_code=COMPANY[:-1] + "8",
        valid_to=NOW,
    )
    with pytest.raises(FieldsRefused) as refused:
        city.issue(wrong)
    assert refused.value.reasons.keys() == {
        "number", "violations", "colour", "holder.code", "valid_to",
    }  # fmt: skip
    assert not city.records


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"type": "driving-licence"}, UnknownType),
        ({"matter": "picnic"}, UnknownMatter),
        ({"holder_name": "别的公司"}, HolderUnknown),
        ({"holder_name": " "}, FieldsRefused),
        ({"holder_code": CITIZEN}, FieldsRefused),
        ({"fields": REPORT | {"uscc": MARKET}}, FieldsRefused),
        ({"fields": REPORT | {"name": "别的公司"}}, FieldsRefused),
        ({"valid_from": -1}, FieldsRefused),
        ({"valid_from": 2**70}, FieldsRefused),
        ({"valid_from": NOW, "valid_to": NOW}, FieldsRefused),
    ],
)
def test_what_cannot_be_is_refused(
    city: City, changes: dict[str, object], error: type[CertificateError]
) -> None:
    with pytest.raises(error):
        city.issue(replace(REQUEST, **changes), key="k")  # type: ignore[arg-type]
    assert not city.records


def test_the_same_key_and_request_get_the_same_answer(city: City) -> None:
    first = city.issue(key="k")
    assert city.issue(key="k", now=NOW + 5) == first
    assert city.kinds() == ["issue"]


def test_the_same_key_with_another_request_is_refused(city: City) -> None:
    city.issue(key="k")
    with pytest.raises(KeyReused):
        city.issue(replace(REQUEST, fields=REPORT | {"number": "XY-2"}), key="k")
    assert city.issue(key="l").licence.status_index == 1


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_empty_or_endless_key_is_refused(city: City, key: str) -> None:
    with pytest.raises(KeyReused):
        city.issue(key=key)


def _change(city: City, identifier: str, new: State, now: int = NOW) -> str:
    return change_state(city.store, identifier, new, "例行检查", OFFICER, city.append, now).record


def test_a_licence_is_suspended_restored_and_revoked(city: City) -> None:
    identifier = city.issue().licence.identifier
    states: tuple[State, ...] = ("suspended", "valid", "revoked")
    for version, state in enumerate(states, 1):
        use = city.records[_change(city, identifier, state, NOW + version)]
        found = city.store.find_licence(identifier)
        assert found is not None
        assert (found.state, found.state_changed_at) == (state, NOW + version)
        assert (use.kind, use.fields["state"], use.holder_id) == ("status", state, "company")
        assert (use.fields["licence"], use.fields["reason"]) == (identifier, "例行检查")
        assert city.store.counted("status-version") == version


def test_a_revoked_licence_stays_revoked(city: City) -> None:
    identifier = city.issue().licence.identifier
    _change(city, identifier, "revoked")
    with pytest.raises(TransitionRefused):
        _change(city, identifier, "valid")


def test_an_expired_licence_can_be_revoked_alone(city: City) -> None:
    licence = city.issue().licence
    end = licence.valid_to or 0
    with pytest.raises(TransitionRefused):
        _change(city, licence.identifier, "suspended", end)
    _change(city, licence.identifier, "suspended", end - 1)
    _change(city, licence.identifier, "revoked", end)


def test_only_its_issuer_changes_a_licence(city: City) -> None:
    identifier = city.issue().licence.identifier
    other = replace(OFFICER, party_id="civil")
    with pytest.raises(NotTheIssuer):
        change_state(city.store, identifier, "revoked", "r", other, city.append, NOW)
    powerless = replace(OFFICER, powers=frozenset({"licences"}))
    with pytest.raises(PowerMissing):
        change_state(city.store, identifier, "revoked", "r", powerless, city.append, NOW)
    with pytest.raises(UnknownLicence):
        change_state(city.store, "none", "revoked", "r", OFFICER, city.append, NOW)
    assert city.kinds() == ["issue"]


@pytest.mark.parametrize("reason", ["", "  ", "r" * 201, "a\nb"])
def test_a_change_needs_a_reason(city: City, reason: str) -> None:
    identifier = city.issue().licence.identifier
    with pytest.raises(ReasonRefused):
        change_state(city.store, identifier, "revoked", reason, OFFICER, city.append, NOW)


def test_a_type_without_end_has_none(city: City) -> None:
    kind = find_type("business-licence")
    city.empower(slug=kind.slug)
    values = {"name": REPORT["name"], "uscc": COMPANY, "kind": "有限责任公司", "capital": "100"}
    more = {"legal_representative": "李强", "established": "2020-01-01"}
    rest = {"address": "和平区南京路1号", "scope": "餐饮"}
    request = replace(REQUEST, type=kind.slug, fields=values | more | rest)
    licence = city.issue(request).licence
    assert licence.valid_to is None
    assert sd_jwt.read(licence.sd_jwt).credential.valid_to is None
    assert city.store.licences_of_holder("company", 9) == [licence]
    assert city.store.licences_of_issuer("market", 5) == [licence]
    assert city.store.licences_of_holder(COMPANY_ACTOR.person_id or "", 9) == []


def test_a_character_that_cannot_be_drawn_is_refused_by_name_and_field(city: City) -> None:
    def check(text: str) -> None:
        if "𠮷" in text:
            raise GlyphMissing("𠮷")

    tools = replace(city.issue_tools, check_glyphs=check)
    rare = replace(REQUEST, fields={**REPORT, "number": "𠮷-1", "remarks": "见𠮷"})
    with pytest.raises(FieldsRefused) as refused:
        issue(city.store, rare, OFFICER, tools, NOW)
    assert set(refused.value.reasons) == {"number", "remarks"}
    assert all("𠮷" in each.zh and "𠮷" in each.en for each in refused.value.reasons.values())
    assert not city.records
    assert issue(city.store, REQUEST, OFFICER, tools, NOW)
