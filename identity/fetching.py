"""Reading a small document from an address that a stranger named, without being led astray.

The name is resolved once and that very address is used; private networks are out of reach; no
redirects; little time and few bytes (OWASP, Server-Side Request Forgery Prevention).
"""

import ipaddress
import socket
import time
from urllib.parse import urlsplit

import httpx

from identity.errors import BadRegistrationRequest

MOST_BYTES = 64 * 1024
SECONDS = 3.0


def fetch(address: str, *, loopback: bool) -> bytes:
    """Read a document.

    Args:
        address: where; https.
        loopback: whether this machine itself may be asked, and then with any certificate: so
            only where we ourselves are only on this machine.

    Raises:
        BadRegistrationRequest: it cannot or must not be read.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme != "https" or parts.username:
        raise BadRegistrationRequest("a document is read by https only")
    target = _resolve(parts.hostname, parts.port or 443, loopback=loopback)
    own = ipaddress.ip_address(target).is_loopback
    host = f"[{target}]" if ":" in target else target
    url = httpx.URL(address).copy_with(host=host)
    headers = {"Host": parts.netloc, "Accept": "application/json", "Accept-Encoding": "identity"}
    extensions = {"sni_hostname": parts.hostname}
    try:
        with (
            httpx.Client(verify=not own, timeout=SECONDS, trust_env=False) as http,
            http.stream("GET", url, headers=headers, extensions=extensions) as answer,
        ):
            return _read(answer)
    except (httpx.HTTPError, OSError, ValueError):
        raise BadRegistrationRequest(f"{parts.netloc} could not be read") from None


def _resolve(host: str, port: int, *, loopback: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadRegistrationRequest("the name of a host is not known") from None
    target = str(found[0][4][0])
    address = ipaddress.ip_address(target)
    if not address.is_global and not (loopback and address.is_loopback):
        raise BadRegistrationRequest("the address of a host is not public")
    return target


def _read(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise ValueError(answer.status_code)
    content, until = b"", time.monotonic() + SECONDS
    for part in answer.iter_raw():  # nothing is unpacked, so nothing can swell
        content += part
        if len(content) > MOST_BYTES or time.monotonic() > until:
            raise ValueError("too much or too slow")
    return content
