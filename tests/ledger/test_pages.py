"""The ledger's API and pages over HTTP, in the service's real frame."""

import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ledger import pages, routes
from ledger.access import Actor
from ledger.errors import LedgerError
from ledger.evidence import verify_evidence
from ledger.signed_checkpoint import read_checkpoint
from ledger.trust import parse_trust
from service.web.frame import PageFrame
from tests.ledger.world import KEY, SIGNER, World, counted
from tests.service.serving import served

PAGES = Path(pages.__file__).parent
HOLDER = Actor(
    "p1",
    "演示·张三",
    "holder",
    "演示·津沽商贸",
    "9112",
    True,
    frozenset({"licences", "uses"}),
    None,
)
CLERK = Actor(
    "clerk", "演示·李窗口", "window", "演示·政务中心", "1112", True, frozenset({"verify"}), None
)
STRANGER = replace(
    HOLDER, person_id="p9", party_id="other", powers=frozenset({"licences", "uses", "records"})
)
COLLEAGUE = replace(CLERK, person_id="p7")
AUDITOR = replace(CLERK, person_id="a1", party_id="audit-office", powers=frozenset({"audit"}))
APP = replace(HOLDER, powers=frozenset({"records", "uses"}))
ACTORS = {
    "colleague": COLLEAGUE,
    "holder": HOLDER,
    "clerk": CLERK,
    "stranger": STRANGER,
    "auditor": AUDITOR,
    "app": APP,
}


def acting(request: Request) -> Actor:
    return ACTORS[request.headers["actor"]]


def make_app(world: World) -> FastAPI:
    frame = PageFrame(
        {"ledger": PAGES / "templates"},
        [PAGES / "texts"],
        b"k" * 32,
        lambda request: ACTORS.get(request.headers.get("actor", "")),
        demo=True,
        secure_cookies=False,
    )
    trust = world.trust
    desk = pages.Desk(frame, world.reading, KEY, SIGNER, lambda: trust, acting)
    app = FastAPI()
    app.include_router(pages.router(desk))
    app.include_router(
        routes.router(
            reading=world.reading, key=KEY, signer=SIGNER, trust=lambda: trust, actor=acting
        )
    )

    @app.exception_handler(LedgerError)
    def refuse(_: Request, error: LedgerError) -> JSONResponse:
        return JSONResponse({"refused": type(error).__name__}, 418)

    return app


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with ExitStack() as stack:
        world = World(tmp_path_factory.mktemp("site"))
        stack.callback(world.close)
        shown = {"by_name": "演示·李窗口", "for_name": "演示·政务中心", "fields": "name,address"}
        (first,) = world.append(result="passed", **shown)
        world.sequence()
        world.anchor()
        (second,) = world.append(result="failed", failed_check="shown", **shown)
        world.sequence()
        (third,) = world.append(kind="status", state="suspended")
        address = stack.enter_context(served(make_app(world)))
        client = stack.enter_context(httpx.Client(base_url=address))
        yield world, client, (first, second, third)


def get(site, path, who, **query):
    return site[1].get(path, headers={"actor": who}, params=query)


def test_the_holder_sees_every_use_with_result_and_reason_and_no_value(site):
    page = get(site, "/uses", "holder").text
    for text in (
        "演示·李窗口",
        "演示·政务中心",
        "设立登记",
        "核对名称",
        "name address",
        "通过",
        "未通过",
        "出示码已失效",
        "暂扣",
    ):
        assert text in page
    for record_id in site[2]:
        assert f"/ledger/records/{record_id}" in page


def test_the_pages_speak_english(site):
    client = site[1]
    client.cookies.set("language", "en")
    page = client.get("/uses", headers={"actor": "holder", "Accept-Language": "en"}).text
    client.cookies.clear()
    assert "Record of uses" in page
    assert "The code was dead" in page


def test_the_export_holds_the_same_uses(site):
    exported = get(site, "/uses/export", "holder").json()["uses"]
    assert [use["record"] for use in exported] == sorted(site[2], reverse=True)


def test_a_stranger_sees_nothing(site):
    assert get(site, "/api/records", "stranger").json() == {"records": [], "next": None}
    for path in (
        "/ledger/records/{}",
        "/api/records/{}",
        "/api/records/{}/evidence",
        "/ledger/records/{}/json",
    ):
        assert get(site, path.format(site[2][0]), "stranger").json() == {"refused": "RecordUnknown"}


def test_powers_are_needed(site):
    for path, who in (("/uses", "clerk"), ("/ledger", "holder"), ("/api/records", "clerk")):
        assert get(site, path, who).json() == {"refused": "PowerMissing"}


