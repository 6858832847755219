"""Apps: who registered them, where they may be answered, how they prove themselves."""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from identity.apps.options import NONE, Options
from identity.errors import BadClient

WEB = "web"  # a server with a secret, in front of people
PUBLIC = "public"  # an app on a device, which cannot keep a secret
SERVICE = "service"  # a program without people
KINDS = (WEB, PUBLIC, SERVICE)

BASIC = "client_secret_basic"
POST = "client_secret_post"
NO_SECRET = "none"  # noqa: S105
SIGNED = "private_key_jwt"
CERTIFIED = "tls_client_auth"
SELF_CERTIFIED = "self_signed_tls_client_auth"
TLS_METHODS = (CERTIFIED, SELF_CERTIFIED)
AUTH_METHODS = (BASIC, POST, NO_SECRET, SIGNED, *TLS_METHODS)
SECRET_METHODS = (BASIC, POST)
PROVING_METHODS = (*SECRET_METHODS, SIGNED, *TLS_METHODS)  # all but the ways that prove nothing

STANDARD = "standard"  # OAuth 2.1: PKCE always
COMPATIBLE = "compatible"  # OpenID Connect Core exactly, for apps that exist and keep a secret
FAPI2 = "fapi2"  # the FAPI 2.0 Security Profile, for banks and the like
PROFILES = (STANDARD, COMPATIBLE, FAPI2)  # their rules stand in `profiles`

PAIRWISE = "pairwise"
SHARED = "public"  # everybody knows a person by the same subject
SUBJECT_TYPES = (PAIRWISE, SHARED)

GRANTS = {
    WEB: ("authorization_code", "refresh_token"),
    PUBLIC: ("authorization_code", "refresh_token"),
    SERVICE: ("client_credentials",),
}
SECRET_BYTES = 32
OVERLAP_SECONDS = 24 * 3600  # an old secret works this long beside its successor
_FORBIDDEN = set(" \t\r\n\"'<>\\^`{|}")
# Anything else in its place would not fit into a policy of a page (CSP Level 3 §2.3.1).
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_](?:[0-9A-Za-z_.-]*[0-9A-Za-z_])?)(?::[0-9]+)?")


@dataclass(frozen=True)
class Client:
    """A registered app.

    Attributes:
        client_id: public name in the protocol.
        name: shown to people; comes from here, never from a request.
        owner_id: legal person that registered it, and for which it acts by itself.
        kind: one of `KINDS`.
        auth_method: the one way in which it proves itself.
        secret_hash: SHA-256 of its secret, None for a public app.
        old_secret_hash: the secret before the last rotation.
        old_secret_until: first second in which that one no longer works.
        redirect_uris: where people may be sent back to.
        logout_uris: where people may be sent after signing out.
        scopes: the most it may ask for.
        sector: apps of one sector know a person by the same subject.
        introspects: it may ask about tokens of other apps.
        demo: exists only with demo data.
        profile: how strictly requests are read, one of `PROFILES`.
        jwks: its public keys as JSON text, empty if it has none here.
        jwks_uri: where it publishes its keys, empty if it does not.
        id_token_alg: how its ID tokens are signed.
        userinfo_alg: how userinfo is signed for it, empty for plain JSON.
        subject_type: one of `SUBJECT_TYPES`.
        response_modes: how it may be answered, empty for every way we know.
        default_max_age: oldest sign-in in seconds when a request says nothing; None for any.
        require_auth_time: it wants `auth_time`; ours always have it.
        client_uri: its home page, shown to people as the three that follow.
        logo_uri: its picture.
        policy_uri: how it treats personal data.
        tos_uri: its terms.
        contacts: addresses of its developers.
        initiate_login_uri: where a sign-in can be begun for it (Core §4).
        sector_identifier_uri: list of the addresses that share its sector (Core §8.1).
        registration_hash: SHA-256 of the token that manages it (RFC 7592), None if none does.
        options: what it registered beyond that.
    """

    client_id: str
    name: str
    owner_id: str
    kind: str
    auth_method: str
    secret_hash: bytes | None
    old_secret_hash: bytes | None
    old_secret_until: int
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...]
    scopes: frozenset[str]
    sector: str
    introspects: bool
    demo: bool
    profile: str = STANDARD
    jwks: str = ""
    jwks_uri: str = ""
    id_token_alg: str = "ES256"  # noqa: S105
    userinfo_alg: str = ""
    subject_type: str = PAIRWISE
    response_modes: tuple[str, ...] = ()
    default_max_age: int | None = None
    require_auth_time: bool = False
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    initiate_login_uri: str = ""
    sector_identifier_uri: str = ""
    registration_hash: bytes | None = None
    options: Options = NONE

    @property
    def grants(self) -> tuple[str, ...]:
        """Grant types it may use."""
        return GRANTS[self.kind] + self.options.grant_types

    @property
    def knows_sign_ins(self) -> bool:
        """Whether it is told which sign-in was which (`sid`): it signs out, or hears of it."""
        return bool(self.logout_uris or self.options.backchannel_logout_uri)

    def has_secret(self, secret: str, now: int) -> bool:
        """Tell whether `secret` is its secret, or the one before within the overlap."""
        given = hash_secret(secret)
        current = hmac.compare_digest(given, self.secret_hash or b"")
        before = hmac.compare_digest(given, self.old_secret_hash or b"")
        return current or (before and now < self.old_secret_until)

    def accepts_redirect(self, address: str) -> bool:
        """Tell whether people may be sent to `address`: exact, only a loopback port may vary
        (RFC 9700 §2.1, RFC 8252 §7.3).
        """
        if address in self.redirect_uris:
            return True
        portless = _without_loopback_port(address)
        return portless is not None and any(
            portless == _without_loopback_port(registered) for registered in self.redirect_uris
        )


