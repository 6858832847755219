"""The audit trail, what apps were refused for, when they were last served.

Revision: operating, after session_ends
"""

import sqlalchemy as sa
from alembic import op

revision = "operating"
down_revision = "session_ends"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "identity_events",
        sa.Column("event_id", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    op.create_index("identity_events_by_time", "identity_events", ["at"])
    op.create_table(
        "client_refusals",
        sa.Column("slot", sa.LargeBinary(), primary_key=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
    )
    op.create_index("client_refusals_by_client", "client_refusals", ["client_id"])
    op.create_table(
        "client_activity",
        sa.Column("client_id", sa.Text(), primary_key=True),
        sa.Column("last_token_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "client_changes",
        sa.Column("change_id", sa.Text(), primary_key=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("client_changes_by_client", "client_changes", ["client_id"])
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("suspended_at", sa.BigInteger()))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("people") as batch:
        batch.drop_column("suspended_at")
    for table in ("client_changes", "client_activity", "client_refusals", "identity_events"):
        op.drop_table(table)
