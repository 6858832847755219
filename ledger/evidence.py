"""Evidence: one file that proves a record to anybody, without network and without us.

It holds the leaf, the openings that the holder chose to give along, the path to the root, the
signed checkpoint and the transaction that anchored it, and is signed as a whole by the log, so a
single changed byte anywhere is refused.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from ledger.anchors import Anchor
from ledger.canonical import Json, canonical, decode_bytes, encode_bytes, parse_object
from ledger.chains.transactions import AnchorCall, read_anchor
from ledger.checkpoint import LogSigner, TreeHead, open_checkpoint
from ledger.errors import (
    EvidenceRejected,
    FieldUnknown,
    LedgerError,
    LogForked,
    NotCanonical,
    NotYetAnchored,
    RecordUnknown,
)
from ledger.log import prove_inclusion
from ledger.merkle import InclusionProof, leaf_hash, verify_inclusion
from ledger.records import (
    Entry,
    Openings,
    Record,
    check_openings,
    entry_of,
    parse_opening,
)
from ledger.store import LedgerStore
from ledger.trust import Trust

FORMAT = "haihe-evidence-1"
_SIGNED_AS = b"haihe evidence 1\n"  # no other signature of the log's key begins so
_PARTS = {"format", "entry", "openings", "inclusion", "checkpoint", "anchor", "signature"}


# Making


def make_evidence(
    store: LedgerStore,
    record_id: str,
    signer: LogSigner,
    chain_id: int,
    fields: Collection[str] | None = None,
) -> bytes:
    """Write the evidence of a record.

    Args:
        store: where the record is.
        record_id: its id.
        signer: the log's key.
        chain_id: chain whose anchor to use.
        fields: names of the fields to open; all if None.

    Raises:
        RecordUnknown: there is no such record.
        NotYetAnchored: its tree is not in the contract yet; it will be in seconds.
        FieldUnknown: it has no field of such a name.
    """
    record = store.find_record(record_id)
    if record is None:
        raise RecordUnknown("no record has this id")
    anchor, note = _anchored(store, record, chain_id)
    proof = prove_inclusion(store, record.leaf_index or 0, anchor.size)
    body: dict[str, Json] = {
        "format": FORMAT,
        "entry": parse_object(record.leaf),
        "openings": _chosen(record, fields),
        "inclusion": {
            "leaf_index": proof.leaf_index,
            "path": [encode_bytes(one) for one in proof.path],
        },
        "checkpoint": note,
        "anchor": _describe(anchor),
    }
    signature = signer.private.sign(_SIGNED_AS + canonical(body))
    return canonical({**body, "signature": encode_bytes(signature)})


def _anchored(store: LedgerStore, record: Record, chain_id: int) -> tuple[Anchor, str]:
    place = record.leaf_index
    anchor = None if place is None else store.find_anchor_over(chain_id, place)
    if anchor is None:
        raise NotYetAnchored("the record is not anchored yet, try again in a few seconds")
    checkpoint = store.find_checkpoint(anchor.size)
    if checkpoint is None:
        raise LogForked(f"the checkpoint of size {anchor.size} is missing")
    return anchor, checkpoint.note


def _chosen(record: Record, fields: Collection[str] | None) -> Mapping[str, Json]:
    openings = parse_object(record.openings)
    if fields is None:
        return openings
    unknown = sorted(set(fields) - set(openings))
    if unknown:
        raise FieldUnknown(f"this record has no field {unknown[0]!r}; it has {', '.join(openings)}")
    return {name: openings[name] for name in openings if name in fields}


def _describe(anchor: Anchor) -> Mapping[str, Json]:
    call = read_anchor(anchor.raw)
    return {
        "chain_id": call.chain_id,
        "contract": call.contract,
        "tx_hash": "0x" + call.tx_hash.hex(),
        "raw": encode_bytes(anchor.raw),
        "block_number": anchor.block_number,
        "block_hash": "0x" + (anchor.block_hash or b"").hex(),
    }


# Checking


@dataclass(frozen=True)
class Evidence:
    """An evidence file, read but not believed."""

    signed: bytes
    signature: bytes
    entry: Entry
    openings: Openings
    leaf_index: int
    path: tuple[bytes, ...]
    note: str
    anchor: Mapping[str, Json]


@dataclass(frozen=True)
class Step:
    """One step of a check, in both languages."""

    number: int
    code: str
    passed: bool
    zh: str
    en: str


@dataclass(frozen=True)
class _Check:
    code: str
    passed: tuple[str, str]
    failed: tuple[str, str]
    run: Callable[[Evidence, Trust], None]


def check_evidence(data: bytes, trust: Trust) -> Iterator[Step]:
    """Check an evidence file, step by step; the first failed step is the last one.

    1. form        canonical JSON with exactly the parts of the format
    2. signature   the file as a whole is signed by the pinned log key
    3. openings    each opened field is what the leaf commits to
    4. checkpoint  the tree head is signed by the pinned log key, for the pinned log
    5. inclusion   the leaf is in that tree (RFC 9162 section 2.1.3.2)
    6. operator    a pinned operator signed a transaction for the pinned contract and chain
    7. anchor      that transaction anchors this very tree head

    Args:
        data: the file.
        trust: what the verifier pins. Nothing in the file is believed without it.
    """
    try:
        evidence = parse_evidence(data)
    except LedgerError as error:
        yield _failed(
            1, "form", ("证据文件的格式不对", "The file has not the form of evidence"), error
        )
        return
    yield _passed(1, "form", ("证据文件格式正确", "The file has the exact form of evidence"))
    for number, check in enumerate(_CHECKS, 2):
        try:
            check.run(evidence, trust)
        except LedgerError as error:
            yield _failed(number, check.code, check.failed, error)
            return
        yield _passed(number, check.code, check.passed)


def _passed(number: int, code: str, texts: tuple[str, str]) -> Step:
    return Step(number, code, passed=True, zh=texts[0], en=texts[1])


def _failed(number: int, code: str, texts: tuple[str, str], error: LedgerError) -> Step:
    return Step(number, code, passed=False, zh=texts[0], en=f"{texts[1]}: {error}")


def verify_evidence(data: bytes, trust: Trust) -> Evidence:
    """Check an evidence file and return what it proves.

    Raises:
        EvidenceRejected: a step failed; the message names it.
    """
    for step in check_evidence(data, trust):
        if not step.passed:
            raise EvidenceRejected(f"step {step.number} ({step.code}): {step.en}")
    return parse_evidence(data)


def parse_evidence(data: bytes) -> Evidence:
    """Read an evidence file without believing it.

    Raises:
        NotCanonical: it has not the exact form.
    """
    value = parse_object(data)
    if set(value) != _PARTS or value["format"] != FORMAT:
        raise NotCanonical(f"not an evidence file of format {FORMAT}")
    body = {name: part for name, part in value.items() if name != "signature"}
    inclusion, path = _object(value["inclusion"]), _object(value["inclusion"]).get("path")
    leaf_index = inclusion.get("leaf_index")
    if not isinstance(leaf_index, int) or not isinstance(path, list):
        raise NotCanonical("the inclusion proof has a leaf index and a path")
    return Evidence(
        signed=_SIGNED_AS + canonical(body),
        signature=decode_bytes(value["signature"]),
        entry=entry_of(_object(value["entry"])),
        openings={name: parse_opening(one) for name, one in _object(value["openings"]).items()},
        leaf_index=leaf_index,
        path=tuple(decode_bytes(one) for one in path),
        note=str(value["checkpoint"]),
        anchor=_object(value["anchor"]),
    )


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise NotCanonical("a part of the file is not an object")
    return value


def _check_signature(evidence: Evidence, trust: Trust) -> None:
    trust.log_key.verify(evidence.signed, evidence.signature)


def _check_openings(evidence: Evidence, _trust: Trust) -> None:
    check_openings(evidence.entry, evidence.openings)


def _check_checkpoint(evidence: Evidence, trust: Trust) -> None:
    open_checkpoint(evidence.note, trust.log_key)


def _check_inclusion(evidence: Evidence, trust: Trust) -> None:
    head = open_checkpoint(evidence.note, trust.log_key)
    proof = InclusionProof(evidence.leaf_index, head.size, evidence.path)
    verify_inclusion(leaf_hash(evidence.entry.encode()), proof, head.root)


def _check_operator(evidence: Evidence, trust: Trust) -> None:
    call = _call(evidence)
    if call.chain_id != trust.chain_id:
        raise EvidenceRejected(f"chain {call.chain_id} instead of {trust.chain_id}")
    if call.contract.lower() != trust.contract.lower():
        raise EvidenceRejected(f"contract {call.contract} instead of {trust.contract}")
    if call.operator.lower() not in {one.lower() for one in trust.operators}:
        raise EvidenceRejected(f"signed by {call.operator}, which is not a pinned operator")
    said = (evidence.anchor.get("chain_id"), evidence.anchor.get("contract"))
    if said != (call.chain_id, call.contract):
        raise EvidenceRejected("the file names another chain or contract than the transaction")
    if evidence.anchor.get("tx_hash") != "0x" + call.tx_hash.hex():
        raise EvidenceRejected("the file names another transaction than it holds")


def _check_anchor(evidence: Evidence, trust: Trust) -> None:
    head: TreeHead = open_checkpoint(evidence.note, trust.log_key)
    if _call(evidence).head != head:
        raise EvidenceRejected("the transaction anchors another tree head")


def _call(evidence: Evidence) -> AnchorCall:
    return read_anchor(decode_bytes(evidence.anchor.get("raw")))


_CHECKS = (
    _Check(
        "signature",
        ("整份文件由存证日志签名，没有改动", "The whole file is signed by the pinned log key"),
        ("文件签名不对，内容被改动过", "The file's signature fails, it was changed"),
        _check_signature,
    ),
    _Check(
        "openings",
        ("公开的各项内容与记录中的承诺一致", "Each opened field is what the record commits to"),
        ("公开的内容与记录中的承诺不一致", "An opened field is not what the record commits to"),
        _check_openings,
    ),
    _Check(
        "checkpoint",
        ("检查点由指定的日志密钥签名", "The checkpoint is signed by the pinned log key"),
        ("检查点签名不对", "The checkpoint is not signed by the pinned log key"),
        _check_checkpoint,
    ),
    _Check(
        "inclusion",
        ("记录在检查点的树中", "The record is in the checkpoint's tree"),
        ("记录不在检查点的树中", "The record is not in the checkpoint's tree"),
        _check_inclusion,
    ),
    _Check(
        "operator",
        (
            "存证交易由指定的操作者签名，发往指定链上的指定合约",
            "The anchoring transaction is signed by a pinned operator, for the pinned contract",
        ),
        (
            "存证交易不是指定操作者发往指定合约的",
            "The transaction is not a pinned operator's for the pinned contract",
        ),
        _check_operator,
    ),
    _Check(
        "anchor",
        (
            "存证交易写入的正是这个检查点，可按交易哈希到链上核对",
            "The transaction anchors this very checkpoint; look it up on the chain by its hash",
        ),
        ("存证交易写入的不是这个检查点", "The transaction anchors another checkpoint"),
        _check_anchor,
    ),
)
