"""For which interfaces a token is (Resource Indicators, RFC 8707).

The interfaces there are belong to the realm, not to an app: the operator names those that read our
tokens, once for all, and our own API is always one of them. What an app may do there is a matter
of its scopes; that a token for one cannot be carried to another is what this is for.
"""

from collections.abc import Collection, Sequence

from identity.errors import BadTarget

Resources = tuple[str, ...]


def check_resources(wanted: Sequence[str], known: Collection[str]) -> Resources:
    """Check the `resource` parameters of a request, exactly (RFC 8707 §2).

    Raises:
        BadTarget: one is none of ours; so are relative addresses and those with a fragment.
    """
    if not set(wanted) <= set(known):
        raise BadTarget("no such resource is known here")
    return tuple(dict.fromkeys(wanted))


def narrow_resources(wanted: Sequence[str], granted: Resources) -> Resources:
    """Give of what was granted only what is wanted now (RFC 8707 §2.2); all, if nothing is named.

    Raises:
        BadTarget: one was not granted.
    """
    return check_resources(wanted, granted) or granted


def audience_of(resources: Resources) -> str | list[str]:
    """Write the claim `aud`: a text for one, a list for several (RFC 7519 §4.1.3)."""
    return resources[0] if len(resources) == 1 else list(resources)
