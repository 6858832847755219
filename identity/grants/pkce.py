"""Proof key for code exchange (RFC 7636): S256, and some profiles let apps do without."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge

from identity.apps.clients import Client
from identity.apps.profiles import policy_of


class Pkce(CodeChallenge):  # type: ignore[misc]
    """Requires a challenge unless the profile does not; no `plain` (RFC 9700 §2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without challenge, and one whose method would default to `plain`."""
        data = grant.request.payload.data
        client: Client = grant.request.client.client
        named = {"code_challenge", "code_challenge_method"} & data.keys()
        if not named and not policy_of(client).proof_key:
            return
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256")
        if not data.get("code_challenge"):
            raise InvalidRequestError("code_challenge is required")
        super().validate_code_challenge(grant, redirect_uri)

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Refuse a code that comes without its verifier as one with a wrong one (RFC 7636 §4.6)."""
        request = grant.request
        challenge = self.get_authorization_code_challenge(request.authorization_code)
        if challenge and not request.form.get("code_verifier"):
            raise InvalidGrantError("code_verifier is required")
        super().validate_code_verifier(grant, result)
