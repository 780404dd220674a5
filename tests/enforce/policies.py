"""Random policies for the instances of a bed, and what the core says of each packet between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import NamedTuple

from hypothesis import strategies as st

from groupwall.enforce.dataplane.wiring import device
from groupwall.enforce.kernel.packets import ICMP, ICMPV6, TCP, UDP
from groupwall.enforce.policy.compile import Interface, State
from groupwall.rules.flows import PORTS, address_number, block_span
from groupwall.rules.spans import Span, Spans, spans
from groupwall.rules.values import EVERY_PORT, NO_PORTS, Direction, Peer, PeerKind, PortRange, Properties, Rule
from groupwall.rules.verdict import Flow, Grant, grant, verdict
from tests.enforce.bed import Host, Probe

GROUPS = tuple(f"sg-{number:08x}" for number in range(1, 5))
LISTS = tuple(f"pl-{number:08x}" for number in range(1, 3))
UNKNOWN = ("sg-ffffffff", "pl-ffffffff")

_PORTS = (0, 1, 22, 80, 81, 443, 32768, 65535)
_TYPES = (0, 3, 5, 8, 11, 13, 30)
_TYPES_6 = (1, 2, 128, 129, 131, 135, 200)
_CODES = (0, 1, 5)
_OTHERS = (2, 47, 50, 253)
_FIRST_SOURCE_PORT = 40000


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is in which groups, what these admit, and what is in the prefix lists; by id."""

    groups_of: dict[str, frozenset[str]]
    rules: tuple[Rule, ...]
    entries: dict[str, tuple[str, ...]] = field(default_factory=dict)


def state(policy: Policy, hosts: Sequence[Host], vpc_id: str) -> State:
    """Return what the table of a VPC's router follows from."""
    return State(
        groups={group: [rule for rule in policy.rules if rule.group_id == group] for group in GROUPS},
        members={group: _members(policy, hosts, group) for group in GROUPS},
        entries=policy.entries,
        interfaces={
            host.interface.id: Interface(
                device("gwe", host.interface.id), frozenset(_addresses(host)), policy.groups_of[host.id]
            )
            for host in hosts
            if host.interface.vpc_id == vpc_id
        },
    )


def _members(policy: Policy, hosts: Sequence[Host], group: str) -> list[str]:
    return [text for host in hosts if group in policy.groups_of[host.id] for text in _addresses(host)]


def _addresses(host: Host) -> list[str]:
    return [str(address) for address in host.interface.addresses]


def flow(probe: Probe) -> Flow:
    """Return what a packet is the first of."""
    source, destination = (address_number(str(end.address(probe.version))) for end in (probe.source, probe.destination))
    port = probe.first * 256 + probe.second if probe.protocol in (ICMP, ICMPV6) else probe.first
    return Flow(source, destination, probe.protocol * PORTS + port)


def judge(policy: Policy, hosts: Sequence[Host]) -> Callable[[Flow], bool]:
    """Return who tells of a flow whether it is accepted; an end that is nobody's has no gate."""
    held = {host.id: policy.groups_of[host.id] for host in hosts}
    places = {address_number(text): host.id for host in hosts for text in _addresses(host)}
    granted = [grant(rule, lambda peer: _meant(policy, hosts, peer)) for rule in policy.rules]

    def gate(address: int, direction: Direction) -> list[Grant] | None:
        if address not in places:
            return None
        own = held[places[address]]
        return [one for one in granted if one.rule.group_id in own and one.rule.direction is direction]

    def accepts(one: Flow) -> bool:
        egress, ingress = gate(one.source, Direction.EGRESS), gate(one.destination, Direction.INGRESS)
        return verdict(one, egress, ingress).accept

    return accepts


def _meant(policy: Policy, hosts: Sequence[Host], peer: Peer) -> Spans:
    if peer.kind is PeerKind.GROUP:
        numbers = map(address_number, _members(policy, hosts, peer.text))
        return spans(tuple(Span(number, number) for number in numbers))
    return spans(tuple(map(block_span, policy.entries.get(peer.text, ()))))


# ---- chance


def _blocks(hosts: Iterable[Host]) -> list[str]:
    """Return blocks that hold some of the hosts, of many lengths."""
    addresses = [address for host in hosts for address in host.interface.addresses]
    lengths = {4: (0, 7, 15, 16, 24, 29, 31, 32), 6: (0, 16, 31, 64, 125, 127, 128)}
    found = {
        ip_network((address, length), strict=False) for address in addresses for length in lengths[address.version]
    }
    return sorted(map(str, found))


def _ranges(ends: Sequence[int]) -> st.SearchStrategy[PortRange]:
    return st.tuples(st.sampled_from(ends), st.sampled_from(ends)).map(lambda two: PortRange(min(two), max(two)))


def _properties(peers: st.SearchStrategy[Peer]) -> st.SearchStrategy[Properties]:
    ports = _ranges(_PORTS) | st.sampled_from(_PORTS).map(lambda port: PortRange(port, port)) | st.just(EVERY_PORT)
    codes = st.sampled_from((-1, *_CODES))
    icmp = st.builds(PortRange, st.sampled_from(_TYPES), codes) | st.just(NO_PORTS)
    icmpv6 = st.builds(PortRange, st.sampled_from(_TYPES_6), codes) | st.just(NO_PORTS)
    others = st.sampled_from(("-1", *map(str, _OTHERS)))
    return (
        st.builds(Properties, st.sampled_from(("tcp", "udp")), ports, peers)
        | st.builds(Properties, st.just("icmp"), icmp, peers)
        | st.builds(Properties, st.just("icmpv6"), icmpv6, peers)
        | st.builds(Properties, others, st.just(NO_PORTS), peers)
    )


