"""Mandates for chosen matters, granted by whom, suspended, and signed by two.

Revision: mandate_life, after options
"""

import sqlalchemy as sa
from alembic import op

revision = "mandate_life"
down_revision = "options"
branch_labels = None
depends_on = None

TEXTS = ("matters", "granted_by", "parent_id")


def upgrade() -> None:
    """Add the columns and the signatures."""
    with op.batch_alter_table("mandates") as batch:
        for name in TEXTS:
            batch.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        batch.add_column(
            sa.Column("signatures_missing", sa.Integer(), nullable=False, server_default="0")
        )
        batch.add_column(sa.Column("suspended_at", sa.BigInteger()))
        batch.add_column(
            sa.Column("joint", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_index("mandates_by_legal_person", "mandates", ["legal_person_id", "valid_from"])
    op.create_table(
        "mandate_signatures",
        sa.Column("mandate_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.mandate_id"]),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"]),
        sa.PrimaryKeyConstraint("mandate_id", "person_id"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("mandate_signatures")
    op.drop_index("mandates_by_legal_person", "mandates")
    with op.batch_alter_table("mandates") as batch:
        for name in (*TEXTS, "signatures_missing", "suspended_at", "joint"):
            batch.drop_column(name)
