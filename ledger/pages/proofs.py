"""One page per record, checkpoint and anchor, each checked again while it is drawn."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from ledger.anchors import Anchor
from ledger.chains.transactions import AnchorCall, read_anchor
from ledger.checkpoint import Checkpoint, LogKey, open_checkpoint
from ledger.errors import AnchorUnknown, CheckpointUnknown, NoteRejected, ProofRejected
from ledger.evidence import make_evidence
from ledger.log import prove_consistency
from ledger.merkle import ConsistencyProof, verify_consistency
from ledger.pages.desk import Desk
from ledger.routes import evidence_file
from ledger.store import LedgerStore
from ledger.views import show_record

Size = Annotated[int, Path(ge=0, lt=2**63)]


def router(desk: Desk) -> APIRouter:
    """Make the pages of records, checkpoints and anchors."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/ledger/records/{record_id}")
    def record(request: Request, record_id: str) -> Response:
        actor, trust = desk.signed_in(request), desk.trust()
        with desk.reading() as store:
            detail = show_record(store, trust.chain_id, record_id, actor, desk.key)
        context = {"detail": detail, "trust": trust, "json": detail.to_json()}
        return desk.frame.render(request, "ledger/record.html", context)

    @routes.get("/ledger/records/{record_id}/json")
    def record_json(request: Request, record_id: str) -> Response:
        actor, chain_id = desk.signed_in(request), desk.trust().chain_id
        with desk.reading() as store:
            detail = show_record(store, chain_id, record_id, actor, desk.key)
        return JSONResponse(detail.to_json())

    @routes.get("/ledger/records/{record_id}/evidence")
    def evidence(request: Request, record_id: str) -> Response:
        actor, chain_id = desk.signed_in(request), desk.trust().chain_id
        with desk.reading() as store:
            show_record(store, chain_id, record_id, actor, desk.key)
            data = make_evidence(store, record_id, desk.signer, chain_id)
        return evidence_file(record_id, data)

    @routes.get("/ledger/checkpoints/{size}")
    def checkpoint(request: Request, size: Size) -> Response:
        with desk.reading() as store:
            view = _view_checkpoint(store, size, desk.signer.key)
            anchor = store.find_anchor(desk.trust().chain_id, size)
        context = {"view": view, "anchor": anchor, "trust": desk.trust()}
        return desk.frame.render(request, "ledger/checkpoint.html", context)

    @routes.get("/ledger/anchors/{size}")
    def anchor(request: Request, size: Size) -> Response:
        trust = desk.trust()
        with desk.reading() as store:
            found = store.find_anchor(trust.chain_id, size)
            signed = store.find_checkpoint(size)
        if found is None or signed is None:
            raise AnchorUnknown(f"no checkpoint of size {size} is anchored")
        context = {"view": _view_anchor(found, signed), "trust": trust}
        return desk.frame.render(request, "ledger/anchor.html", context)

    return routes


@dataclass(frozen=True)
class CheckpointView:
    """A checkpoint, checked again."""

    checkpoint: Checkpoint
    proof: ConsistencyProof
    signed: bool
    consistent: bool


def _view_checkpoint(store: LedgerStore, size: int, key: LogKey) -> CheckpointView:
    checkpoint = store.find_checkpoint(size)
    if checkpoint is None:
        raise CheckpointUnknown(f"no checkpoint has size {size}")
    previous = store.find_checkpoint(checkpoint.previous_size)
    proof = prove_consistency(store, checkpoint.previous_size, size)
    consistent = previous is None or _extends(proof, previous, checkpoint)
    return CheckpointView(checkpoint, proof, _is_signed(checkpoint, key), consistent)


def _extends(proof: ConsistencyProof, first: Checkpoint, second: Checkpoint) -> bool:
    try:
        verify_consistency(proof, first.root, second.root)
    except ProofRejected:
        return False
    return True


def _is_signed(checkpoint: Checkpoint, key: LogKey) -> bool:
    try:
        return open_checkpoint(checkpoint.note, key) == checkpoint.head
    except NoteRejected:
        return False


@dataclass(frozen=True)
class AnchorView:
    """An anchor, and what its transaction says."""

    anchor: Anchor
    call: AnchorCall
    same_head: bool


def _view_anchor(anchor: Anchor, checkpoint: Checkpoint) -> AnchorView:
    call = read_anchor(anchor.raw)
    return AnchorView(anchor, call, same_head=call.head == checkpoint.head)
