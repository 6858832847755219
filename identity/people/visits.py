"""From where somebody signs in: coarse words they recognise, never enough to follow them."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

KEPT_BITS = {4: 24, 6: 48}
HOUSEHOLD_BITS = 64  # RFC 6177 §2
MOST_CHARACTERS = 1024

# The first that matches: every browser names those it wants to be taken for as well.
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("OpenHarmony|HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Visit:
    """From where a request came.

    Attributes:
        device: browser and system, empty when nothing is known of them.
        network: address with its last part left out.
    """

    device: str = ""
    network: str = ""


@dataclass(frozen=True)
class SignIn:
    """One try to sign in, as the person may read it later.

    Attributes:
        at: when.
        succeeded: whether it worked.
        method: name of the way that was tried.
        visit: from where.
    """

    at: int
    succeeded: bool
    method: str
    visit: Visit


def visit_of(user_agent: str, address: str) -> Visit:
    """Describe coarsely from where a request came."""
    return Visit(device_of(user_agent), network_of(address))


def device_of(user_agent: str) -> str:
    """Return browser and system, without versions."""
    text = user_agent[:MOST_CHARACTERS]
    names = (_first(BROWSERS, text), _first(SYSTEMS, text))
    return " · ".join(name for name in names if name)


def network_of(address: str) -> str:
    """Return the network an address is in: a district, not a household."""
    try:
        bits = KEPT_BITS[ip_address(address).version]
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{bits}", strict=False))


def household_of(address: str) -> str:
    """Return by what one sender is counted: of IPv6 the 64 bits that a household has in common,
    for below them it may choose freely, a new address for each try.
    """
    try:
        found = ip_address(address)
        if isinstance(found, IPv4Address):
            return address
        own = found.ipv4_mapped or ip_network(f"{address}/{HOUSEHOLD_BITS}", strict=False)[0]
    except ValueError:
        return address
    return str(own)


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, text)), "")
