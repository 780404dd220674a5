"""What should hold, as parts of a table: pure, and each part but one follows from one fact of the state.

    ingress, egress   of a group         its chain: the lines of its rules, and their elements
    members           of a group         the addresses that a rule means that refers to it
    entries           of a prefix list   the set of the addresses in it
    interface         of an interface    its two chains, which ask its groups, and how packets get there
    timeouts          of all interfaces  how long their flows are remembered that are silent
    frame             of the table       groupwall.enforce.policy.frame

So after a change only what it touched is worked out again, and nothing depends on the way to a state. What nothing is
known about gives no access: a group without rules here admits nobody, a reference to a group without members, or to a
list without entries, admits nobody (users 5.5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from groupwall.enforce.kernel import table
from groupwall.enforce.kernel.expressions import DROP, goto, jump
from groupwall.enforce.kernel.table import Element, Flag, Shape, Table, merged
from groupwall.enforce.policy import own, timeouts
from groupwall.enforce.policy.frame import (
    CHECKED,
    GUARDED,
    SETS,
    beginning,
    frame,
    interfaces_map,
    sources_name,
)
from groupwall.enforce.policy.lines import (
    FAMILIES,
    IPV4,
    IPV6,
    Family,
    Line,
    identifier,
    list_name,
    members_name,
    packed_address,
    packed_id,
    rules_of,
    spot,
    tag,
)
from groupwall.enforce.policy.own import Own
from groupwall.enforce.policy.timeouts import AWS, NONE, Timeouts
from groupwall.rules.flows import IPV4 as IPV4_ADDRESSES
from groupwall.rules.flows import block_span
from groupwall.rules.spans import Span, spans
from groupwall.rules.values import Direction, Rule

_DEVICE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:@-]{0,14}")
_DEVICE_BYTES = 16
_NOWHERE = {IPV4: bytes(4), IPV6: bytes(16)}
"""What a host sends as before it has an address; no router forwards it."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface and the device that it is here. addresses: private, of both families, as text.

    checked: whether it may send as nobody but itself (EC2's source/destination check). own: in place of a device, where
    it is all of this machine's own traffic; no source is checked then.
    """

    device: str
    addresses: frozenset[str]
    groups: frozenset[str]
    checked: bool = True
    timeouts: Timeouts = AWS
    own: Own | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that the table of one network namespace follows from; by id.

    groups: their rules, of both directions; of groups that interfaces here are in. members: addresses of the members of
    groups that rules refer to, as far as the rules' groups can mean them. entries: blocks of prefix lists.
    guarded: how the names of devices begin that are closed until they are known. inside: whether the namespace has the
    interfaces itself, in place of being the router that they hang on. timeouts: those that the namespace gives flows by
    itself, None where that is not known.
    """

    groups: Mapping[str, Collection[Rule]] = field(default_factory=dict)
    members: Mapping[str, Collection[str]] = field(default_factory=dict)
    entries: Mapping[str, Collection[str]] = field(default_factory=dict)
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    guarded: str = GUARDED
    inside: bool = False
    timeouts: Timeouts | None = AWS


class Kind(StrEnum):
    """What a part follows from."""

    FRAME = "frame"
    INGRESS = "ingress"
    EGRESS = "egress"
    MEMBERS = "members"
    ENTRIES = "entries"
    INTERFACE = "interface"
    TIMEOUTS = "timeouts"


class Part(NamedTuple):
    """The name of a part: which fact of which thing. id: empty for the frame, and for timeouts."""

    kind: Kind
    id: str = ""


def parts(state: State) -> Iterator[Part]:
    """Yield the names of all parts."""
    yield Part(Kind.FRAME)
    yield Part(Kind.TIMEOUTS)
    for group_id in state.groups:
        yield Part(Kind.INGRESS, group_id)
        yield Part(Kind.EGRESS, group_id)
    yield from (Part(Kind.MEMBERS, group_id) for group_id in state.members)
    yield from (Part(Kind.ENTRIES, list_id) for list_id in state.entries)
    yield from (Part(Kind.INTERFACE, interface_id) for interface_id in state.interfaces)


def compiled(state: State, wanted: Iterable[Part] | None = None) -> dict[Part, Table | None]:
    """Return parts of a table, all of them if none are asked for; None for what is gone from the state.

    ValueError for an id, a device or an address that is none: nothing else gets into a name or a key.
    """
    return {one: part(state, one) for one in (parts(state) if wanted is None else wanted)}


def part(state: State, one: Part) -> Table | None:
    """Return one part, None if the state does not have what it follows from."""
    match one.kind:
        case Kind.FRAME:
            return frame(state.guarded, inside=state.inside)
        case Kind.TIMEOUTS:
            known = ((_device(here.device) if here.own is None else NONE, here) for here in state.interfaces.values())
            return timeouts.chosen({device: here.timeouts for device, here in known}, state.timeouts)
        case Kind.INGRESS | Kind.EGRESS:
            rules = state.groups.get(one.id)
            return None if rules is None else gate(one.id, Direction(one.kind), rules)
        case Kind.MEMBERS:
            addresses = state.members.get(one.id)
            return None if addresses is None else members(one.id, addresses)
        case Kind.ENTRIES:
            blocks = state.entries.get(one.id)
            return None if blocks is None else entries(one.id, blocks)
        case Kind.INTERFACE:
            here = state.interfaces.get(one.id)
            return None if here is None else interface(one.id, here)


def chain_of(id_: str, direction: Direction) -> str:
    """Return the name of the chain of a group or an interface, for a direction."""
    return f"{identifier(id_)}_{direction}"


def where(rule: Rule) -> tuple[str, bytes]:
    """Return the set and the key of the element that a rule is: what counts the flows that it admitted."""
    line, key = spot(rule.properties)
    return line.set_name, tag(line, rule.group_id, rule.direction) + key


def gate(group_id: str, direction: Direction, rules: Iterable[Rule]) -> Table:
    """Return the chain of a group for a direction: a line for each form that its rules have."""
    chain = chain_of(group_id, direction)
    keys: dict[Line, list[bytes]] = {}
    for rule in rules:
        if rule.direction is direction:
            line, key = spot(rule.properties)
            keys.setdefault(line, []).append(key)
    elements: dict[str, list[Element]] = {}
    for line, some in keys.items():
        own = tag(line, group_id, direction)
        elements.setdefault(line.set_name, []).extend(Element(own + key) for key in some)
    lines = sorted(keys)
    sets = {name: SETS[name] for name in elements}
    for line in lines:
        sets |= _peer_sets(line.peer)
    return Table(
        sets,
        {name: frozenset(some) for name, some in elements.items()},
        {chain: None},
        {chain: tuple(rule for line in lines for rule in rules_of(line, group_id, direction))},
    )


def _peer_sets(peer: str) -> dict[str, Shape]:
    """Return the sets that a peer's addresses are in, empty ones too: what is unknown admits nobody."""
    if peer.startswith("sg-"):
        return {members_name(family): SETS[members_name(family)] for family in FAMILIES}
    if peer.startswith("pl-"):
        return {list_name(peer, family): shape for family, shape in _BLOCKS.items()}
    return {}


_BLOCKS = {
    IPV4: table.shape(table.IPV4_ADDRESS, flags=Flag.INTERVAL),
    IPV6: table.shape(table.IPV6_ADDRESS, flags=Flag.INTERVAL),
}


def members(group_id: str, addresses: Iterable[str]) -> Table:
    """Return which addresses the members of a group have."""
    group = packed_id(group_id)
    packed = [packed_address(address) for address in addresses]
    elements = {
        members_name(family): frozenset(Element(group + key) for key in packed if len(key) == family.size)
        for family in FAMILIES
    }
    return Table(_peer_sets(group_id), elements, {}, {})


def entries(list_id: str, blocks: Iterable[str]) -> Table:
    """Return the sets of the addresses of a prefix list: what its blocks cover together, since they may overlap."""
    covered: dict[Family, list[Span]] = {family: [] for family in FAMILIES}
    for block in blocks:
        covered[IPV6 if ":" in block else IPV4].append(block_span(block))
    elements = {
        list_name(list_id, family): frozenset(_interval(family, span) for span in spans(tuple(some)))
        for family, some in covered.items()
    }
    return Table(_peer_sets(list_id), elements, {}, {})


def _interval(family: Family, span: Span) -> Element:
    before = IPV4_ADDRESSES if family is IPV6 else 0
    first, end = span.first - before, span.last - before + 1
    return Element(first.to_bytes(family.size), end.to_bytes(family.size) if end >> family.size * 8 == 0 else b"")


def interface(interface_id: str, here: Interface) -> Table:
    """Return the two chains of an interface, and how its packets get there."""
    chains = {direction: chain_of(interface_id, direction) for direction in Direction}
    asked = {
        direction: [beginning(direction), *(chain_of(group_id, direction) for group_id in sorted(here.groups))]
        for direction in Direction
    }
    asks = Table(
        sets={},
        elements={},
        chains=dict.fromkeys((name for some in asked.values() for name in some), None)
        | dict.fromkeys(chains.values(), None),
        rules={chain: (*((jump(name),) for name in asked[direction]), (DROP,)) for direction, chain in chains.items()},
    )
    return merged([_by_device(here, chains) if here.own is None else own.gates(here.own, chains), asks])


def _by_device(here: Interface, chains: Mapping[Direction, str]) -> Table:
    device = _device(here.device)
    elements = {
        interfaces_map(direction): frozenset({Element(device, verdict=goto(chain))})
        for direction, chain in chains.items()
    }
    if here.checked:
        elements |= {CHECKED: frozenset({Element(device)}), **_sources(device, here.addresses)}
    return Table({name: SETS[name] for name in elements}, elements, {}, {})


def _sources(device: bytes, addresses: Iterable[str]) -> dict[str, frozenset[Element]]:
    packed = [packed_address(address) for address in addresses]
    return {
        sources_name(family): frozenset(
            Element(device + key) for key in [_NOWHERE[family], *packed] if len(key) == family.size
        )
        for family in FAMILIES
    }


def is_device(name: str) -> bool:
    """Tell whether a device of this name can be in a table."""
    return _DEVICE.fullmatch(name) is not None


def _device(name: str) -> bytes:
    if not is_device(name):
        message = f"{name!r} is no device"
        raise ValueError(message)
    return name.encode().ljust(_DEVICE_BYTES, b"\0")
