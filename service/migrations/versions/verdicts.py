"""Verdicts on clerks' screens, where every worker finds them.

Revision: verdicts, after held_back
"""

import sqlalchemy as sa
from alembic import op

revision = "verdicts"
down_revision = "held_back"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "licence_verdicts",
        sa.Column("place", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_index("licence_verdicts_by_end", "licence_verdicts", ["expires_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("licence_verdicts")
