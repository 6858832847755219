"""Token keys rest in the database, sealed.

Revision: signing_keys, after scans
"""

import sqlalchemy as sa
from alembic import op

revision = "signing_keys"
down_revision = "scans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("signs_from", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kid"),
        sa.UniqueConstraint("algorithm", "generation"),
    )


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("signing_keys")
