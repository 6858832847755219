"""Apps: who registered them, where they may be answered, how they prove themselves."""

import hmac
import ipaddress
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from identity.errors import BadClient

WEB = "web"  # a server with a secret, in front of people
PUBLIC = "public"  # an app on a device, which cannot keep a secret
SERVICE = "service"  # a program without people
KINDS = (WEB, PUBLIC, SERVICE)

BASIC = "client_secret_basic"
POST = "client_secret_post"
NO_SECRET = "none"  # noqa: S105
AUTH_METHODS = (BASIC, POST, NO_SECRET)

GRANTS = {
    WEB: ("authorization_code", "refresh_token"),
    PUBLIC: ("authorization_code", "refresh_token"),
    SERVICE: ("client_credentials",),
}
SECRET_BYTES = 32
OVERLAP_SECONDS = 24 * 3600  # an old secret works this long beside its successor
_FORBIDDEN = set(" \t\r\n\"'<>\\^`{|}")


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

    @property
    def grants(self) -> tuple[str, ...]:
        """Grant types it may use."""
        return GRANTS[self.kind]

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
        BadClient: it has a fragment, no host, or plain http to another machine.
    """
    if set(address) & _FORBIDDEN or not address.isascii() or "#" in address:
        raise BadClient(f"a redirect address has no fragment and no spaces: {address!r}")
    try:
        parts = urlsplit(address)
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


def sector_of(client_id: str, redirect_uris: tuple[str, ...]) -> str:
    """Choose the sector (OpenID Connect Core §8.1): the one https host all addresses share.

    Loopback addresses belong to everybody, so an app there is a sector of its own.
    """
    hosts = {urlsplit(address).netloc for address in redirect_uris if address.startswith("https:")}
    secure = all(address.startswith("https:") for address in redirect_uris)
    return hosts.pop() if len(hosts) == 1 and secure else f"client:{client_id}"
