"""The parameters of one OAuth request, read strictly."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from identity.proofs.shown import NOTHING, Shown

MOST_BYTES = 16 * 1024
MOST_PARAMETERS = 60
REPEATABLE = frozenset({"resource"})  # RFC 8707 §2: the one parameter that may come twice


@dataclass(frozen=True)
class Parameters:
    """What a request says.

    Attributes:
        values: parameters with a value (RFC 6749 §3.1: an empty one counts as absent).
        repeated: names that came more than once.
        authorization: the Authorization header, empty if there is none.
        encoded: the request as it was written.
        unreadable: what is wrong with a request that could not be read at all.
        shown: the keys that its sender holds.
        signed_answer: its sender wants a signed answer (RFC 9701 §4).
        resources: every `resource` (RFC 8707 §2).
    """

    values: Mapping[str, str]
    repeated: frozenset[str] = frozenset()
    authorization: str = ""
    encoded: str = ""
    unreadable: str = ""
    shown: Shown = NOTHING
    signed_answer: bool = False
    resources: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """Return a value, empty if it is absent."""
        return self.values.get(name, "")

    @property
    def fault(self) -> str:
        """Say what is wrong with the form of the request, empty if nothing is."""
        return self.unreadable or ("a parameter was sent more than once" if self.repeated else "")


def read_parameters(encoded: str, authorization: str = "", shown: Shown = NOTHING) -> Parameters:
    """Read a query string or a form body; what cannot be read says so in `unreadable`."""
    if not encoded:
        return Parameters({}, authorization=authorization, shown=shown)
    if len(encoded) > MOST_BYTES:
        return Parameters({}, unreadable="the request is too long")
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        return Parameters({}, unreadable="the request is not URL-encoded UTF-8")
    if "\0" in encoded or "%00" in encoded:
        return Parameters({}, unreadable="the request holds a NUL character")
    counts = Counter(name for name, _ in pairs)
    repeated = frozenset(name for name, count in counts.items() if count > 1) - REPEATABLE
    values = {name: value for name, value in pairs if value}
    resources = tuple(value for name, value in pairs if name == "resource" and value)
    return Parameters(values, repeated, authorization, encoded, shown=shown, resources=resources)
