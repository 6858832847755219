"""Passkeys, and how well somebody else made sure who a person is.

Revision: passkeys, after decoupled
"""

import sqlalchemy as sa
from alembic import op

revision = "passkeys"
down_revision = "decoupled"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("refused_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"]),
        sa.PrimaryKeyConstraint("credential_id"),
    )
    op.create_index("passkeys_by_person", "passkeys", ["person_id"])
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("vouched", sa.Integer(), nullable=False, server_default="2"))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("people") as batch:
        batch.drop_column("vouched")
    op.drop_table("passkeys")
