"""Audit of cosignatures: each is by its key, over the checkpoint that is stored."""

from ledger.cosignature import WitnessKey, parse_witness_key, verify_cosignature
from ledger.errors import LedgerError
from ledger.findings import Bad, Counts
from ledger.signed_checkpoint import parse_checkpoint
from ledger.store import LedgerStore
from ledger.store.cosignatures import NOTHING, Cosigned, Cosigner


def audit_cosignatures(store: LedgerStore, counts: Counts) -> None:
    """Check every cosignature, key by key; each row names the one before it.

    Raises:
        Bad: the first bad row.
    """
    keys = [(row, _key(row)) for row in store.cosignatures.all_cosigners()]
    strange = store.cosignatures.strange()
    if strange is not None:
        size, cosigner = strange
        raise Bad("cosignatures", f"size {size} {cosigner}", "its key has no row")
    for row, key in keys:
        _audit_cosigner(store, row, key, counts)


def _audit_cosigner(store: LedgerStore, row: Cosigner, key: WitnessKey, counts: Counts) -> None:
    last = NOTHING
    for cosigned in store.cosignatures.all_of(row.cosigner):
        name = f"size {cosigned.size} {row.cosigner}"
        if cosigned.previous_size != last:
            reason = f"names {cosigned.previous_size} as the size before, it is {last}"
            raise Bad("cosignatures", name, reason)
        _check(store, cosigned, key, name)
        last = cosigned.size
        counts.cosignatures += 1
    if last != row.last_size:
        raise Bad("cosigners", row.cosigner, f"cosigned size {last} last, not {row.last_size}")


def _key(row: Cosigner) -> WitnessKey:
    try:
        key = parse_witness_key(row.verifier_key)
    except LedgerError as error:
        raise Bad("cosigners", row.cosigner, error) from None
    if key.label != row.cosigner:
        raise Bad("cosigners", row.cosigner, f"its key is that of {key.label}")
    return key


def _check(store: LedgerStore, cosigned: Cosigned, key: WitnessKey, name: str) -> None:
    checkpoint = store.find_checkpoint(cosigned.size)
    if checkpoint is None:
        raise Bad("cosignatures", name, "there is no checkpoint of this size")
    if cosigned.line.count("\n") != 1:
        raise Bad("cosignatures", name, "is not one line")
    try:
        body = checkpoint.note.partition("\n\n")[0]
        verify_cosignature(parse_checkpoint(f"{body}\n\n{cosigned.line}"), key)
    except LedgerError as error:
        raise Bad("cosignatures", name, error) from None
