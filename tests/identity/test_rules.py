"""The rules that need no database, at both sides of every boundary."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.apps.clients import check_redirect_uri, sector_of
from identity.asking.flow import CONSENT, SIGN_IN, Flow, open_flow, seal_flow
from identity.asking.scopes import SCOPES, join, powers_of, split
from identity.errors import BadClient, FlowExpired, MandateMissing, SealBroken
from identity.issued.authorizations import (
    Authorization,
    CodeHandle,
    RefreshHandle,
    make_code,
    make_refresh_token,
    read_code,
    read_refresh_token,
)
from identity.issued.claims import subject_claims
from identity.pages.frame import local_address
from identity.people.assurance import ACR_VALUES, acr_of
from identity.people.mandates import Mandate, check_mandate
from identity.people.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, Session, cookie_name
from identity.seals import KEY_BYTES, Seals

NOW = 1_800_000_000
SEALS = Seals(bytes(range(KEY_BYTES)))
OTHER = Seals(bytes(KEY_BYTES))
ID = "0123456789abcdef" * 2
MANDATE = Mandate("m", "p", "company", "agent", frozenset({"licences"}), NOW, NOW + 100)
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)


@pytest.mark.parametrize(
    ("now", "live"), [(NOW - 1, False), (NOW, True), (NOW + 99, True), (NOW + 100, False)]
)
def test_a_mandate_holds_from_its_first_second_to_before_its_end(now: int, live: bool) -> None:
    assert MANDATE.is_live(now) is live
    if live:
        assert "licences" in check_mandate([MANDATE], "p", "company", now)
        return
    with pytest.raises(MandateMissing):
        check_mandate([MANDATE], "p", "company", now)


def test_a_revoked_mandate_allows_nothing() -> None:
    with pytest.raises(MandateMissing):
        check_mandate([dataclasses.replace(MANDATE, revoked_at=NOW)], "p", "company", NOW + 1)


def test_a_mandate_is_for_one_person_and_one_legal_person() -> None:
    for person, party in (("q", "company"), ("p", "other")):
        with pytest.raises(MandateMissing):
            check_mandate([MANDATE], person, party, NOW)


def test_several_mandates_add_up_and_everybody_acts_for_themself() -> None:
    more = dataclasses.replace(MANDATE, mandate_id="n", powers=frozenset({"verify"}))
    both = check_mandate([MANDATE, more], "p", "company", NOW)
    assert both == {"licences", "show", "uses", "verify", "records"}
    assert check_mandate([], "p", "p", NOW) == {"licences", "show", "uses", "records"}


@pytest.mark.parametrize(
    ("idle", "age", "live"),
    [
        (IDLE_SECONDS - 1, IDLE_SECONDS, True),
        (IDLE_SECONDS, IDLE_SECONDS, False),
        (0, ABSOLUTE_SECONDS - 1, True),
        (0, ABSOLUTE_SECONDS, False),
    ],
)
def test_a_session_ends_when_idle_and_in_any_case(idle: int, age: int, live: bool) -> None:
    session = Session("s", "p", None, NOW, "acr", NOW + age - idle, NOW + ABSOLUTE_SECONDS)
    assert session.is_live(NOW + age) is live
    assert not dataclasses.replace(session, ended_at=NOW).is_live(NOW)


def test_the_cookie_is_bound_to_the_host_when_there_is_tls() -> None:
    assert cookie_name("https://id.example") == "__Host-haihe"
    assert cookie_name("http://127.0.0.1:8000") == "haihe_session"


@given(IDS, st.text(max_size=50))
def test_a_pairwise_subject_leads_back_to_its_party_in_its_sector_only(
    party: str, sector: str
) -> None:
    subject = SEALS.subject(party, sector)
    assert SEALS.open_subject(subject, sector) == party
    assert subject == SEALS.subject(party, sector)
    assert SEALS.subject(party, sector + "x") != subject
    for seals, where in ((SEALS, sector + "x"), (OTHER, sector)):
        with pytest.raises(SealBroken):
            seals.open_subject(subject, where)


@given(st.binary(max_size=64), st.data())
def test_no_other_spelling_of_a_sealed_text_opens(content: bytes, data: st.DataObject) -> None:
    text = SEALS.seal_text(content, "x")
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda char: char != text[at]))
    for changed in (text[:at] + other + text[at + 1 :], text + "=", text + "A", text[:-1]):
        with pytest.raises(SealBroken):
            SEALS.open_text(changed, "x")


def test_a_citizen_number_is_found_by_its_seal_and_read_back() -> None:
    sealed = SEALS.citizen_number("11010519491231002X")
    assert sealed == SEALS.citizen_number("11010519491231002X")
    assert b"1101" not in sealed
    assert SEALS.open_citizen_number(sealed) == "11010519491231002X"


OWN = Authorization(
    ID, "web", ID, ID, "s", "https://app.example/cb", frozenset(), None, "", 0, "", 60, 90, 1, 7
)


@pytest.mark.parametrize(
    "change",
    [{"party_id": "f" * 32}, {"confirmation": "jkt:x"}, {"details": "[]"}, {"resources": "x"}],
)
def test_only_what_needs_no_second_look_is_plain(change: dict[str, str]) -> None:
    assert OWN.is_plain
    other = dataclasses.replace(OWN, **change)
    assert not other.is_plain
    assert read_code(SEALS, make_code(SEALS, other)) == CodeHandle(ID)
    assert read_refresh_token(SEALS, make_refresh_token(SEALS, other)) == RefreshHandle(ID, 7)


def test_a_code_is_no_refresh_token_and_neither_is_a_subject() -> None:
    code, refresh = make_code(SEALS, OWN), make_refresh_token(SEALS, OWN)
    assert read_code(SEALS, code) == CodeHandle(ID, plain=True)
    assert read_refresh_token(SEALS, refresh) == RefreshHandle(ID, 7, plain=True)
    for wrong in (refresh, SEALS.subject(ID, ""), "", "é"):
        assert read_code(SEALS, wrong) is None
    for wrong in (code, SEALS.subject(ID, ""), "", "é"):
        assert read_refresh_token(SEALS, wrong) is None


def test_act_names_the_person_only_when_somebody_else_is_acted_for() -> None:
    assert set(subject_claims(SEALS, "s", ID, ID)) == {"sub"}
    other = "f" * 32
    claims = subject_claims(SEALS, "s", ID, other)
    assert claims["sub"] == SEALS.subject(other, "s")
    assert claims["act"] == {"sub": SEALS.subject(ID, "s")}


def test_an_authorization_ends_at_its_last_second() -> None:
    row = Authorization(
        *(ID, "c", "p", "p", "s", "r", frozenset(), None, "h", NOW, "acr", NOW + 60, NOW + 100),
        redeemed_at=NOW,
    )
    assert row.is_live(NOW + 99)
    assert not row.is_live(NOW + 100)
    assert not dataclasses.replace(row, redeemed_at=None).is_live(NOW)
    assert not dataclasses.replace(row, revoked_at=NOW).is_live(NOW)


def test_a_step_counts_only_in_the_sign_in_in_which_it_was_done() -> None:
    flow = Flow("q", NOW).after(SIGN_IN, "one").after(CONSENT, "one", "party")
    assert flow.has(SIGN_IN, "one")
    assert flow.consented("one", "party")
    assert not flow.has(SIGN_IN, "two")
    assert not flow.consented("two", "party")
    assert not flow.consented("one", "other")
    assert not flow.after(SIGN_IN, "two").has(CONSENT, "two")


def test_a_flow_lives_an_hour_and_cannot_be_made_elsewhere() -> None:
    flow = Flow("client_id=演示&x=1", NOW, "s", "p", frozenset({SIGN_IN}))
    text = seal_flow(SEALS, flow)
    assert open_flow(SEALS, text, NOW + 3599) == flow
    with pytest.raises(FlowExpired, match="too long ago"):
        open_flow(SEALS, text, NOW + 3600)
    with pytest.raises(FlowExpired, match="not begun here"):
        open_flow(OTHER, text, NOW)


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [
        ("/licences?x=1", "/licences?x=1"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/ok\nLocation: x", "/"),
        ("/\t/evil.example", "/"),
        ("evil", "/"),
        ("/演示", "/"),
        ("//[", "/"),
    ],
)
def test_return_to_never_leads_away(address: str, goes_to: str) -> None:
    assert local_address(address) == goes_to


@given(st.text())
def test_no_text_makes_return_to_lead_away(address: str) -> None:
    target = local_address(address)
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))


def test_scopes_keep_one_order_and_unknown_ones_are_left_out() -> None:
    assert join(split("profile unknown openid openid")) == "openid profile"
    assert powers_of({"licence.read", "licence.issue"}) == {"licences", "issue"}
    assert powers_of({"openid", "profile"}) == frozenset()
    assert set(SCOPES) >= {"openid", "offline_access", "ledger.read"}


def test_assurance_levels_are_uris_and_only_the_known_ones() -> None:
    assert acr_of(2) == "urn:haihe:acr:level2"
    assert len(ACR_VALUES) == 4
    for level in (1, 6):
        with pytest.raises(ValueError, match="none of"):
            acr_of(level)


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/cb",
        "https://app.example:8443/cb?x=1",
        "http://127.0.0.1:4999/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:80/cb",
        "http://localhost:3000/cb",
        "cn.gov.haihe:/cb",
        "https://app_1.example:65535/cb",
        "https://[2001:db8::1]:8443/cb",
    ],
)
def test_a_sound_redirect_address_is_registered(address: str) -> None:
    assert check_redirect_uri(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://app.example/cb",
        "https://app.example/cb#x",
        "https:///cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.example/a b",
        "https://例.example/cb",
        "",
        "/cb",
        "http://127.0.0.1.evil.example/cb",
        "https://[/cb",
        "http://user@127.0.0.1/cb",
        "https://user@app.example/cb",
        "https://app.example:0/cb",
        "https://app.example:/cb",
        "https://app.example:65536/cb",
        "https://*/cb",
        "https://*.app.example/cb",
        "https://a;b/cb",
        "https://a,b/cb",
        "https://app%2eexample/cb",
        "https://[::1%25lo]/cb",
        "http://localhost:65536/cb",
    ],
)
def test_an_unsound_redirect_address_is_not_registered(address: str) -> None:
    with pytest.raises(BadClient):
        check_redirect_uri(address)


def test_a_sector_is_the_one_https_host_or_the_app_itself() -> None:
    assert sector_of("a", ("https://x.example/1", "https://x.example/2")) == "x.example"
    assert sector_of("a", ("https://x.example/1", "https://y.example/2")) == "client:a"
    assert sector_of("a", ("http://127.0.0.1/1",)) == "client:a"
    assert sector_of("a", ("https://x.example/1", "http://127.0.0.1/1")) == "client:a"
    assert sector_of("a", ()) == "client:a"
