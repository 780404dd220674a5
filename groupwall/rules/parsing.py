"""Text of a request to canonical text, or the refusal that AWS gives: reference 3.2, 3.3 and 5.3.

Two texts mean the same thing exactly when their canonical forms are equal, so everything behind this module compares
with ``==``. Every function is total: each text has a canonical form or raises ApiError.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton  # Conversions only: three times as fast as ipaddress.
from typing import TYPE_CHECKING

from groupwall import errors
from groupwall.rules.values import ALL_PROTOCOLS, NO_PORTS, PortRange

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_PROTOCOLS = (
    {ALL_PROTOCOLS: ALL_PROTOCOLS}
    | {name: name for name in _NAMES.values()}
    | {str(number): _NAMES.get(str(number), str(number)) for number in range(256)}
)
# Looking a prefix length up by its text refuses signs, spaces, leading zeros and netmasks at once.
_IPV4_MASKS = {str(length): (2**length - 1) << (32 - length) for length in range(33)}
_IPV6_MASKS = {str(length): (2**length - 1) << (128 - length) for length in range(129)}
_IPV4_MAPPED = 0xFFFF
_LAST_PORT = 65535
_LAST_ICMP = 255
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]{0,255}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_ID = re.compile(r"(?P<prefix>[a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def protocol(text: str | None) -> str:
    """Return ``tcp``, ``udp``, ``icmp``, ``icmpv6``, ``-1`` or a number: reference 3.2 [live-test][issue].

    ``all`` is refused, as AWS refuses it on the wire [issue; docs conflict], and so is ``06`` [inferred].
    """
    if text is None:
        raise errors.protocol_missing()
    found = _PROTOCOLS.get(text) or _PROTOCOLS.get(text.lower())
    if found is None:
        raise errors.protocol_unknown(text)
    return found


def ports(protocol: str, first: int | None, last: int | None) -> PortRange:
    """Return the ports, or ICMP type and code, that a canonical protocol keeps: reference 3.2 and 5.3.

    TCP and UDP need both; ICMP needs both; ICMPv6 may omit both [docs]; every other protocol drops them [live-test].
    """
    if protocol in ("tcp", "udp"):
        return _tcp_udp_ports(first, last)
    if protocol in ("icmp", "icmpv6"):
        return _icmp_type_and_code(protocol, first, last)
    return NO_PORTS


def _tcp_udp_ports(first: int | None, last: int | None) -> PortRange:
    if first is None or last is None:
        raise errors.ports_missing()
    if not 0 <= first <= _LAST_PORT:
        raise errors.port_out_of_range("from", first)
    if not 0 <= last <= _LAST_PORT:
        raise errors.port_out_of_range("to", last)
    if first > last:
        raise errors.port_range_reversed(first, last)
    return PortRange(first, last)


def _icmp_type_and_code(protocol: str, kind: int | None, code: int | None) -> PortRange:
    if protocol == "icmpv6" and kind is None and code is None:
        return NO_PORTS
    if kind is None or code is None:
        raise errors.icmp_type_missing()
    if not -1 <= kind <= _LAST_ICMP:
        raise errors.icmp_out_of_range("type", kind)
    if not -1 <= code <= _LAST_ICMP:
        raise errors.icmp_out_of_range("code", code)
    if kind == -1 and code != -1:
        raise errors.icmp_code_without_type(code)
    return PortRange(kind, code)


def ipv4_cidr(text: str) -> str:
    """Return the block with its host bits cleared: ``10.45.0.7/16`` gives ``10.45.0.0/16``: reference 3.2 [live-test].

    The prefix length is required [docs]. Only one way to write an address is accepted: ``010.0.0.1`` is eight to some
    readers and ten to others.
    """
    address, _, length = text.partition("/")
    mask = _IPV4_MASKS.get(length)
    packed = _packed(AF_INET, address)
    if mask is None or packed is None or inet_ntop(AF_INET, packed) != address:
        raise errors.cidr_malformed(text)
    network = int.from_bytes(packed) & mask
    return f"{inet_ntop(AF_INET, network.to_bytes(4))}/{length}"


def ipv6_cidr(text: str) -> str:
    """Return the block with its host bits cleared, lower-case and compressed: reference 3.2 [live-test].

    IPv4-mapped addresses and zone ids are refused [inferred]: the one is IPv4 in disguise, the other names a link of
    one host.
    """
    address, _, length = text.partition("/")
    mask = _IPV6_MASKS.get(length)
    packed = None if "%" in address else _packed(AF_INET6, address)
    if mask is None or packed is None:
        raise errors.cidr_malformed(text)
    value = int.from_bytes(packed)
    if value >> 32 == _IPV4_MAPPED:
        raise errors.cidr_malformed(text)
    network = inet_ntop(AF_INET6, (value & mask).to_bytes(16))
    if "." in network:  # Some systems end such addresses in an IPv4 one, each in its own cases.
        network = str(IPv6Address(value & mask))
    return f"{network}/{length}"


def _packed(family: int, address: str) -> bytes | None:
    """Return the address's bytes. Some systems read more forms than Linux, so callers refuse those themselves."""
    try:
        return inet_pton(family, address)
    except (OSError, ValueError):  # ValueError: a zero character or a lone surrogate, which C text cannot hold.
        return None


def description(text: str) -> str:
    """Return a rule's description unchanged; ``&`` is accepted for every kind of peer: reference 5.3 [recorded]."""
    if _DESCRIPTION.fullmatch(text) is None:
        raise errors.rule_description_invalid()
    return text


def group_id(text: str) -> str:
    """Return a well-formed ``sg-`` id: reference 3.3 [recorded]."""
    return identifier("sg", text, errors.group_id_malformed)


def rule_id(text: str) -> str:
    """Return a well-formed ``sgr-`` id: reference 3.3 [recorded]."""
    return identifier("sgr", text, errors.rule_id_malformed)


def prefix_list_id(text: str) -> str:
    """Return a well-formed ``pl-`` id: reference 3.3 [live-test]."""
    return identifier("pl", text, errors.prefix_list_id_malformed)


def vpc_id(text: str) -> str:
    """Return a well-formed ``vpc-`` id: reference 3.3 [live-test]."""
    return identifier("vpc", text, errors.vpc_id_malformed)


def subnet_id(text: str) -> str:
    """Return a well-formed ``subnet-`` id: code by the casing rule of reference 3.3 [inferred]."""
    return identifier("subnet", text, errors.subnet_id_malformed)


def peering_id(text: str) -> str:
    """Return a well-formed ``pcx-`` id: code by the casing rule of reference 3.3 [inferred]."""
    return identifier("pcx", text, errors.peering_id_malformed)


def interface_id(text: str) -> str:
    """Return a well-formed ``eni-`` id: code by the casing rule of reference 3.3 [live-test]."""
    return identifier("eni", text, errors.interface_id_malformed)


def instance_id(text: str) -> str:
    """Return a well-formed ``i-`` id: no row of the reference [issue]."""
    return identifier("i", text, errors.instance_id_malformed)


def identifier(prefix: str, text: str, malformed: Callable[[str], errors.ApiError]) -> str:
    """Return a well-formed id: its prefix, a hyphen, and 8 or 17 lower-case hex digits: reference 3.1 [live-test]."""
    found = _ID.fullmatch(text)
    if found is None or found["prefix"] != prefix:
        raise malformed(text)
    return text


def host_name(text: str) -> str:
    """Return the name of a host that enforces (inferred). InvalidParameterValue for what is none."""
    if not _HOST.fullmatch(text):
        raise errors.host_name_invalid(text)
    return text
