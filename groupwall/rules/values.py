"""The nouns of the core: a rule, its properties, and what a request asks for.

They are named tuples and not dataclasses because a revoke hashes one for every stored rule of the group: a tuple is
made and hashed in a fraction of a microsecond.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self

ALL_PROTOCOLS = "-1"


class Direction(StrEnum):
    """Whether a rule admits what comes to a member of its group, or what leaves it."""

    INGRESS = "ingress"
    EGRESS = "egress"

    @property
    def is_egress(self) -> bool:
        """The form in which replies tell the direction."""
        return self is Direction.EGRESS


class PeerKind(StrEnum):
    """The four kinds of source (of ingress) or destination (of egress): reference 3.1 [model]."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    PREFIX_LIST = "prefix-list"
    GROUP = "group"


class Peer(NamedTuple):
    """The other end of a rule. text: a CIDR block or an id, in canonical form (see rules.parsing)."""

    kind: PeerKind
    text: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the peer that a canonical text names; the four kinds cannot be confused."""
        if text.startswith("sg-"):
            return cls(PeerKind.GROUP, text)
        if text.startswith("pl-"):
            return cls(PeerKind.PREFIX_LIST, text)
        return cls(PeerKind.IPV6 if ":" in text else PeerKind.IPV4, text)


class PortRange(NamedTuple):
    """Both ends belong to it. For ICMP the type and the code, -1 for all; -1 and -1 where a protocol has no ports."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return ``*``, ``22``, ``23-24``, or ``8-*`` for an ICMP type with all its codes."""
        if self in (NO_PORTS, EVERY_PORT):
            return "*"
        if self.first == self.last:
            return str(self.first)
        return f"{self.first}-{'*' if self.last == -1 else self.last}"


NO_PORTS = PortRange(-1, -1)
EVERY_PORT = PortRange(0, 65535)


class Properties(NamedTuple):
    """What makes a rule that rule within its group and direction: reference 3.1 [model]. All in canonical form.

    protocol: ``tcp``, ``udp``, ``icmp``, ``icmpv6``, ``-1`` for all, or another protocol's number.
    """

    protocol: str
    ports: PortRange
    peer: Peer


class Rule(NamedTuple):
    """A stored rule. description: None if it has none; it is no part of the rule's identity (reference 3.1 [issue])."""

    id: str
    group_id: str
    direction: Direction
    properties: Properties
    description: str | None


class Asked(NamedTuple):
    """One rule that a request names. description: None if the request does not mention it, which ``""`` does."""

    properties: Properties
    description: str | None
