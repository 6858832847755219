"""What an app registers by OpenID Connect Registration §2, and what a request asks for by claims

Revision: client_profiles, after 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op


revision = "client_profiles"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXTS = {
    "profile": "standard",
    "jwks": "",
    "jwks_uri": "",
    "id_token_alg": "ES256",
    "userinfo_alg": "",
    "subject_type": "pairwise",
    "response_modes": "",
    "client_uri": "",
    "logo_uri": "",
    "policy_uri": "",
    "tos_uri": "",
    "contacts": "",
    "initiate_login_uri": "",
    "sector_identifier_uri": "",
}


def upgrade() -> None:
    for column in _client_columns():
        op.add_column("clients", column)
    op.add_column("authorizations", _text("claims", ""))
    op.add_column("authorizations", _no("offline"))


def downgrade() -> None:
    op.drop_column("authorizations", "offline")
    op.drop_column("authorizations", "claims")
    for column in _client_columns():
        op.drop_column("clients", column.name)


def _client_columns() -> list[sa.Column[Any]]:
    return [
        *(_text(name, default) for name, default in _TEXTS.items()),
        sa.Column("default_max_age", sa.BigInteger(), nullable=True),
        _no("require_auth_time"),
        sa.Column("registration_hash", sa.LargeBinary(), nullable=True),
    ]


def _text(name: str, default: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _no(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
