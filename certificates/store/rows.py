"""From rows to what they mean."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from certificates.licences import Authority, Exhibit, Found, Licence, Show, digest_columns
from certificates.store.tables import issuers, licences, shows

Row = Mapping[Any, Any]
_SHOW = tuple(
    each.label(f"show_{each.name}") for each in shows.c if each.name not in {"digits_hash"}
)
_LICENCE = tuple(each.name for each in licences.c)


def find_query(*conditions: ColumnElement[bool], shown: bool) -> Select[Any]:
    """Everything a verification needs, in one statement."""
    right = (licences.c.type_code == issuers.c.type_code) & (
        licences.c.issuer_id == issuers.c.party_id
    )
    tables = licences.outerjoin(issuers, right)
    columns = [*licences.c, issuers.c.authority_from, issuers.c.authority_to]
    if shown:
        tables = tables.join(shows, shows.c.identifier == licences.c.identifier)
        columns += _SHOW
    return select(*columns).select_from(tables).where(*conditions)


def read_found(row: Row) -> Found:
    """Take apart a row of `find_query`."""
    return Found(
        licence=read_licence({name: row[name] for name in _LICENCE}),
        authority=read_authority(row) if row["authority_from"] is not None else None,
        show=_read_show(row) if "show_code_hash" in row else None,
        code_hash=row.get("show_code_hash"),
    )


def read_licence(row: Row) -> Licence:
    """Read a licence; fields that were tampered with beyond reading are none at all."""
    return Licence(**{**row, "fields": _read_fields(row["fields"])})


def _read_fields(text: str) -> Mapping[str, str]:
    try:
        values = json.loads(text)
    except ValueError:
        return {}  # its verification must still be able to fail
    return values if isinstance(values, dict) else {}


def read_authority(row: Row) -> Authority:
    """Read an authority."""
    return Authority(row["authority_from"], row["authority_to"])


def _read_show(row: Row) -> Show:
    return Show(
        identifier=row["show_identifier"],
        holder_id=row["show_holder_id"],
        matter=row["show_matter"],
        made_at=row["show_made_at"],
        expires_at=row["show_expires_at"],
        used_at=row["show_used_at"],
        replaced_at=row["show_replaced_at"],
    )


def read_exhibit(row: Row) -> Exhibit:
    """Recompute the digest from the columns as they stand."""
    return Exhibit(
        identifier=row["identifier"],
        digest=digest_columns(row),
        state=row["state"],
        since=str(row["state_changed_at"]),
        record=row["issue_record"],
    )
