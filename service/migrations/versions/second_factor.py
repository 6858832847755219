"""Second factors, and how somebody signed in

Revision: second_factor, after account
"""

import sqlalchemy as sa
from alembic import op


revision = "second_factor"
down_revision = "account"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sessions", "authorizations"):
        op.add_column(table, sa.Column("amr", sa.Text(), nullable=False, server_default="pwd"))
    op.create_table(
        "totp_keys",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"]),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("recovery_codes_by_person", "recovery_codes", ["person_id"])


def downgrade() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("totp_keys")
    for table in ("authorizations", "sessions"):
        op.drop_column(table, "amr")
