"""The tables of identity. Times are Unix seconds; ids are random text."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData()

people = Table(
    "people",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("account", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("sealed_number", LargeBinary, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("suspended_at", BigInteger),
    Column("vouched", Integer, nullable=False, server_default="2"),
    Column("about", Text, nullable=False, server_default=""),
)

legal_persons = Table(
    "legal_persons",
    metadata,
    Column("legal_person_id", Text, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

mandates = Table(
    "mandates",
    metadata,
    Column("mandate_id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("legal_person_id", Text, ForeignKey("legal_persons.legal_person_id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("powers", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger),
    Column("revoked_at", BigInteger),
    Column("matters", Text, nullable=False, server_default=""),
    Column("granted_by", Text, nullable=False, server_default=""),
    Column("parent_id", Text, nullable=False, server_default=""),
    Column("signatures_missing", Integer, nullable=False, server_default="0"),
    Column("suspended_at", BigInteger),
    Column("joint", Boolean, nullable=False, server_default=false()),
    Column("held_back_at", BigInteger),
    Index("mandates_by_person", "person_id", "legal_person_id"),
    Index("mandates_by_legal_person", "legal_person_id", "valid_from"),
)

mandate_signatures = Table(
    "mandate_signatures",
    metadata,
    Column("mandate_id", Text, ForeignKey("mandates.mandate_id"), primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("signed_at", BigInteger, nullable=False),
    Column("under", Text, nullable=False, server_default=""),
)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner_id", Text, ForeignKey("legal_persons.legal_person_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("auth_method", Text, nullable=False),
    Column("secret_hash", LargeBinary),
    Column("old_secret_hash", LargeBinary),
    Column("old_secret_until", BigInteger, nullable=False),
    Column("redirect_uris", Text, nullable=False),
    Column("logout_uris", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("introspects", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("profile", Text, nullable=False, server_default="standard"),
    Column("jwks", Text, nullable=False, server_default=""),
    Column("jwks_uri", Text, nullable=False, server_default=""),
    Column("id_token_alg", Text, nullable=False, server_default="ES256"),
    Column("userinfo_alg", Text, nullable=False, server_default=""),
    Column("subject_type", Text, nullable=False, server_default="pairwise"),
    Column("response_modes", Text, nullable=False, server_default=""),
    Column("default_max_age", BigInteger),
    Column("require_auth_time", Boolean, nullable=False, server_default=false()),
    Column("client_uri", Text, nullable=False, server_default=""),
    Column("logo_uri", Text, nullable=False, server_default=""),
    Column("policy_uri", Text, nullable=False, server_default=""),
    Column("tos_uri", Text, nullable=False, server_default=""),
    Column("contacts", Text, nullable=False, server_default=""),
    Column("initiate_login_uri", Text, nullable=False, server_default=""),
    Column("sector_identifier_uri", Text, nullable=False, server_default=""),
    Column("registration_hash", LargeBinary),
    Column("options", Text, nullable=False, server_default=""),
)

sessions = Table(
    "sessions",
    metadata,
    Column("cookie_hash", LargeBinary, primary_key=True),
    Column("session_id", Text, nullable=False, unique=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("party_id", Text),
    Column("auth_time", BigInteger, nullable=False),
    Column("acr", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("device", Text, nullable=False, server_default=""),
    Column("amr", Text, nullable=False, server_default="pwd"),
    Column("network", Text, nullable=False, server_default=""),
    Index("sessions_by_person", "person_id", "auth_time"),
    Index("sessions_by_end", "ended_at", "expires_at"),
    Index("sessions_by_use", "ended_at", "seen_at"),
)

consents = Table(
    "consents",
    metadata,
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("party_id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("scopes", Text, nullable=False),
    Column("given_at", BigInteger, nullable=False),
)

authorizations = Table(
    "authorizations",
    metadata,
    Column("authorization_id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), nullable=False),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("party_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("nonce", Text),
    Column("code_challenge", Text, nullable=False),
    Column("auth_time", BigInteger, nullable=False),
    Column("acr", Text, nullable=False),
    Column("code_expires_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("redeemed_at", BigInteger),
    Column("refreshes", Integer, nullable=False),
    Column("refreshed_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("claims", Text, nullable=False, server_default=""),
    Column("offline", Boolean, nullable=False, server_default=false()),
    Column("amr", Text, nullable=False, server_default="pwd"),
    Column("confirmation", Text, nullable=False, server_default=""),
    Column("details", Text, nullable=False, server_default=""),
    Column("resources", Text, nullable=False, server_default=""),
    Column("actors", Text, nullable=False, server_default=""),
    Column("derived_from", Text, nullable=False, server_default=""),
    Index("authorizations_by_session", "session_id"),
    Index("authorizations_by_person", "person_id", "client_id"),
    Index("authorizations_by_origin", "derived_from"),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("revoked_tokens_by_end", "expires_at"),
)

used_names = Table(
    "used_names",
    metadata,
    Column("name_hash", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("used_names_by_end", "expires_at"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("signs_from", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
    UniqueConstraint("algorithm", "generation"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("next_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("finished_at", BigInteger),
    Column("outcome", Text, nullable=False),
    Index("deliveries_due", "next_at"),
    Index("deliveries_by_client", "client_id", "created_at"),
    Index("deliveries_by_end", "expires_at"),
)

decoupled = Table(
    "decoupled",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("interval", Integer, nullable=False),
    Column("polled_at", BigInteger, nullable=False),
    Column("hurried", Boolean, nullable=False),
    Column("user_code", LargeBinary),
    Column("person_id", Text, nullable=False),
    Column("party_id", Text, nullable=False),
    Column("acr_values", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("notification", LargeBinary),
    Column("decided_at", BigInteger),
    Column("authorization_id", Text),
    Index("decoupled_by_code", "user_code", unique=True),
    Index("decoupled_by_person", "person_id", "created_at"),
    Index("decoupled_by_end", "expires_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("window_ends", BigInteger, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("sign_in_id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id")),
    Column("at", BigInteger, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("method", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("network", Text, nullable=False),
    Index("sign_ins_by_person", "person_id", "at"),
    Index("sign_ins_by_time", "at"),
)

totp_keys = Table(
    "totp_keys",
    metadata,
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Index("recovery_codes_by_person", "person_id"),
)

scans = Table(
    "scans",
    metadata,
    Column("scan_id", LargeBinary, primary_key=True),
    Column("number", Text, nullable=False),
    Column("client_name", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("fresh", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("person_id", Text, ForeignKey("people.person_id")),
    Column("acr", Text, nullable=False),
    Column("amr", Text, nullable=False),
    Column("auth_time", BigInteger, nullable=False),
    Column("session_id", Text),
    Index("scans_by_end", "expires_at"),
)

upstream_trips = Table(
    "upstream_trips",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    Column("browser_hash", LargeBinary, nullable=False),
    Column("provider", Text, nullable=False),
    Column("onward", Text, nullable=False),
    Column("fresh", Boolean, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("upstream_trips_by_end", "expires_at"),
)

upstream_links = Table(
    "upstream_links",
    metadata,
    Column("link_id", LargeBinary, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("linked_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Index("upstream_links_by_person", "person_id", "provider", unique=True),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("credential_id", LargeBinary, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("transports", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("refused_at", BigInteger),
    Index("passkeys_by_person", "person_id"),
)

registration_tokens = Table(
    "registration_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("note", Text, nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
