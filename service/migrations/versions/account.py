"""What a person sees of their own sign-ins

Revision: account, after client_profiles
"""

import sqlalchemy as sa
from alembic import op


revision = "account"
down_revision = "client_profiles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("device", sa.Text(), nullable=False, server_default=""))
    op.create_index("authorizations_by_person", "authorizations", ["person_id", "client_id"])
    op.create_table(
        "sign_ins",
        sa.Column("sign_in_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"]),
        sa.PrimaryKeyConstraint("sign_in_id"),
    )
    op.create_index("sign_ins_by_person", "sign_ins", ["person_id", "at"])
    op.create_index("sign_ins_by_time", "sign_ins", ["at"])


def downgrade() -> None:
    op.drop_table("sign_ins")
    op.drop_index("authorizations_by_person", "authorizations")
    op.drop_column("sessions", "device")
