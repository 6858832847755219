"""From which network somebody signed in, as their own page shows it.

Revision: session_networks, after upstreams
"""

import sqlalchemy as sa
from alembic import op

revision = "session_networks"
down_revision = "upstreams"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("network", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the column away."""
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("network")
