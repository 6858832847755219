"""Proof that a form was filled in on a page of ours, in the same browser.

A random cookie marks the browser; each form carries an HMAC over it (OWASP "signed double
submit cookie"). Browsers also say where a request comes from; when they do, it must be here.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from service.web.errors import FormForged

FIELD = "csrf"
HERE = frozenset({"same-origin", "none"})


def token_for(secret: bytes, browser: str) -> str:
    """Return the token that forms in this browser carry."""
    return hmac.new(secret, b"haihe form\0" + browser.encode(), sha256).hexdigest()


def check_form(
    secret: bytes, browser: str | None, fields: Mapping[str, str], request: HTTPConnection
) -> None:
    """Check that a form was sent by a page of ours.

    Args:
        secret: the service's key for form tokens.
        browser: value of the browser cookie, None if the browser sent none.
        fields: the fields of the form, the token among them.
        request: the request that carried the form.

    Raises:
        FormForged: the token is not this browser's, or the form comes from elsewhere.
    """
    if browser is None or not hmac.compare_digest(
        token_for(secret, browser).encode(), fields.get(FIELD, "").encode()
    ):
        raise FormForged("the form does not carry the token of this browser")
    check_came_from_here(request)


def check_came_from_here(request: HTTPConnection) -> None:
    """Check the headers in which a browser names the page that sent a form (Fetch §3.2).

    Our pages are served with `Referrer-Policy: no-referrer`, for which browsers write
    `Origin: null`; then `Sec-Fetch-Site` decides, where the browser sends it.

    Raises:
        FormForged: the browser says that another site sent the form.
    """
    origin = request.headers.get("origin", "null")
    if origin != "null" and _host_of(origin) != request.headers.get("host"):
        raise FormForged("the form was sent by a page of another site")
    if request.headers.get("sec-fetch-site", "none") not in HERE:
        raise FormForged("the form was sent by a page of another site")


def _host_of(origin: str) -> str:
    """Return host and port of an origin; empty, which no request has, if it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
