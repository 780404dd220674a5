"""Whether a flow passes, and which rules say so: reference 17 and 20 [docs].

Two gates stand between two network interfaces: the egress rules of the sender's groups and the ingress rules of the
receiver's. A gate lets pass what any rule of any group of its interface admits; there are only allow rules. An end that
is no interface of ours, such as an address of the internet, has no gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import block_span, services
from groupwall.rules.spans import holds
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import PeerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from groupwall.rules.spans import Spans
    from groupwall.rules.values import Peer, Rule

    AddressesOf = Callable[[Peer], Spans]


class Grant(NamedTuple):
    """A rule, and the traffic that it admits at the gate of a member of its group, by the other end's address."""

    rule: Rule
    box: Box


class Flow(NamedTuple):
    """One conversation's beginning: from address, to address, service; numbers as in groupwall.rules.flows."""

    source: int
    destination: int
    service: int


class Verdict(NamedTuple):
    """What becomes of a flow. egress and ingress: the rules that admit it at each gate, None where there is no gate."""

    accept: bool
    egress: tuple[Rule, ...] | None
    ingress: tuple[Rule, ...] | None


def grant(rule: Rule, addresses_of: AddressesOf) -> Grant:
    """Return what a rule admits. addresses_of: the addresses that a referenced group or a prefix list stands for now.

    A CIDR block stands for itself. A group that is gone, or behind a connection that is, stands for nothing [16, docs].
    """
    protocol, ports, peer = rule.properties
    own = peer.kind in (PeerKind.IPV4, PeerKind.IPV6)
    addresses = (block_span(peer.text),) if own else addresses_of(peer)
    return Grant(rule, Box(addresses, services(protocol, ports)))


def admitted(grants: Iterable[Grant]) -> Traffic:
    """Return all that a gate lets pass: the union of its grants."""
    return traffic(one.box for one in grants)


def admitting(grants: Iterable[Grant], address: int, service: int) -> tuple[Rule, ...]:
    """Return the rules of a gate that admit one flow, in the order of the grants."""
    return tuple(rule for rule, (addresses, some) in grants if holds(addresses, address) and holds(some, service))


def verdict(flow: Flow, egress: Sequence[Grant] | None, ingress: Sequence[Grant] | None) -> Verdict:
    """Return what becomes of a flow between two gates, None for an end without one."""
    out = None if egress is None else admitting(egress, flow.destination, flow.service)
    into = None if ingress is None else admitting(ingress, flow.source, flow.service)
    return Verdict(out != () and into != (), out, into)
