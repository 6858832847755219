"""The ledger's tables.

Every column is bound by something that cannot be forged: `ledger.auditing` says by what.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

records = Table(
    "records",
    metadata,
    Column("record_id", Text, primary_key=True),
    # Place in the tree; empty from the act's commit until the sequencer's.
    Column("leaf_index", BigInteger, unique=True),
    Column("subject", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("openings", LargeBinary, nullable=False),
    Index("records_by_subject", "subject", "record_id"),
    Index("records_by_party", "party", "record_id"),
    Index("records_by_licence", "licence", "record_id"),
)

tree_nodes = Table(
    "tree_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("previous_size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", Text, nullable=False),
    sqlite_with_rowid=False,
)

contracts = Table(
    "contracts",
    metadata,
    Column("chain_id", BigInteger, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
    Column("tx_hash", LargeBinary(32), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

anchors = Table(
    "anchors",
    metadata,
    Column("chain_id", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("tx_hash", LargeBinary(32), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("block_number", BigInteger),
    Column("block_hash", LargeBinary(32)),
    sqlite_with_rowid=False,
)

# Who cosigned, ever; the size is that of the last row of `cosignatures` by this key.
cosigners = Table(
    "cosigners",
    metadata,
    Column("cosigner", Text, primary_key=True),
    Column("verifier_key", Text, nullable=False),
    Column("last_size", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("cosigner", Text, primary_key=True),
    # The size that the same key cosigned before; -1 if none.
    Column("previous_size", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    sqlite_with_rowid=False,
)
