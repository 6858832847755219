"""Mandates that the city holds back, and under which mandates those who sign one do so.

Revision: held_back, after cosignatures
"""

import sqlalchemy as sa
from alembic import op

revision = "held_back"
down_revision = "cosignatures"
branch_labels = None
depends_on = None

# Who let a mandate rest was not kept. The city may let each of them go; nobody else is to undo
# what may have been the city's word.
_HELD = "UPDATE mandates SET held_back_at = suspended_at WHERE suspended_at IS NOT NULL"
# The granter of one that waits gave the first signature.
_FIRST = """
INSERT INTO mandate_signatures (mandate_id, person_id, signed_at, under)
SELECT mandate_id, granted_by, valid_from, parent_id FROM mandates
WHERE signatures_missing > 0 AND granted_by <> ''
"""


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("mandates") as batch:
        batch.add_column(sa.Column("held_back_at", sa.BigInteger()))
    with op.batch_alter_table("mandate_signatures") as batch:
        batch.add_column(sa.Column("under", sa.Text(), nullable=False, server_default=""))
    op.execute(_HELD)
    op.execute(_FIRST)


def downgrade() -> None:
    """Take the columns away."""
    with op.batch_alter_table("mandate_signatures") as batch:
        batch.drop_column("under")
    with op.batch_alter_table("mandates") as batch:
        batch.drop_column("held_back_at")
