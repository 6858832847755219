"""Messages to apps that have to arrive.

Revision: outbox, after mandate_life
"""

import sqlalchemy as sa
from alembic import op

revision = "outbox"
down_revision = "mandate_life"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index("deliveries_due", "deliveries", ["next_at"])
    op.create_index("deliveries_by_client", "deliveries", ["client_id", "created_at"])
    op.create_index("deliveries_by_end", "deliveries", ["expires_at"])


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("deliveries")
