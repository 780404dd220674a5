"""VPCs, instances and peering connections as Linux has them.

A VPC is a router, a namespace of its own, so that VPCs with the same addresses never meet. An instance is a namespace
that hangs on the router of the VPC of each of its interfaces. The routers of peered VPCs are joined.

Making what is there again changes it to what is asked. A namespace is given its name when it is whole: one that a crash
left unfinished has none, and the kernel removes it and all in it (inferred).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from groupwall.enforce.dataplane import wiring
from groupwall.enforce.dataplane.owner import MADE, is_marked, marked
from groupwall.enforce.dataplane.wiring import GATEWAYS, LOOPBACK, Interface, Node, Router
from groupwall.enforce.kernel import entering
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import Network, address, links
from groupwall.enforce.policy.timeouts import AWS, OTHER

_OTHERS = ("generic_timeout", "gre_timeout", "gre_timeout_stream", "sctp_timeout_established")
"""What the kernel calls the timeouts of protocols that AWS knows by their number only."""

_AT_ONCE = 100
"""Links that are removed together, which takes 70 ms (measured), in which whoever removes them does nothing else."""

_BOTH = {"ipv6/conf/all/disable_ipv6": 0, "ipv6/conf/default/disable_ipv6": 0, "ipv6/conf/default/accept_dad": 0}
_INSTANCE = _BOTH | {"ipv6/conf/default/accept_ra": 0}
_ROUTER = _BOTH | {
    "ipv4/ip_forward": 1,
    # Who may send as whom the table says, for both families; this knows IPv4 only, and no unchecked interfaces.
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    # The kernel sends them where either says so, and a new link begins with the default.
    "ipv4/conf/all/send_redirects": 0,
    "ipv4/conf/default/send_redirects": 0,
    "ipv6/conf/all/forwarding": 1,
    "ipv6/conf/default/addr_gen_mode": 1,  # no other link-local address than the gateway's
    # The bytes of each flow, for what rules let in: enforce.volumes. It costs a packet 0.02 us.
    "netfilter/nf_conntrack_acct": 1,
    # How long silent flows are remembered, where an interface does not say otherwise: enforce.timeouts.
    "netfilter/nf_conntrack_tcp_timeout_established": AWS.tcp_established,
    "netfilter/nf_conntrack_udp_timeout_stream": AWS.udp_stream,
    "netfilter/nf_conntrack_udp_timeout": AWS.udp,
    **dict.fromkeys((f"netfilter/nf_conntrack_{name}" for name in _OTHERS), OTHER),
}


class Side(NamedTuple):
    """One VPC of a peering connection, and its blocks."""

    vpc_id: str
    blocks: tuple[Network, ...]


class Namespaces:
    """What groupwall made on this host. prefix: begins the names of all of it.

    owner: the agent that it is made by; without, what any agent made is meant.
    """

    def __init__(self, prefix: str = "gw", owner: str | None = None) -> None:
        self._prefix = prefix
        self._owner = owner

    def name(self, identity: str) -> str:
        """Return the name of an instance's namespace, or of a VPC's. Raise ValueError for what is the id of neither."""
        if not re.fullmatch(r"(i|vpc)-[0-9a-z]+", identity):
            raise ValueError(f"{identity!r} is the id of no instance and of no VPC")
        return f"{self._prefix}-{identity}"

    def opened(self, identity: str) -> Namespace:
        """Open an instance or a router. Raise FileNotFoundError if it is not here."""
        return Namespace.named(self.name(identity))

    def node(self, identity: str) -> Node:
        """Open an instance or a router, to change its links. Raise FileNotFoundError if it is not here."""
        return Node(self.opened(identity))

    def ids(self) -> list[str]:
        """Return the ids of the instances and VPCs that are here, in order."""
        return [identity for identity in self._named() if self._is_own(identity)]

    def others(self) -> list[str]:
        """Return the names of what other agents made, in order."""
        anyone = Namespaces(self._prefix)
        return [self.name(identity) for identity in anyone.ids() if not self._is_own(identity)]

    def _named(self) -> list[str]:
        ours = re.compile(rf"{re.escape(self._prefix)}-((?:i|vpc)-[0-9a-z]+)")
        return [match[1] for match in map(ours.fullmatch, entering.names()) if match]

    def _is_own(self, identity: str) -> bool:
        with self.node(identity) as found:
            return any(is_marked(link.alias, MADE, self._owner) for link in links(found.kernel))

    def make_router(self, vpc_id: str) -> None:
        """Make a VPC's router."""
        with self._made(vpc_id, _ROUTER) as router:
            router.kernel.order([address(LOOPBACK, GATEWAYS[0])])

    def make_instance(self, instance_id: str, interfaces: Iterable[Interface]) -> None:
        """Make an instance with these interfaces. Raise FileNotFoundError if the router of one is not there."""
        wanted = {each.id: each for each in interfaces}
        with self._made(instance_id, _INSTANCE) as instance, ExitStack() as held:
            vpc_ids = {each.vpc_id for each in wanted.values()}
            routers = {vpc_id: held.enter_context(self.node(vpc_id)) for vpc_id in vpc_ids}
            there = wiring.plugged(instance)
            for identity in there.keys() - wanted.keys():
                wiring.unplug(instance, there[identity].name)
            for identity, each in wanted.items():
                if identity not in there:
                    wiring.plug(instance, routers[each.vpc_id], each)
                wiring.give(instance, routers[each.vpc_id], each)

    @contextmanager
    def _made(self, identity: str, settings: dict[str, int]) -> Iterator[Node]:
        """Yield the namespace of an id. A new one gets its name afterwards; after a failure nothing is left of it.

        Raise FileExistsError for one of that name that this agent did not make.
        """
        name = self.name(identity)
        if entering.is_named(name):
            if not self._is_own(identity):
                raise FileExistsError(errno.EEXIST, f"another agent or somebody else made {name}, which is not touched")
            with Node(Namespace.named(name)) as found:
                yield found
            return
        with Node(Namespace.new()) as new:
            try:
                wiring.set_up(new, settings, marked(MADE, self._owner))
                yield new
                new.namespace.name(name)
            except BaseException:
                # Closed, it would go with all its links in the kernel's own time, which another try does not wait for.
                wiring.unplug_all(new)
                raise

    def cut_off(self, vpc_id: str, but: Container[str]) -> bool:
        """Take links of interfaces from a router, but for some: not too many at once. Tell whether there were any."""
        with self.node(vpc_id) as router:
            there = wiring.plugged(router).items()
            loose = [link.number for identity, link in there if identity.startswith("eni-") and identity not in but]
            wiring.unplug_at_once(router, loose[:_AT_ONCE])
            return bool(loose)

    def remove(self, identity: str) -> None:
        """Remove an instance or a router, and so its links. A process inside lives on, with nobody to talk to."""
        if entering.is_named(self.name(identity)):
            with self.node(identity) as found:
                wiring.unplug_all(found)
        entering.forget(self.name(identity))

    def join(self, peering_id: str, one: Side, other: Side) -> None:
        """Connect the routers of two peered VPCs. Raise FileNotFoundError if one is not there."""
        with self.node(one.vpc_id) as first, self.node(other.vpc_id) as second:
            wiring.join(Router(first, one.blocks), Router(second, other.blocks), peering_id)

    def part(self, peering_id: str, vpc_id: str) -> None:
        """End the connection of two routers, one of which is named, if there is one."""
        if entering.is_named(self.name(vpc_id)):
            with self.node(vpc_id) as router:
                wiring.unplug(router, wiring.device("gwp", peering_id))

    def remove_all(self) -> list[str]:
        """Remove all that groupwall made with this prefix, and nothing else; return the ids.

        Routers go first, each with the links of all its instances.
        """
        found = self.ids()
        for identity in reversed(found):
            self.remove(identity)
        return found
