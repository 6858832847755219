"""How an app is answered at its address: in the query, by a form, plain or signed (JARM)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from identity.apps.clients import Client
from identity.realm import Work
from identity.signing.keys import ALGORITHM
from identity.signing.tokens import ANSWER, sign_token

QUERY, FORM_POST, FRAGMENT = "query", "form_post", "fragment"
JWT, QUERY_JWT, FORM_POST_JWT = "jwt", "query.jwt", "form_post.jwt"
RESPONSE_MODES = (QUERY, FORM_POST, JWT, QUERY_JWT, FORM_POST_JWT)
ANSWER_SECONDS = 300  # JARM §2.1 recommends no more than ten minutes
_SIGNED = {JWT, QUERY_JWT, FORM_POST_JWT}
_POSTED = {FORM_POST, FORM_POST_JWT}


def is_allowed(client: Client, mode: str) -> bool:
    """Tell whether an app may be answered so: in a way we know, and among those it registered."""
    return mode in RESPONSE_MODES and (not client.response_modes or mode in client.response_modes)


@dataclass(frozen=True)
class Reply:
    """How one request is answered.

    Attributes:
        client: who asked.
        address: the app's own, checked before.
        mode: what the request asks for, empty if it says nothing.
    """

    client: Client
    address: str
    mode: str

    @property
    def posted(self) -> bool:
        """Whether the browser posts the answer; a way the app may not use is never taken."""
        return self.mode in _POSTED and is_allowed(self.client, self.mode)

    def location(self, work: Work, told: Mapping[str, str]) -> str:
        """Write the address that tells the app something, and who says so (RFC 9207, JARM §2.1)."""
        issuer = work.realm.issuer
        if self.mode == FRAGMENT:  # never asked for with a code: see `grants.implicit`
            return f"{self.address}#{urlencode({**told, 'iss': issuer})}"
        if self.mode not in _SIGNED or not is_allowed(self.client, self.mode):
            return with_parameters(self.address, {**told, "iss": issuer})
        named = {"iss": issuer, "aud": self.client.client_id, "exp": work.now + ANSWER_SECONDS}
        algorithm = self.client.options.authorization_signed_response_alg or ALGORITHM
        signed = sign_token(work.realm.keys, ANSWER, {**told, **named}, algorithm)
        return with_parameters(self.address, {"response": signed})


def with_parameters(address: str, parameters: Mapping[str, str]) -> str:
    """Add parameters to an address, keeping its own (RFC 6749 §3.1.2)."""
    if not {"?", "#"} & set(address):
        return f"{address}?{urlencode(parameters)}"
    parts = urlsplit(address)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def added_parameters(address: str, location: str) -> dict[str, str]:
    """Read what was added to an address that may have parameters of its own."""
    own = len(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True)[own:])