def hash_secret(secret: str) -> bytes:
    """Return what is stored in place of a secret: 256 random bits need no slow hash."""
    return sha256(secret.encode()).digest()


def _without_loopback_port(address: str) -> str | None:
    """Drop the port of a loopback address, if it has one; None for any other address."""
    if set(address) & _FORBIDDEN or not address.startswith("http://"):
        return None  # urlsplit would drop control characters and fold capitals
    try:
        parts = urlsplit(address)
        loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or not loopback or "@" in parts.netloc:
        return None
    host = parts.netloc.removesuffix(f":{port}")
    return f"http://{host}{address.partition(parts.netloc)[2]}"


def check_redirect_uri(address: str) -> str:
    """Check an address before it is registered (RFC 6749 §3.1.2, RFC 8252 §7).

    Raises:
        BadClient: it has a fragment, no host or an odd one, or plain http to another machine.
    """
    if set(address) & _FORBIDDEN or not address.isascii() or "#" in address:
        raise BadClient(f"a redirect address has no fragment and no spaces: {address!r}")
    try:
        parts = urlsplit(address)
        check_host(address)
    except ValueError:
        raise BadClient(f"not an address: {address!r}") from None
    if parts.scheme == "https" and parts.hostname:
        return address
    if parts.scheme == "http" and (
        parts.hostname == "localhost" or _without_loopback_port(address) is not None
    ):
        return address
    if "." in parts.scheme and not parts.netloc:  # a native app's own scheme, RFC 8252 §7.1
        return address
    raise BadClient(f"a redirect address is https, loopback http or an app's scheme: {address!r}")


def check_host(address: str) -> None:
    """Check that an address with a host names nothing but it and a port: no account, no pattern.

    Raises:
        ValueError: it does.
    """
    parts = urlsplit(address)
    if parts.netloc and (not _HOST.fullmatch(parts.netloc) or parts.port == 0):
        raise ValueError("must name a host, and no more than a port beside it")


def sector_of(client_id: str, redirect_uris: tuple[str, ...]) -> str:
    """Choose the sector (OpenID Connect Core §8.1): the one https host all addresses share.

    Loopback addresses belong to everybody, so an app there is a sector of its own.
    """
    hosts = {urlsplit(address).netloc for address in redirect_uris if address.startswith("https:")}
    secure = all(address.startswith("https:") for address in redirect_uris)
    return hosts.pop() if len(hosts) == 1 and secure else f"client:{client_id}"
