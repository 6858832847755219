"""The providers that an operator named, read from a file and checked before anything is opened."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from identity.errors import BadUpstream
from identity.people.assurance import LEVELS

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
MOST = 20


@dataclass(frozen=True)
class Upstream:
    """One provider.

    Attributes:
        name: in the address of its callback, one for each provider (RFC 9700 §4.4).
        title: what people know it as.
        title_en: the same in English.
        issuer: its issuer, exactly as its tokens name it.
        client_id: under which we are registered there.
        client_secret: our secret there, empty when we sign assertions.
        client_key: our private key there, as PEM, empty when we have a secret.
        scope: what we ask it for.
        level: the most it vouches for, an assurance level.
        acr: what its `acr` values mean here; empty: every sign-in there is worth `level`.
        number_claim: claim of its ID token with a citizen number that it has checked; empty if
            nobody is found by number.
    """

    name: str
    title: str
    title_en: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    scope: str = "openid"
    level: int = 2
    acr: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    number_claim: str = ""

    def level_of(self, acr: str) -> int:
        """Return what a sign-in there is worth here: never more than it vouches for."""
        said = self.acr.get(acr, min(LEVELS)) if self.acr else self.level
        return min(said, self.level)

    def names_for(self, level: int) -> str:
        """Return its names for a level and above, by spaces, the lowest first."""
        enough = [name for name, worth in self.acr.items() if worth >= level]
        return " ".join(sorted(enough, key=lambda name: self.acr[name]))


def read_upstreams(text: str, *, toml: bool) -> Mapping[str, Upstream]:
    """Read a file of providers: a list `upstream`, in TOML or JSON.

    Raises:
        BadUpstream: one of them cannot work; the text says which and why.
    """
    try:
        document = tomllib.loads(text) if toml else json.loads(text)
        entries = document["upstream"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadUpstream('the file is not TOML or JSON with a list "upstream"') from None
    if not isinstance(entries, list) or len(entries) > MOST:
        raise BadUpstream(f'"upstream" is a list of at most {MOST} providers')
    found = [_read(entry) for entry in entries]
    names = [each.name for each in found]
    if len(set(names)) != len(names) or len({each.issuer for each in found}) != len(found):
        raise BadUpstream("two providers have one name or one issuer")
    return {each.name: each for each in found}


def _read(entry: object) -> Upstream:
    known = {each.name: each.type for each in fields(Upstream)}
    if not isinstance(entry, dict) or not entry.keys() <= known.keys():
        raise BadUpstream(f"a provider has some of these: {', '.join(known)}")
    _check_kinds(entry)
    missing = {"name", "title", "title_en", "issuer", "client_id"} - entry.keys()
    if missing:
        raise BadUpstream(f"a provider lacks {', '.join(sorted(missing))}")
    upstream = Upstream(**entry)
    _check(upstream)
    return upstream


def _check_kinds(entry: Mapping[str, Any]) -> None:
    for name, value in entry.items():
        kind = {"level": int, "acr": dict}.get(name, str)
        if type(value) is not kind:
            raise BadUpstream(f"{name} is not of the right kind")


def _check(upstream: Upstream) -> None:
    if not NAME.fullmatch(upstream.name):
        raise BadUpstream("a name has 1 to 32 small letters, digits and hyphens")
    if not is_address(upstream.issuer) or upstream.issuer.endswith("/"):
        raise BadUpstream(f"{upstream.name}: the issuer is no https address, or ends with a slash")
    if bool(upstream.client_secret) == bool(upstream.client_key):
        raise BadUpstream(f"{upstream.name}: either client_secret or client_key")
    worths = [upstream.level, *upstream.acr.values()]
    if not all(type(each) is int and each in LEVELS for each in worths):
        raise BadUpstream(f"{upstream.name}: levels are {LEVELS}")
    if "openid" not in upstream.scope.split():
        raise BadUpstream(f"{upstream.name}: the scope has to have openid")


def is_address(text: str) -> bool:
    """Tell whether a provider may be reached there: https, or this machine."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
