import json
from dataclasses import replace

import pytest

from ledger.canonical import canonical, encode_bytes
from ledger.checkpoint import TreeHead, make_signer
from ledger.errors import EvidenceRejected, NotYetAnchored, RecordUnknown, TrustUnreadable
from ledger.evidence import check_evidence, make_evidence, verify_evidence
from ledger.trust import parse_trust
from tests.ledger.world import SIGNER, World

CODES = ["form", "signature", "openings", "checkpoint", "inclusion", "operator", "anchor"]


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("proved"))
    ids = world.append(5)
    world.sequence()
    world.anchor()
    with world.reading() as store:
        data = make_evidence(store, ids[2], SIGNER, world.chain.chain_id)
    yield world, ids, data, world.trust
    world.close()


def leaf_index(body):
    return body["inclusion"]["leaf_index"]


def last(data, trust):
    return list(check_evidence(data, trust))[-1]


def resigned(data, change):
    """The file with a part changed, signed again by the log itself."""
    body = json.loads(data)
    del body["signature"]
    change(body)
    signature = SIGNER.private.sign(b"haihe evidence 1\n" + canonical(body))
    return canonical({**body, "signature": encode_bytes(signature)})


def test_evidence_passes_every_step_without_network_or_database(proved):
    _, _, data, trust = proved
    steps = list(check_evidence(data, trust))
    assert [step.code for step in steps] == CODES
    assert [step.number for step in steps] == list(range(1, 8))
    assert all(step.passed and step.zh and step.en for step in steps)
    world, ids = proved[:2]
    with world.reading() as store:
        assert verify_evidence(data, trust).leaf_index == store.find_record(ids[2]).leaf_index


def test_every_flipped_byte_is_refused(proved):
    _, _, data, trust = proved
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << (place % 8)
        assert not last(bytes(changed), trust).passed


@pytest.mark.parametrize(
    "change", [lambda d: d + b"\n", lambda d: d[:-1], lambda d: b"", lambda d: b"[]"]
)
def test_added_and_cut_bytes_are_refused(proved, change):
    _, _, data, trust = proved
    assert (last(change(data), trust).code, last(change(data), trust).passed) == ("form", False)


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("openings", lambda b: b["openings"]["purpose"].__setitem__(1, "另一个用途")),
        ("checkpoint", lambda b: b.update(checkpoint=b["checkpoint"].replace("\n5\n", "\n6\n"))),
        (
            "inclusion",
            lambda b: b["inclusion"].update(leaf_index=(b["inclusion"]["leaf_index"] + 1) % 4),
        ),
        ("inclusion", lambda b: b["inclusion"]["path"].pop()),
        ("inclusion", lambda b: b["entry"].update(kind="issue")),
        ("operator", lambda b: b["anchor"].update(chain_id=1)),
        ("operator", lambda b: b["anchor"].update(tx_hash="0x" + "00" * 32)),
        ("operator", lambda b: b["anchor"].update(raw="AAAA")),
    ],
)
def test_a_lie_that_the_log_signs_is_caught_at_its_own_step(proved, step, change):
    _, _, data, trust = proved
    failed = last(resigned(data, change), trust)
    assert (failed.code, failed.passed) == (step, False)


@pytest.mark.parametrize(
    ("step", "pinned"),
    [
        ("signature", {"log_key": make_signer(SIGNER.origin, b"x" * 32).key}),
        ("checkpoint", {"log_key": make_signer("other.gov/ledger", b"s" * 32).key}),
        ("operator", {"chain_id": 1}),
        ("operator", {"contract": "0x" + "11" * 20}),
        ("operator", {"operators": ("0x" + "22" * 20,)}),
        ("operator", {"operators": ()}),
    ],
)
def test_what_the_verifier_pins_decides(proved, step, pinned):
    _, _, data, trust = proved
    failed = last(data, replace(trust, **pinned))
    assert (failed.code, failed.passed) == (step, False)


def test_a_transaction_for_another_head_is_caught(proved):
    world, _, data, trust = proved
    other = world.chain.sign_anchor(world.contract, replace_head(world), [])

    def swap(body):
        body["anchor"].update(raw=encode_bytes(other.raw), tx_hash="0x" + other.tx_hash.hex())

    failed = last(resigned(data, swap), trust)
    assert (failed.code, failed.passed) == ("anchor", False)


def replace_head(world):
    return TreeHead(5, b"\x11" * 32)


def test_only_the_chosen_fields_are_opened(proved):
    world, ids, _, trust = proved
    with world.reading() as store:
        data = make_evidence(store, ids[0], SIGNER, trust.chain_id, ["purpose"])
    assert set(verify_evidence(data, trust).openings) == {"purpose"}
    assert "设立登记".encode() not in data


def test_a_record_that_is_not_anchored_has_no_evidence_yet(proved):
    world, _, _, trust = proved
    (record_id,) = world.append()
    for step in (lambda: None, world.sequence):
        step()
        with pytest.raises(NotYetAnchored), world.reading() as store:
            make_evidence(store, record_id, SIGNER, trust.chain_id)
    with pytest.raises(RecordUnknown), world.reading() as store:
        make_evidence(store, "nothing", SIGNER, trust.chain_id)


def test_a_refused_file_raises(proved):
    _, _, data, trust = proved
    with pytest.raises(EvidenceRejected, match=r"step 2 \(signature\)"):
        verify_evidence(
            resigned(data, lambda b: None).replace(b'"block_number":2', b'"block_number":3'), trust
        )


def test_trust_is_read_as_written(proved):
    trust = proved[3]
    assert parse_trust(trust.encode()) == trust
    assert parse_trust(trust.encode() + b"\n") == trust


@pytest.mark.parametrize(
    "change",
    [{"format": "x"}, {"log_key": "x"}, {"chain_id": "1"}, {"chain_id": True}, {"contract": "0x1"},
     {"operators": "0x"}, {"operators": [1]}, {"roots": {}}],
)  # fmt: skip
def test_a_malformed_trust_file_is_refused(proved, change):
    with pytest.raises(TrustUnreadable):
        parse_trust(canonical({**proved[3].to_json(), **change}))
