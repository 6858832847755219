"""What apps register beyond the basics, and what an authorization is bound to.

Revision: options, after used_names
"""

import sqlalchemy as sa
from alembic import op

revision = "options"
down_revision = "used_names"
branch_labels = None
depends_on = None

ADDED = (
    ("clients", "options"),
    ("authorizations", "confirmation"),
    ("authorizations", "details"),
    ("authorizations", "resources"),
)


def upgrade() -> None:
    """Add the columns."""
    for table, name in ADDED:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the columns away."""
    for table, name in reversed(ADDED):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
