"""Who acts through whom, when a token was exchanged

Revision: exchange, after registration_tokens
"""

import sqlalchemy as sa
from alembic import op


revision = "exchange"
down_revision = "registration_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("actors", "derived_from"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="")
        op.add_column("authorizations", column)
    op.create_index("authorizations_by_origin", "authorizations", ["derived_from"])


def downgrade() -> None:
    op.drop_index("authorizations_by_origin", "authorizations")
    for name in ("derived_from", "actors"):
        op.drop_column("authorizations", name)
