"""What may be used once and was.

Revision: used_names, after second_factor
"""

import sqlalchemy as sa
from alembic import op

revision = "used_names"
down_revision = "second_factor"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "used_names",
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash"),
    )
    op.create_index("used_names_by_end", "used_names", ["expires_at"])


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("used_names")
