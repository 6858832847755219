"""Requests and answers between our routes and Authlib."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749.requests import OAuth2Payload

from identity.apps.refusals import Fault
from identity.asking.parameters import Parameters
from identity.grants.particulars import NOTHING

_STRANGE = re.compile(r"[^ !#-\[\]-~]")


@dataclass(frozen=True)
class Answer:
    """What goes back: JSON, or a redirect.

    Attributes:
        posted: what the redirect says is posted by the browser instead.
        fault: why it is no more than an error, for the app's developers.
    """

    status: int
    body: Any
    headers: Sequence[tuple[str, str]]
    posted: bool = False
    fault: Fault | None = None

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return dict(self.headers).get("Location")


@dataclass(frozen=True)
class Refusal:
    """Why an authorization request is refused, in the words of its protocol."""

    code: str
    why: str

    @property
    def description(self) -> str:
        """The reason, in the characters that it may have (RFC 6749 §4.1.2.1)."""
        return _STRANGE.sub("'", self.why)


class Payload(OAuth2Payload):  # type: ignore[misc]
    """Parameters as Authlib wants to read them."""

    def __init__(self, parameters: Parameters) -> None:
        self._data = dict(parameters.values)

    @property
    def data(self) -> dict[str, str]:
        """The values."""
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The values as lists; repeated ones were refused before."""
        return {name: [value] for name, value in self._data.items()}


_BLANK = dict(vars(OAuth2Request("GET", "https://haihe.example")))


class Request(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib wants to read it."""

    def __init__(self, method: str, uri: str, parameters: Parameters) -> None:
        # Authlib's own constructor looks whether the address is secure; ours was, at the start.
        self.__dict__.update(_BLANK)
        self.method, self.uri = method, uri
        self.headers = {"Authorization": parameters.authorization}
        self.payload = Payload(parameters)
        self.parameters = parameters
        self.authorization_id = ""
        self.pushed = ""
        self.particulars = NOTHING

    @property
    def form(self) -> dict[str, str]:
        """The parameters of the body; ours come from one place only."""
        return self.payload.data
