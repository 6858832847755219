"""The first tables

Revision: 0001, after None
"""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for make in _TABLES.values():
        make()


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _legal_persons() -> None:
    op.create_table(
        "legal_persons",
        sa.Column("legal_person_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("legal_person_id"),
        sa.UniqueConstraint("code"),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed_number", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
        sa.UniqueConstraint("account"),
        sa.UniqueConstraint("sealed_number"),
    )


def _revoked_tokens() -> None:
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti"),
    )
    with op.batch_alter_table("revoked_tokens", schema=None) as batch_op:
        batch_op.create_index("revoked_tokens_by_end", ["expires_at"], unique=False)


def _clients() -> None:
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("auth_method", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", sa.BigInteger(), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("logout_uris", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("introspects", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["legal_persons.legal_person_id"],
        ),
        sa.PrimaryKeyConstraint("client_id"),
    )


def _mandates() -> None:
    op.create_table(
        "mandates",
        sa.Column("mandate_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("legal_person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("powers", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["legal_person_id"],
            ["legal_persons.legal_person_id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
        ),
        sa.PrimaryKeyConstraint("mandate_id"),
    )
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.create_index("mandates_by_person", ["person_id", "legal_person_id"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=True),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
        ),
        sa.PrimaryKeyConstraint("cookie_hash"),
        sa.UniqueConstraint("session_id"),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("sessions_by_person", ["person_id", "auth_time"], unique=False)


def _authorizations() -> None:
    op.create_table(
        "authorizations",
        sa.Column("authorization_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("code_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("refreshes", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.client_id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
        ),
        sa.PrimaryKeyConstraint("authorization_id"),
    )
    with op.batch_alter_table("authorizations", schema=None) as batch_op:
        batch_op.create_index("authorizations_by_session", ["session_id"], unique=False)


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.client_id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "party_id", "client_id"),
    )


def _licence_counters() -> None:
    op.create_table(
        "licence_counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _licence_issuers() -> None:
    op.create_table(
        "licence_issuers",
        sa.Column("type_code", sa.String(length=21), nullable=False),
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.Column("authority_from", sa.BigInteger(), nullable=False),
        sa.Column("authority_to", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("type_code", "party_id"),
    )


def _licence_tries() -> None:
    op.create_table(
        "licence_tries",
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who"),
    )


def _licences() -> None:
    op.create_table(
        "licences",
        sa.Column("identifier", sa.String(length=128), nullable=False),
        sa.Column("type_code", sa.String(length=21), nullable=False),
        sa.Column("issuer_id", sa.String(length=64), nullable=False),
        sa.Column("issuer_code", sa.String(length=18), nullable=False),
        sa.Column("issuer_name", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("holder_code", sa.String(length=32), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("sd_jwt", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("status_index", sa.BigInteger(), nullable=False),
        sa.Column("issue_record", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identifier"),
        sa.UniqueConstraint("status_index"),
    )
    with op.batch_alter_table("licences", schema=None) as batch_op:
        batch_op.create_index("licences_by_holder", ["holder_id", "status_index"], unique=False)
        batch_op.create_index("licences_by_issuer", ["issuer_id", "issued_at"], unique=False)


def _licence_requests() -> None:
    op.create_table(
        "licence_requests",
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("identifier", sa.String(length=128), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identifier"],
            ["licences.identifier"],
        ),
        sa.PrimaryKeyConstraint("party_id", "key"),
    )


def _licence_shows() -> None:
    op.create_table(
        "licence_shows",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digits_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("identifier", sa.String(length=128), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("matter", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("replaced_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["identifier"],
            ["licences.identifier"],
        ),
        sa.PrimaryKeyConstraint("code_hash"),
        sa.UniqueConstraint("digits_hash"),
    )
    with op.batch_alter_table("licence_shows", schema=None) as batch_op:
        batch_op.create_index("licence_shows_by_end", ["expires_at"], unique=False)
        batch_op.create_index("licence_shows_by_licence", ["identifier"], unique=False)


def _anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "size"),
        sqlite_with_rowid=False,
    )


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous_size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
        sqlite_with_rowid=False,
    )


def _contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id"),
        sqlite_with_rowid=False,
    )


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("openings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
        sa.UniqueConstraint("leaf_index"),
    )
    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.create_index("records_by_licence", ["licence", "record_id"], unique=False)
        batch_op.create_index("records_by_party", ["party", "record_id"], unique=False)
        batch_op.create_index("records_by_subject", ["subject", "record_id"], unique=False)


def _tree_nodes() -> None:
    op.create_table(
        "tree_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "position"),
        sqlite_with_rowid=False,
    )


_TABLES = {
    "attempts": _attempts,
    "legal_persons": _legal_persons,
    "people": _people,
    "revoked_tokens": _revoked_tokens,
    "clients": _clients,
    "mandates": _mandates,
    "sessions": _sessions,
    "authorizations": _authorizations,
    "consents": _consents,
    "licence_counters": _licence_counters,
    "licence_issuers": _licence_issuers,
    "licence_tries": _licence_tries,
    "licences": _licences,
    "licence_requests": _licence_requests,
    "licence_shows": _licence_shows,
    "anchors": _anchors,
    "checkpoints": _checkpoints,
    "contracts": _contracts,
    "records": _records,
    "tree_nodes": _tree_nodes,
}