def test_the_one_who_acted_sees_the_record_and_a_colleague_does_not(site):
    path = f"/ledger/records/{site[2][0]}"
    assert get(site, path, "clerk").status_code == 200
    assert get(site, path, "colleague").json() == {"refused": "RecordUnknown"}


def test_the_proof_page_shows_every_step_and_how_to_check_it(site):
    page = get(site, f"/ledger/records/{site[2][0]}", "auditor").text
    assert "证明成立，已上链存证" in page
    assert "haihe check" in page
    assert "/ledger/checkpoints/1" in page
    assert "/ledger/anchors/1" in page
    assert "开发链" in page
    second = get(site, f"/ledger/records/{site[2][1]}", "auditor").text
    assert "与左边的哈希合并" in second
    assert "等待入账" in get(site, f"/ledger/records/{site[2][2]}", "auditor").text


def test_the_api_tells_how_far_a_record_has_come(site):
    states = [get(site, f"/api/records/{one}", "app").json() for one in site[2]]
    assert [state["state"] for state in states] == ["anchored", "sequenced", "pending"]
    assert [state["leaf_index"] for state in states] == [0, 1, None]
    assert [state["tree_size"] for state in states] == [1, 2, None]
    assert set(states[0]["anchor"]) == {"size", "tx_hash", "block_number", "chain_id", "contract"}
    assert states[0]["openings"]["purpose"][1] == "核对名称"


def test_evidence_from_the_api_passes_with_the_trust_from_the_api(site):
    trust = parse_trust(get(site, "/api/trust", "app").content)
    for path in ("/api/records/{}/evidence", "/ledger/records/{}/evidence"):
        who = "app" if path.startswith("/api") else "holder"
        data = get(site, path.format(site[2][0]), who).content
        assert verify_evidence(data, trust).entry.record_id == site[2][0]
    some = get(site, f"/api/records/{site[2][0]}/evidence", "app", fields="purpose").content
    assert set(json.loads(some)["openings"]) == {"purpose"}
    refused = get(site, f"/api/records/{site[2][1]}/evidence", "app").json()
    assert refused == {"refused": "NotYetAnchored"}


def test_the_checkpoint_is_public_and_signed(site):
    answer = site[1].get("/ledger/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert read_checkpoint(answer.text, SIGNER.key).head.size == 2


@pytest.mark.parametrize(
    ("words", "found"), [("0", 1), ("1", 1), ("77", 0), ("1.2.156.3005.2.x", 3), ("nothing", 0)]
)
def test_the_auditor_finds_by_number_and_by_licence(site, words, found):
    page = get(site, "/ledger", "auditor", q=words).text
    assert page.count("看证明") == found
    assert ("没有找到" in page) == (found == 0)


def test_the_auditor_finds_by_record_id_and_checkpoint_size(site):
    assert site[2][2] in get(site, "/ledger", "auditor", q=site[2][2]).text
    page = get(site, "/ledger", "auditor", q="1").text
    assert "/ledger/checkpoints/1" in page
    assert "/ledger/anchors/1" in page


def test_the_ledger_starts_with_one_sentence(site):
    page = get(site, "/ledger", "auditor").text
    assert "账本共有 3 条记录，其中前 1 条已经上链存证。" in page


@pytest.mark.parametrize(
    "path", ["/ledger/checkpoints/1", "/ledger/checkpoints/2", "/ledger/anchors/1"]
)
def test_checkpoints_and_anchors_are_open_to_all_and_checked_again(site, path):
    page = site[1].get(path)
    assert page.status_code == 200
    assert 'class="passed"' in page.text
    assert 'class="failed"' not in page.text


@pytest.mark.parametrize(
    ("path", "error"),
    [("/ledger/checkpoints/9", "CheckpointUnknown"), ("/ledger/anchors/2", "AnchorUnknown")],
)
def test_what_is_not_there_is_told(site, path, error):
    assert site[1].get(path).json() == {"refused": error}


def test_lists_page_on(site):
    first = get(site, "/api/records", "app", limit=2).json()
    second = get(site, "/api/records", "app", limit=2, before=first["next"]).json()
    ids = [record["record"] for record in first["records"] + second["records"]]
    assert ids == sorted(site[2], reverse=True)


def test_a_page_sends_few_statements(site):
    world = site[0]
    for path, limit in ((f"/ledger/records/{site[2][0]}", 4), ("/uses", 2), ("/ledger", 6)):
        with counted(world.database) as statements:
            assert get(site, path, "auditor" if path != "/uses" else "holder").status_code == 200
        assert len([one for one in statements if not one.startswith("BEGIN")]) <= limit
