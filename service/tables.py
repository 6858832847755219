"""The tables of the three domains, as migrations see them."""

from collections.abc import Sequence

from sqlalchemy import MetaData

from certificates.store import metadata as certificates
from identity.store import metadata as identity
from ledger.store import metadata as ledger

METADATA: Sequence[MetaData] = (identity, certificates, ledger)
