"""Trips to other providers, and accounts there that stand for people here.

Revision: upstreams, after signing_keys
"""

import sqlalchemy as sa
from alembic import op

revision = "upstreams"
down_revision = "signing_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "upstream_trips",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("onward", sa.Text(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash"),
    )
    op.create_index("upstream_trips_by_end", "upstream_trips", ["expires_at"])
    op.create_table(
        "upstream_links",
        sa.Column("link_id", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"]),
        sa.PrimaryKeyConstraint("link_id"),
    )
    op.create_index(
        "upstream_links_by_person", "upstream_links", ["person_id", "provider"], unique=True
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("upstream_links")
    op.drop_table("upstream_trips")
