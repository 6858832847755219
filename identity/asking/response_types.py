"""What a request may ask to get at once (RFC 6749 §3.1.1, OAuth Multiple Response Types §3)."""

from identity.apps.clients import Client
from identity.apps.profiles import policy_of

CODE, ID_TOKEN, BOTH_TOKENS = "code", "id_token", "id_token token"
IMPLICIT = (ID_TOKEN, BOTH_TOKENS)
RESPONSE_TYPES = (CODE, *IMPLICIT)
IMPLICIT_GRANT = "implicit"


def spell(response_type: str) -> str:
    """Return the one spelling of a response type: the order of its words does not count."""
    return " ".join(sorted(response_type.split()))


def response_types_of(client: Client) -> tuple[str, ...]:
    """Return what an app may ask for; a code if it registered nothing else."""
    if not client.redirect_uris:
        return ()
    return client.options.response_types or (CODE,)


def may_ask(client: Client, response_type: str, *, implicit: bool) -> bool:
    """Tell whether an app may ask for a response type.

    Args:
        client: the app.
        response_type: in one spelling.
        implicit: whether tokens are given at the authorization endpoint here at all.
    """
    if response_type not in response_types_of(client):
        return False
    return response_type == CODE or (implicit and policy_of(client).implicit)
