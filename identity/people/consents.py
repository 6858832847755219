"""What a person allowed an app, until they take it back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Consent:
    """What a person allowed an app.

    Attributes:
        client_id: the app.
        client_name: its name.
        party_id: for whom the person acted.
        scopes: what was allowed.
        given_at: since when.
        used_at: when the app last got tokens by it, None if it never did.
    """

    client_id: str
    client_name: str
    party_id: str
    scopes: frozenset[str]
    given_at: int
    used_at: int | None = None
