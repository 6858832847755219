"""Which network addresses are public, also where one address carries another inside.

A translator on the way may unpack the inner one, so both have to be public.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_UNICAST = IPv6Network("2000::/3")  # all that IANA has opened so far
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1; its sibling 64:ff9b:1::/48 is local
_IPV4_BITS = 0xFFFFFFFF


def is_public(address: Address) -> bool:
    """Tell whether an address is one host's of the public Internet (RFC 6890, RFC 6052)."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & _IPV4_BITS))
    if address not in _UNICAST or not address.is_global:  # also IPv4-mapped and multicast
        return False
    return all(is_public(inner) for inner in _carried(address))


def _carried(address: IPv6Address) -> list[IPv4Address]:
    """Return the addresses inside a 6to4 (RFC 3056) or Teredo address (RFC 4380)."""
    relay = [address.sixtofour] if address.sixtofour else []
    return [*relay, *(address.teredo or ())]
