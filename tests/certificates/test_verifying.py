"""Verifying: each check fails alone, a code works once, and only the asked fields are answered."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from certificates.catalogue import find_type
from certificates.chains import verify_links
from certificates.errors import (
    CertificateError,
    PowerMissing,
    PurposeRefused,
    RequestAmbiguous,
    TooManyTries,
    UnknownMatter,
)
from certificates.formats import sd_jwt
from certificates.issuing import Issued, change_state
from certificates.lifecycle import State
from certificates.presenting import hash_code
from certificates.verifying import MOST_TRIES, VerifyRequest, VerifyTools, redeem, verify
from tests.certificates.world import (
    CLERK,
    COMPANY,
    MATTER,
    NOW,
    OFFICER,
    REPORT,
    REQUEST,
    SEEN,
    City,
    failures,
    keys,
)

CODES = (
    "form", "signature", "chain", "authority", "period", "status", "agreement", "shown",
    "purpose", "recorded",
)  # fmt: skip
NOBODY = "HAIHE:" + "A" * 26


@pytest.fixture
def issued(city: City) -> Issued:
    return city.issue()


@pytest.fixture
def identifier(issued: Issued) -> str:
    return issued.licence.identifier


def change(city: City, identifier: str, new: State) -> None:
    change_state(city.store, identifier, new, "检查", OFFICER, city.append, NOW)


@pytest.mark.parametrize("kind", ["code", "digits"])
def test_a_shown_licence_passes_all_ten(city: City, identifier: str, kind: str) -> None:
    shown = city.show(identifier)
    verdict = city.verify(**{kind: getattr(shown, kind)})
    assert verdict.passed
    assert [each.number for each in verdict.checks] == list(range(1, 11))
    assert tuple(each.code for each in verdict.checks) == CODES
    results = {each.code: each.result for each in verdict.checks}
    assert results.pop("agreement") == "not-applicable"  # a code carries nothing to compare
    assert set(results.values()) == {"passed"}
    assert verdict.licence
    assert (verdict.licence.identifier, verdict.licence.state) == (identifier, "valid")


def test_the_answer_holds_the_matters_fields_alone(city: City, identifier: str) -> None:
    view = city.verify(code=city.show(identifier).code).licence
    assert view
    assert view.fields == {name: REPORT[name] for name in SEEN}
    assert set(view.fields) <= set(REPORT)


def test_a_matter_that_needs_less_is_told_less(city: City) -> None:
    kind = "business-licence"
    city.empower(slug=kind)
    values = {
        "name": REPORT["name"], "uscc": COMPANY, "kind": "有限责任公司", "capital": "100",
        "legal_representative": "李强", "established": "2020-01-01",
        "address": "南京路", "scope": "餐饮",
    }  # fmt: skip
    request = replace(REQUEST, type=kind, fields=values)
    identifier = city.issue(request).licence.identifier
    view = city.verify(matter="credit-repair", code=city.show(identifier).code).licence
    assert view
    assert list(view.fields) == ["name", "uscc", "legal_representative"]


def test_the_record_says_who_asked_why_and_what_was_seen(city: City, identifier: str) -> None:
    verdict = city.verify(code=city.show(identifier).code)
    use = city.records[verdict.record or ""]
    assert (use.kind, use.holder_id, use.actor) == ("verify", "company", CLERK)
    assert use.fields == {
        "licence": identifier,
        "licence_type": "credit-report",
        "licence_name": "公共信用信息报告",
        "licence_name_en": "Public credit report",
        "matter": MATTER,
        "matter_name": "企业上市合法合规信息核查",
        "purpose": "上市核查",
        "result": "passed",
        "fields": ",".join(SEEN),
        "field_names": "、".join(find_type("credit-report").field(name).zh for name in SEEN),
        "for_name": CLERK.party_name,
        "by_name": CLERK.person_name,
    }


@pytest.mark.parametrize(("later", "reasons"), [(59, {}), (60, {"shown": "expired"})])
def test_a_code_dies_after_a_minute(
    city: City, identifier: str, later: int, reasons: dict[str, str]
) -> None:
    assert failures(city.verify(NOW + later, code=city.show(identifier).code)) == reasons


@pytest.mark.parametrize(
    ("later", "reasons"),
    [
        (59, {}),
        (60, {"shown": "expired"}),
        (299, {"shown": "expired"}),
        (300, {"shown": "unknown"}),
    ],
)
def test_digits_die_with_their_code_and_are_remembered_a_while(
    city: City, identifier: str, later: int, reasons: dict[str, str]
) -> None:
    assert failures(city.verify(NOW + later, digits=city.show(identifier).digits)) == reasons


def test_a_code_works_once(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    assert city.verify(code=shown.code).passed
    again = city.verify(code=shown.code)
    assert failures(again) == {"shown": "used"}
    assert again.licence is None
    assert city.records[again.record or ""].fields["failed_check"] == "shown"
    assert failures(city.verify(digits=shown.digits)) == {"shown": "used"}


def test_an_unknown_code_is_not_recorded(city: City, identifier: str) -> None:
    city.show(identifier)
    verdict = city.verify(code=NOBODY)
    assert failures(verdict) == {"shown": "unknown"}
    assert (verdict.licence, verdict.record) == (None, None)


@pytest.mark.parametrize(
    ("wrong", "reason"), [("deregistration", "other-matter"), ("birth", "no-ground")]
)
def test_a_wrong_matter_does_not_burn_the_code(
    city: City, identifier: str, wrong: str, reason: str
) -> None:
    shown = city.show(identifier, MATTER)
    refused = city.verify(matter=wrong, code=shown.code)
    assert failures(refused) == {"purpose": reason}
    assert refused.licence
    assert not refused.licence.fields
    assert city.verify(code=shown.code).passed


@pytest.mark.parametrize("state", ["suspended", "revoked"])
def test_a_licence_out_of_force_fails_status_alone(
    city: City, identifier: str, state: State
) -> None:
    change(city, identifier, state)
    verdict = city.verify(code=city.show(identifier).code)
    assert failures(verdict) == {"status": state}
    assert verdict.licence
    assert (verdict.licence.state, verdict.licence.fields) == (state, {})


def test_a_restored_licence_passes(city: City, identifier: str) -> None:
    change(city, identifier, "suspended")
    change(city, identifier, "valid")
    assert city.verify(code=city.show(identifier).code).passed


@pytest.mark.parametrize(("before_end", "reasons"), [(1, {}), (0, {"period": "over"})])
def test_a_licence_ends_at_its_end(
    city: City, issued: Issued, before_end: int, reasons: dict[str, str]
) -> None:
    now = (issued.licence.valid_to or 0) - before_end
    verdict = city.verify(now, code=city.show(issued.licence.identifier, now=now).code)
    assert failures(verdict) == reasons
    assert verdict.licence
    assert verdict.licence.state == ("expired" if reasons else "valid")


@pytest.mark.parametrize(("now", "reasons"), [(NOW + 9, {"period": "not-yet"}), (NOW + 10, {})])
def test_a_licence_begins_at_its_begin(city: City, now: int, reasons: dict[str, str]) -> None:
    request = replace(REQUEST, valid_from=NOW + 10)
    shown = city.show(city.issue(request).licence.identifier)
    assert failures(city.verify(now, code=shown.code)) == reasons


@pytest.mark.parametrize(
    ("since", "until", "reasons"),
    [(NOW, NOW + 1, {}), (NOW + 1, None, {"authority": "none"}), (0, NOW, {"authority": "none"})],
)
def test_authority_counts_at_the_time_of_issue(
    city: City, identifier: str, since: int, until: int | None, reasons: dict[str, str]
) -> None:
    city.empower(since, until)
    assert failures(city.verify(NOW + 30, code=city.show(identifier).code)) == reasons


def test_independent_failures_are_all_told(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    assert city.verify(code=shown.code).passed
    change(city, identifier, "suspended")
    found = failures(city.verify(matter="birth", code=shown.code))
    assert found == {"status": "suspended", "shown": "used", "purpose": "no-ground"}


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"code": ""}, "code"),
        ({"code": NOBODY + "A"}, "code"),
        ({"code": NOBODY[:-1] + "1"}, "code"),
        ({"digits": "12345"}, "digits"),
        ({"digits": "１２３４５６"}, "digits"),
        ({"sd_jwt": "a.b.c"}, "credential"),
    ],
)
def test_what_has_no_form_fails_form_alone(city: City, what: dict[str, Any], reason: str) -> None:
    verdict = city.verify(**what)
    assert failures(verdict) == {"form": reason}
    assert {each.result for each in verdict.checks[1:]} == {"not-applicable"}
    assert verdict.record is None


def test_a_code_may_be_typed_in_small_letters_and_digits_with_a_space(
    city: City, identifier: str
) -> None:
    code = city.show(identifier).code.removeprefix("HAIHE:").lower()
    assert city.verify(code=f" {code} ").passed
    digits = city.show(identifier).digits
    assert city.verify(digits=f"{digits[:3]} {digits[3:]}").passed


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": None}, RequestAmbiguous),
        ({"digits": "123456"}, RequestAmbiguous),
        ({"matter": "picnic"}, UnknownMatter),
        ({"purpose": " "}, PurposeRefused),
    ],
)
def test_an_incomplete_request_is_an_error(
    city: City, changes: dict[str, str], error: type[CertificateError]
) -> None:
    request = replace(VerifyRequest(MATTER, "p", code=NOBODY), **changes)
    tools = VerifyTools(city.append, city.find_issue, keys()[0].der)
    with pytest.raises(error):
        verify(city.store, request, CLERK, tools, NOW)
    powerless = replace(CLERK, powers=frozenset({"licences"}))
    with pytest.raises(PowerMissing):
        verify(city.store, VerifyRequest(MATTER, "p", code=NOBODY), powerless, tools, NOW)


def test_six_digits_cannot_be_guessed_for_long(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    wrong = f"{(int(shown.digits) + 1) % 1_000_000:06}"
    for _ in range(MOST_TRIES - 1):
        city.verify(digits=wrong)
    assert city.verify(digits=shown.digits).passed  # a right one is always answered till then
    city.verify(digits=wrong)
    with pytest.raises(TooManyTries):
        city.verify(digits=city.show(identifier).digits)
    later = NOW - NOW % 60 + 60
    assert city.verify(later, digits=city.show(identifier, now=later).digits).passed
    city.verify(later, digits=wrong)  # the first of this minute, whatever was before
    assert city.verify(later, digits=city.show(identifier, now=later).digits).passed


def test_a_verification_takes_few_statements_and_one_signature(city: City, identifier: str) -> None:
    city.verify(code=city.show(identifier).code)
    statements: list[str] = []
    event.listen(
        city.connection.engine, "before_cursor_execute", lambda *each: statements.append(each[2])
    )
    before = verify_links.cache_info().misses
    for kind, most in (("code", 2), ("digits", 4)):  # the ledger adds two: find and append
        shown = city.show(identifier)
        statements.clear()
        assert city.verify(**{kind: getattr(shown, kind)}).passed
        assert len(statements) == most, statements
    assert verify_links.cache_info().misses == before


# What was tampered with


@pytest.mark.parametrize(
    "change",
    ["fields = replace(fields, '无', '有')", "holder_name = 'x'", "valid_to = valid_to + 1",
     "issued_at = issued_at - 1", "fields = 'x'", "status_index = 9"],
)  # fmt: skip
def test_a_changed_register_differs_from_signature_and_ledger(
    city: City, identifier: str, change: str
) -> None:
    city.connection.execute(text(f"UPDATE licences SET {change}"))
    found = failures(city.verify(code=city.show(identifier).code))
    assert found == {"signature": "differs", "recorded": "differs"}


@pytest.mark.parametrize("change", ["holder_id = 'company '", "issuer_name = 'x'"])
def test_what_is_not_signed_is_still_under_the_digest(
    city: City, identifier: str, change: str
) -> None:
    shown = city.show(identifier)
    city.connection.execute(text(f"UPDATE licences SET {change}"))
    assert failures(city.verify(code=shown.code)) == {"recorded": "differs"}


def test_a_licence_of_unknown_type_fails_and_is_no_error(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    city.connection.execute(text("UPDATE licences SET type_code = '111201010000020141009'"))
    verdict = city.verify(code=shown.code)
    assert failures(verdict).keys() == {"signature", "authority", "recorded"}
    assert verdict.licence is None
    assert verdict.record


def test_a_licence_without_its_record_fails_recorded_alone(city: City, issued: Issued) -> None:
    shown = city.show(issued.licence.identifier)
    del city.records[issued.record]
    assert failures(city.verify(code=shown.code)) == {"recorded": "missing"}


def test_a_record_of_another_licence_is_not_its_record(city: City, issued: Issued) -> None:
    shown = city.show(issued.licence.identifier)
    use = city.records[issued.record]
    city.records[issued.record] = replace(use, fields={**use.fields, "licence": "another"})
    assert failures(city.verify(code=shown.code)) == {"recorded": "differs"}


def test_a_register_text_that_cannot_be_read_fails(city: City, identifier: str) -> None:
    city.connection.execute(text("UPDATE licences SET sd_jwt = substr(sd_jwt, 2)"))
    found = failures(city.verify(code=city.show(identifier).code))
    assert found == {"signature": "wrong", "recorded": "differs"}


# A credential instead of a code


def test_a_credential_passes_without_being_shown(city: City, issued: Issued) -> None:
    verdict = city.verify(sd_jwt=issued.licence.sd_jwt)
    assert verdict.passed
    results = {each.code: each.result for each in verdict.checks}
    assert (results["agreement"], results["shown"]) == ("passed", "not-applicable")
    assert verdict.licence
    assert set(verdict.licence.fields) == set(SEEN)


def test_what_the_holder_withholds_is_not_answered(city: City, issued: Issued) -> None:
    verdict = city.verify(sd_jwt=sd_jwt.withhold(issued.licence.sd_jwt, ["violations", "uscc"]))
    assert verdict.passed
    assert verdict.licence
    assert set(verdict.licence.fields) == set(SEEN) - {"violations", "uscc"}


def test_a_suspended_credential_fails_status_alone(city: City, issued: Issued) -> None:
    change(city, issued.licence.identifier, "suspended")
    assert failures(city.verify(sd_jwt=issued.licence.sd_jwt)) == {"status": "suspended"}


def test_who_loses_a_race_for_a_code_is_told_it_was_used(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    stale = city.store.find_by_code(hash_code(shown.code))
    assert stale
    assert city.store.redeem(hash_code(shown.code), NOW)
    assert redeem(city.store, stale, NOW) == "used"
