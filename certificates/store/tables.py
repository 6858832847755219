"""The tables. Times are Unix seconds; secrets shown to people are kept as hashes alone."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# Everything down to `issue_record` never changes, and is under the digest in the issue record.
licences = Table(
    "licences",
    metadata,
    Column("identifier", String(128), primary_key=True),
    Column("type_code", String(21), nullable=False),
    Column("issuer_id", String(64), nullable=False),
    Column("issuer_code", String(18), nullable=False),
    Column("issuer_name", Text, nullable=False),
    Column("holder_id", String(64), nullable=False),
    Column("holder_code", String(32), nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("sd_jwt", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger),
    Column("status_index", BigInteger, nullable=False, unique=True),
    Column("issue_record", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_changed_at", BigInteger, nullable=False),
    Index("licences_by_holder", "holder_id", "status_index"),
    Index("licences_by_issuer", "issuer_id", "issued_at"),
)

# Drawn when first asked for; everybody gets the same file ever after.
papers = Table(
    "licence_papers",
    metadata,
    Column("identifier", ForeignKey(licences.c.identifier), primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

shows = Table(
    "licence_shows",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    # Six digits are unique among live and just dead codes; later they are given back (NULL).
    Column("digits_hash", LargeBinary(32), unique=True),
    Column("identifier", ForeignKey(licences.c.identifier), nullable=False),
    Column("holder_id", String(64), nullable=False),
    Column("matter", String(64)),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("replaced_at", BigInteger),
    Index("licence_shows_by_licence", "identifier"),
    Index("licence_shows_by_end", "expires_at"),
)

issuers = Table(
    "licence_issuers",
    metadata,
    Column("type_code", String(21), primary_key=True),
    Column("party_id", String(64), primary_key=True),
    Column("authority_from", BigInteger, nullable=False),
    Column("authority_to", BigInteger),
)

requests = Table(
    "licence_requests",
    metadata,
    Column("party_id", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("body_hash", LargeBinary(32), nullable=False),
    Column("identifier", ForeignKey(licences.c.identifier), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

counters = Table(
    "licence_counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

tries = Table(
    "licence_tries",
    metadata,
    Column("who", String(80), primary_key=True),
    Column("minute", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
)

# On clerks' screens for some minutes; see `certificates.verdicts`.
verdicts = Table(
    "licence_verdicts",
    metadata,
    Column("place", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("licence_verdicts_by_end", "expires_at"),
)
