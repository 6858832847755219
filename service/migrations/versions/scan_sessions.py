"""Which sign-in let a desktop in: its approval ends with it.

Revision: scan_sessions, after licence_papers
"""

import sqlalchemy as sa
from alembic import op

revision = "scan_sessions"
down_revision = "licence_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was approved before is scanned anew within two minutes."""
    with op.batch_alter_table("scans") as batch:
        batch.add_column(sa.Column("session_id", sa.Text()))


def downgrade() -> None:
    """Take the column away."""
    with op.batch_alter_table("scans") as batch:
        batch.drop_column("session_id")
