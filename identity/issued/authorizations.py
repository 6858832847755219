"""What a person allowed an app: one row, from the code to the last refresh token.

The row holds no secret. Codes and refresh tokens are sealed names of it (`seals`), so they need
no tables of their own, cannot be guessed, and a copy of the database opens nothing.
"""

from dataclasses import dataclass

from identity.errors import SealBroken
from identity.seals import Seals

CODE_SECONDS = 60
GRACE_SECONDS = 10  # a refresh token may be repeated this long, and gives the same successor
LIFETIME_SECONDS = 30 * 24 * 3600
_COUNT_BYTES = 4
_ID_BYTES = 16
_PLAIN = b"\x01"


@dataclass(frozen=True)
class Authorization:
    """A person's permission for an app to act.

    Attributes:
        authorization_id: random, 32 hexadecimal digits.
        client_id: to which app.
        person_id: by whom.
        party_id: for whom; the person, or a legal person by mandate.
        session_id: sign-in from which it came; signing out ends both.
        redirect_uri: address to which the code was sent.
        scopes: what was allowed.
        nonce: the app's value that binds the ID token to its own browser session.
        code_challenge: S256 challenge of RFC 7636.
        auth_time: when the person proved who they are.
        acr: how well.
        code_expires_at: first second in which the code no longer works.
        expires_at: end that no refresh puts off.
        redeemed_at: when the code was used, None if it was not.
        refreshes: how many refresh tokens have been used.
        refreshed_at: when the last one was.
        revoked_at: when it was withdrawn, None if it was not.
        claims: names that the request wants in the ID token itself, with spaces between.
        offline: refresh tokens are given although `offline_access` was not asked for.
        amr: by which methods the person proved who they are (RFC 8176), separated by spaces.
        confirmation: key to which tokens are bound, `jkt:` or `x5t#S256:` and its thumbprint
            (RFC 7800 §3), empty if they are not.
        details: what was allowed in particular, as JSON text (RFC 9396), empty for nothing.
        resources: interfaces that tokens are for, separated by spaces (RFC 8707); empty for ours.
        actors: who acts through whom, when a token was exchanged (`identity.issued.actors`).
        derived_from: authorization with whose token the exchanging began; it ends both.
    """

    authorization_id: str
    client_id: str
    person_id: str
    party_id: str
    session_id: str
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str | None
    code_challenge: str
    auth_time: int
    acr: str
    code_expires_at: int
    expires_at: int
    redeemed_at: int | None = None
    refreshes: int = 0
    refreshed_at: int = 0
    revoked_at: int | None = None
    claims: str = ""
    offline: bool = False
    amr: str = "pwd"
    confirmation: str = ""
    details: str = ""
    resources: str = ""
    actors: str = ""
    derived_from: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether its app and the person themself are all that stands behind it."""
        own = self.party_id == self.person_id
        return own and not (self.confirmation or self.details or self.resources)

    def is_live(self, now: int) -> bool:
        """Tell whether tokens may still be drawn from it."""
        return self.redeemed_at is not None and self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True)
class CodeHandle:
    """What a code names: an authorization, and whether it was plain when the code was made."""

    authorization_id: str
    plain: bool = False


@dataclass(frozen=True)
class RefreshHandle:
    """What a refresh token names: an authorization, which of its refresh tokens, and the same."""

    authorization_id: str
    count: int
    plain: bool = False


def make_code(seals: Seals, authorization: Authorization) -> str:
    """Name an authorization by a code."""
    return seals.seal_text(_written(authorization), "code")


def read_code(seals: Seals, code: str) -> CodeHandle | None:
    """Return what a code names, None if it is none of ours."""
    try:
        content = seals.open_text(code, "code")
    except SealBroken:
        return None
    return CodeHandle(content[:_ID_BYTES].hex(), content[_ID_BYTES:] == _PLAIN)


def make_refresh_token(seals: Seals, authorization: Authorization) -> str:
    """Name an authorization's next refresh token, always in the same way."""
    count = authorization.refreshes.to_bytes(_COUNT_BYTES, "big")
    return seals.seal_text(count + _written(authorization), "refresh token")


def read_refresh_token(seals: Seals, token: str) -> RefreshHandle | None:
    """Return what a refresh token names, None if it is none of ours."""
    try:
        content = seals.open_text(token, "refresh token")
    except SealBroken:
        return None
    count, named = content[:_COUNT_BYTES], content[_COUNT_BYTES:]
    plain = named[_ID_BYTES:] == _PLAIN
    return RefreshHandle(named[:_ID_BYTES].hex(), int.from_bytes(count, "big"), plain)


def _written(authorization: Authorization) -> bytes:
    """Write which one it is; that it is plain spares a statement later, and decides nothing."""
    name = bytes.fromhex(authorization.authorization_id)
    return name + _PLAIN if authorization.is_plain else name
