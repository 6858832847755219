"""Requests that are answered on another device

Revision: decoupled, after operating
"""

import sqlalchemy as sa
from alembic import op


revision = "decoupled"
down_revision = "operating"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decoupled",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=False),
        sa.Column("hurried", sa.Boolean(), nullable=False),
        sa.Column("user_code", sa.LargeBinary()),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("acr_values", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("notification", sa.LargeBinary()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("authorization_id", sa.Text()),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("decoupled_by_code", "decoupled", ["user_code"], unique=True)
    op.create_index("decoupled_by_person", "decoupled", ["person_id", "created_at"])
    op.create_index("decoupled_by_end", "decoupled", ["expires_at"])


def downgrade() -> None:
    op.drop_table("decoupled")
