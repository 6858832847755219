"""The ledger's API: records, evidence, the latest checkpoint and what to trust."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import PlainTextResponse

from ledger.access import AUDIT, OWN_RECORDS, USES, Actor, require
from ledger.checkpoint import Checkpoint, LogSigner
from ledger.errors import CheckpointUnknown
from ledger.evidence import make_evidence
from ledger.log import Transactions
from ledger.records import PARTY, PERSON, SUBJECT, PseudonymKey, Record
from ledger.store import LedgerStore
from ledger.tiles import parse_tile, read_tile
from ledger.trust import Trust
from ledger.views import PAGE, list_lines, show_record

JSON = "application/json"
TILE = "application/octet-stream"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def router(
    *,
    reading: Transactions,
    key: PseudonymKey,
    signer: LogSigner,
    trust: Callable[[], Trust],
    actor: Callable[..., Actor],
) -> APIRouter:
    """Make the routes.

    Args:
        reading: opens a transaction that reads.
        key: pseudonyms, to find the actor's own records.
        signer: the log's key, which signs evidence.
        trust: what a verifier pins; names chain and contract.
        actor: dependency that gives who asks.
    """
    routes = APIRouter(tags=["ledger"])
    Asking = Annotated[Actor, Depends(actor)]  # noqa: N806 - a type

    @routes.get("/api/records")
    def list_records(
        actor: Asking,
        role: Annotated[str, Query(pattern="^(subject|party)$")] = SUBJECT,
        before: Annotated[str | None, Query(max_length=64, pattern="^[!-~]*$")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
    ) -> dict[str, Any]:
        """Records of uses of one's own licences (`subject`), or of what one did oneself (`party`).

        An auditor gets all of them.
        """
        with reading() as store:
            found = _find_records(store, actor, role, key, limit, before)
            lines = list_lines(store, trust().chain_id, found)
        following = lines[-1].record_id if len(lines) == limit else None
        return {"records": [line.to_json() for line in lines], "next": following}

    @routes.get("/api/records/{record_id}")
    def read_record(record_id: str, actor: Asking) -> dict[str, Any]:
        """One record: its state, its leaf and what opens it."""
        require(actor, OWN_RECORDS, USES, AUDIT)
        with reading() as store:
            return dict(show_record(store, trust().chain_id, record_id, actor, key).to_json())

    @routes.get("/api/records/{record_id}/evidence")
    def read_evidence(record_id: str, actor: Asking, fields: str | None = None) -> Response:
        """The evidence file of a record; `fields` names the fields to open, by commas."""
        require(actor, OWN_RECORDS, USES, AUDIT)
        chosen = None if fields is None else fields.split(",")
        with reading() as store:
            show_record(store, trust().chain_id, record_id, actor, key)
            data = make_evidence(store, record_id, signer, trust().chain_id, chosen)
        return evidence_file(record_id, data)

    routes.include_router(_public(reading, trust))
    return routes


def _find_records(
    store: LedgerStore, actor: Actor, role: str, key: PseudonymKey, limit: int, before: str | None
) -> list[Record]:
    """Find the records that an actor may list in a role.

    Raises:
        PowerMissing: they may list none.
    """
    require(actor, USES if role == SUBJECT else OWN_RECORDS, AUDIT)
    if AUDIT in actor.powers:
        return store.latest_records(limit, before)
    person = key.pseudonym(PERSON, actor.person_id or "") if role == PARTY else None
    return store.records_of(role, key.pseudonym(role, actor.party_id), limit, before, person)


def _public(reading: Transactions, trust: Callable[[], Trust]) -> APIRouter:
    """Make the routes that anybody may ask."""
    routes = APIRouter()

    @routes.get("/ledger/checkpoint", response_class=PlainTextResponse)
    def read_checkpoint() -> str:
        """The latest signed checkpoint (C2SP tlog-checkpoint), with the cosignatures so far."""
        with reading() as store:
            newest = store.latest_checkpoint()
            if newest is None:
                raise CheckpointUnknown("nothing is recorded yet")
            return signed_note(store, newest)

    @routes.get("/ledger/cosigned-checkpoint", response_class=PlainTextResponse)
    def read_cosigned_checkpoint() -> str:
        """The latest checkpoint that was cosigned, with all its cosignatures.

        Witnesses take their time: it may be a little older than the latest one.
        """
        with reading() as store:
            size = store.cosignatures.latest_size()
            cosigned = None if size is None else store.find_checkpoint(size)
            if cosigned is None:
                raise CheckpointUnknown("nothing is cosigned yet")
            return signed_note(store, cosigned)

    @routes.get("/ledger/tile/{path:path}", response_class=Response)
    def read_tile_at(path: str) -> Response:
        """A tile of the tree or of its leaves (C2SP tlog-tiles); the log is at `/ledger`."""
        with reading() as store:
            data = read_tile(store, parse_tile(path))
        return Response(data, media_type=TILE, headers=FOR_EVER)

    @routes.get("/api/trust")
    def read_trust() -> Response:
        """What a verifier pins. Get it once, on a way you trust, and keep it."""
        return Response(trust().encode(), media_type=JSON)

    return routes


def signed_note(store: LedgerStore, checkpoint: Checkpoint) -> str:
    """Write a checkpoint with all signatures that there are."""
    return checkpoint.note + "".join(store.cosignatures.lines(checkpoint.size))


def evidence_file(record_id: str, data: bytes) -> Response:
    """Answer with an evidence file, under a name to save it by."""
    named = {"Content-Disposition": f'attachment; filename="evidence-{record_id}.json"'}
    return Response(data, media_type=JSON, headers=named)