def _open(groups: Iterable[str]) -> list[tuple[str, Direction, Properties]]:
    """Return the egress rules that a new group has: all, to everywhere."""
    peers = [Peer.of("0.0.0.0/0"), Peer.of("::/0")]
    return [(group, Direction.EGRESS, Properties("-1", NO_PORTS, peer)) for group in groups for peer in peers]


@st.composite
def policies(draw: st.DrawFn, hosts: Sequence[Host]) -> Policy:
    """A policy for these hosts. Most groups send to everywhere, so that what receivers admit is looked at too."""
    blocks = _blocks(hosts)
    peers = st.sampled_from([*blocks, *GROUPS * 3, *LISTS * 3, *UNKNOWN]).map(Peer.of)
    asked = st.tuples(st.sampled_from(GROUPS), st.sampled_from(Direction), _properties(peers))
    rules = draw(st.lists(asked, min_size=15, max_size=50, unique=True))
    everything = dict.fromkeys([*rules, *_open(draw(st.sets(st.sampled_from(GROUPS), min_size=3)))])
    return Policy(
        {host.id: draw(st.frozensets(st.sampled_from(GROUPS), min_size=1, max_size=3)) for host in hosts},
        tuple(Rule(f"sgr-{place:08x}", *one, None) for place, one in enumerate(everything)),
        {one: tuple(draw(st.lists(st.sampled_from(blocks), max_size=4))) for one in LISTS},
    )


@st.composite
def changes(draw: st.DrawFn, policy: Policy, hosts: Sequence[Host]) -> Policy:
    """What a policy may become: any other one, or the same with some rules less."""
    if draw(st.booleans()):
        return draw(policies(hosts))
    less = draw(st.sets(st.sampled_from(policy.rules)))
    return replace(policy, rules=tuple(rule for rule in policy.rules if rule not in less))


class Kind(NamedTuple):
    """What a packet is of. first, second: as of a probe."""

    version: int
    protocol: int
    first: int = 0
    second: int = 0


_NUMBERS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}
_CARRY = {ICMP: (4,), ICMPV6: (6,)}
_PER_RULE = 2


def _kinds() -> list[Kind]:
    with_ports = [Kind(version, one, port) for version in (4, 6) for one in (TCP, UDP) for port in _PORTS]
    others = [Kind(version, one) for version in (4, 6) for one in _OTHERS]
    types = [(4, ICMP, one) for one in _TYPES] + [(6, ICMPV6, one) for one in _TYPES_6]
    return [*with_ports, *others, *(Kind(*one, code) for one in types for code in _CODES)]


_EVERY_KIND = _kinds()


def _kinds_of(rule: Rule) -> list[Kind]:
    """Return the kinds at the edges of a rule, in it and beside it."""
    protocol, (first, last), _ = rule.properties
    number = _NUMBERS.get(protocol) or int(protocol)
    if number in (ICMP, ICMPV6):
        seconds = {max(last, 0), max(last, 0) + 1}
        return [Kind(_CARRY[number][0], number, max(first, 0), second) for second in seconds]
    if number in (TCP, UDP):
        ports = {first, last, max(first - 1, 0), min(last + 1, 65535)}
        return [Kind(version, number, port) for version in (4, 6) for port in ports]
    return [Kind(version, number) for version in (4, 6)] if number in _OTHERS else _EVERY_KIND


def _pairs_of(policy: Policy, hosts: Sequence[Host], rule: Rule | None) -> list[tuple[Host, Host]]:
    """Return pairs of sender and receiver, those at whose gate a rule is, if there are any."""
    pairs = [(one, other) for one in hosts for other in hosts if one is not other]
    if rule is None:
        return pairs
    end = 0 if rule.direction.is_egress else 1
    return [pair for pair in pairs if rule.group_id in policy.groups_of[pair[end].id]] or pairs


@st.composite
def probes(draw: st.DrawFn, policy: Policy, hosts: Sequence[Host]) -> list[Probe]:
    """Packets no two of which are of one flow, in either direction; most are what some rule is about, or nearly."""
    about: list[tuple[Rule | None, Kind]] = [
        (rule, kind) for rule in policy.rules for kind in draw(st.permutations(_kinds_of(rule)))[:_PER_RULE]
    ]
    about += [(None, kind) for kind in draw(st.lists(st.sampled_from(_EVERY_KIND), max_size=20))]
    found: dict[object, Probe] = {}
    for place, (rule, kind) in enumerate(about):
        pair = draw(st.sampled_from(_pairs_of(policy, hosts, rule)))
        second = _FIRST_SOURCE_PORT + place if kind.protocol in (TCP, UDP) else kind.second
        ends = frozenset(host.id for host in pair)
        own = (ends, kind.version, kind.protocol) if kind.protocol in _OTHERS else place
        found.setdefault(own, Probe(*pair, kind.version, kind.protocol, kind.first, second))
    return list(found.values())


# ---- by hand


def allow(group: str, direction: Direction, text: str, peer: str) -> Rule:
    """Return a rule of ``tcp 80``, ``udp 5000-5010``, ``icmp 8`` (all codes), ``47`` or ``-1``."""
    protocol, _, ports = text.partition(" ")
    first, _, last = ports.partition("-")
    one = NO_PORTS if not ports else PortRange(int(first), int(last or (-1 if "icmp" in protocol else first)))
    return Rule(f"sgr-{text}-{peer}-{direction}", group, direction, Properties(protocol, one, Peer.of(peer)), None)


def everywhere(group: str) -> list[Rule]:
    """Return the egress rules that let members of a group send to everywhere."""
    return [allow(group, Direction.EGRESS, "-1", peer) for peer in ("0.0.0.0/0", "::/0")]
