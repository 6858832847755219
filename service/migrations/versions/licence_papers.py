"""Licences on paper, each made once.

Revision: licence_papers, after session_networks
"""

import sqlalchemy as sa
from alembic import op

revision = "licence_papers"
down_revision = "session_networks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "licence_papers",
        sa.Column("identifier", sa.String(128), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["identifier"], ["licences.identifier"]),
        sa.PrimaryKeyConstraint("identifier"),
    )


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("licence_papers")
