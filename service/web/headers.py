"""The headers that keep a page safe in a browser (CSP Level 3, Fetch, Permissions Policy)."""

from collections.abc import Collection
from urllib.parse import urlsplit

STEADY = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page_headers(nonce: str, form_actions: Collection[str]) -> dict[str, str]:
    """Return the headers of one page.

    Args:
        nonce: fresh random text; a script element of this page may carry it.
        form_actions: origins, besides ours, to which a form of this page may lead.
            Browsers apply `form-action` to redirects too, so a sign-in that ends at
            an app has to name the app's origin.
    """
    return STEADY | {"Content-Security-Policy": _policy(nonce, form_actions)}


def _policy(nonce: str, form_actions: Collection[str]) -> str:
    actions = " ".join(["'self'", *sorted(form_actions)])
    return "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            "img-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            f"form-action {actions}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
    )


def origin_of(address: str) -> str:
    """Reduce an address to what a policy may name: its origin, or the scheme of a native app.

    Raises:
        ValueError: the address has no scheme, or characters that a policy cannot carry.
    """
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    if not parts.scheme or any(character in origin for character in " ;,'\"@"):
        raise ValueError(f"not an origin: {address!r}")
    return origin
