"""Time-stamps of another authority, by its address (RFC 3161 §3.4)."""

from collections.abc import Callable, Sequence

import httpx

from certificates.errors import FormatRejected, SignatureRejected, StampUnavailable
from certificates.stamps.authority import QUERY, REPLY, ask, token_in
from certificates.stamps.tokens import imprint_of, verify

SECONDS = 10
LARGEST = 6000  # bytes; beside the department's signature it has to fit into its room in the PDF


def stamper_at(url: str, roots: Sequence[bytes]) -> Callable[[bytes], bytes]:
    """Make the function that gets a time-stamp over some bytes.

    Args:
        url: of the authority.
        roots: certificates in DER, ours first; the authority is under one of the others.
    """

    def stamp(data: bytes) -> bytes:
        imprint = imprint_of(data)
        try:
            answer = httpx.post(
                url, content=ask(imprint), headers={"Content-Type": QUERY}, timeout=SECONDS
            )
            kind = answer.headers.get("content-type", "").partition(";")[0].strip()
            if answer.status_code != httpx.codes.OK or kind != REPLY:
                raise StampUnavailable(f"the authority answered {answer.status_code}, {kind!r}")
            token = token_in(answer.content)
            known = verify(token, imprint, roots)
        except (httpx.HTTPError, FormatRejected, SignatureRejected) as error:
            raise StampUnavailable(f"no time-stamp: {error}") from error
        if known is None or len(token) > LARGEST:
            raise StampUnavailable("the time-stamp is of a stranger, or too long")
        return token

    return stamp
