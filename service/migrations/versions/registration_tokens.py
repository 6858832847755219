"""Tokens with which apps may register themselves.

Revision: registration_tokens, after about
"""

import sqlalchemy as sa
from alembic import op

revision = "registration_tokens"
down_revision = "about"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "registration_tokens",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("registration_tokens")
