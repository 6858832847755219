"""Cosignatures of the log's heads, and who gave them.

Revision: cosignatures, after scan_sessions
"""

import sqlalchemy as sa
from alembic import op

revision = "cosignatures"
down_revision = "scan_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "cosigners",
        sa.Column("cosigner", sa.Text(), nullable=False),
        sa.Column("verifier_key", sa.Text(), nullable=False),
        sa.Column("last_size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cosigner"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("cosigner", sa.Text(), nullable=False),
        sa.Column("previous_size", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "cosigner"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("cosignatures")
    op.drop_table("cosigners")
