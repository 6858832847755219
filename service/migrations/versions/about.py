"""What else the registers hold about a person.

Revision: about, after passkeys
"""

import sqlalchemy as sa
from alembic import op

revision = "about"
down_revision = "passkeys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("about", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the column away."""
    with op.batch_alter_table("people") as batch:
        batch.drop_column("about")
