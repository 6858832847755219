"""Sign-ins that are over are found without reading all.

Revision: session_ends, after outbox
"""

from alembic import op

revision = "session_ends"
down_revision = "outbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("sessions_by_end", "sessions", ["ended_at", "expires_at"])
    op.create_index("sessions_by_use", "sessions", ["ended_at", "seen_at"])


def downgrade() -> None:
    """Take the indexes away."""
    op.drop_index("sessions_by_use", "sessions")
    op.drop_index("sessions_by_end", "sessions")
