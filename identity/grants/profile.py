"""What an authorization request may look like here (OpenID Connect Core §3.1.2.1)."""

import re
from collections.abc import Collection
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError
from authlib.oidc.core.errors import RegistrationNotSupportedError

from identity.asking.scopes import alone, join, matters_of, split
from identity.asking.wanted import read_wanted
from identity.errors import BadWish

PROMPTS = {"none", "login", "consent", "select_account"}
MOST_CHARACTERS = 2048
SECONDS = re.compile(r"[0-9]{1,9}")
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")  # of SHA-256, as RFC 9449 §10 wants


class RequestProfile:
    """Checks the parameters that Authlib leaves to us."""

    def __call__(self, grant: Any) -> None:
        """Join a grant."""
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: Any, _redirect_uri: str) -> None:
        """Check one request; the error goes to the app.

        Raises:
            OAuth2Error: a parameter cannot be honoured.
        """
        data = grant.request.payload.data
        if "registration" in data:
            raise RegistrationNotSupportedError
        if not grant.may_answer(grant.request.client.client, data.get("response_mode", "")):
            raise InvalidRequestError("this app may not be answered in that response_mode")
        _grant_wanted(grant.request)
        _check_matters(split(grant.request.scope), grant.work.realm.matters)
        _check_prompt(data.get("prompt", ""))
        if not SECONDS.fullmatch(data.get("max_age", "0")):
            raise InvalidRequestError("max_age must be a number of seconds")
        if not THUMBPRINT.fullmatch(data.get("dpop_jkt", "0" * 43)):
            raise InvalidRequestError("dpop_jkt must be the thumbprint of a key")
        if any(len(data.get(name, "")) > MOST_CHARACTERS for name in ("state", "nonce")):
            raise InvalidRequestError("state or nonce is too long")


def _grant_wanted(request: Any) -> None:
    """Ask for each claim that is wanted singly, so that the person sees it asked."""
    try:
        wanted = read_wanted(request.payload.data.get("claims", ""))
    except BadWish as error:
        raise InvalidRequestError(str(error)) from None
    asked = split(request.scope)
    more = alone(wanted.claims, asked, request.client.client.scopes)
    if more:
        request.scope = join(asked | more)


def _check_matters(scopes: Collection[str], known: Collection[str]) -> None:
    """Check that at most one mandate is asked for, for a matter that exists."""
    matters = matters_of(scopes)
    if len(matters) > 1:
        raise InvalidScopeError("a request asks for a mandate in one matter at most")
    if not matters <= {"", *known}:
        raise InvalidScopeError("no such matter")


def _check_prompt(prompt: str) -> None:
    prompts = set(prompt.split())
    if not prompts <= PROMPTS:
        raise InvalidRequestError("unknown prompt")
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequestError("prompt none stands alone")
