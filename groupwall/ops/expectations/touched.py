"""Which expectations a change can break at all, told by the interfaces whose gates it alters.

Most changes touch the gates of a few interfaces, for a few services. An expectation that is of others holds as before,
so nothing of it is read or worked out. A gate changes with its groups' rules, and with what the peers of these stand
for: the members of a group, with their addresses, and the entries of a prefix list [reference 16, 17].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from groupwall.ops.flows.ends import addresses
from groupwall.ops.flows.network import Network
from groupwall.rules.flows import address_number, services
from groupwall.rules.spans import Span, Spans, intersection, spans
from groupwall.rules.values import Direction, PortRange, Rule
from groupwall.store.changes import Delta, value_of
from groupwall.store.entities import Attachment, Expectation, Interface, Member

RULE, ADDRESS = "security-group-rule", "address"
OF_INTERFACES = {
    "network-interface": "id", "member": "interface_id", ADDRESS: "interface_id", "attachment": "interface_id",
}  # fmt: skip
"""By kind: the column that tells whose it is."""

OF_ALL = "peering"
"""The kind whose changes can alter any gate."""


class Touched(NamedTuple):
    """Interfaces: the ids by which ends may name them, and their addresses."""

    ids: frozenset[str]
    addresses: Spans

    def by(self, end: str) -> bool:
        """Tell whether an end names any of them."""
        if end.startswith(("eni-", "i-", "sg-")):
            return end in self.ids
        return bool(intersection(addresses(end), self.addresses))


def concerned(expectations: Sequence[Expectation], deltas: Sequence[Delta], network: Network) -> list[Expectation]:
    """Return the expectations that a change may break. network: after it."""
    if any(delta.kind == OF_ALL for delta in deltas):
        return list(expectations)
    changed, rules = _changed(deltas, network), _altered(deltas, network)

    @cache
    def at_gates(direction: Direction, protocol: str, ports: PortRange) -> Touched:
        asked = services(protocol, ports)
        mine = [one for one in rules if one.direction is direction and intersection(_services(one), asked)]
        members = network.members(sorted({rule.group_id for rule in mine}))
        return _touched({one.id: one for some in members.values() for one in some}.values(), network)

    def touches(one: Expectation) -> bool:
        of = (one.protocol, PortRange(one.from_port, one.to_port))
        return (
            changed.by(one.source)
            or changed.by(one.destination)
            or at_gates(Direction.EGRESS, *of).by(one.source)
            or at_gates(Direction.INGRESS, *of).by(one.destination)
        )

    return [one for one in expectations if touches(one)]


def _services(rule: Rule) -> Spans:
    return services(*rule.properties[:2])


def _columns(deltas: Iterable[Delta]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, _, *texts in deltas:
        yield from ((kind, json.loads(text)) for text in texts if text)


def _changed(deltas: Sequence[Delta], network: Network) -> Touched:
    """Return the interfaces that came, went, or changed their groups, addresses or instance, as they were and are."""
    told = [(kind, columns) for kind, columns in _columns(deltas) if kind in OF_INTERFACES]
    ids = {columns[OF_INTERFACES[kind]] for kind, columns in told}
    ids |= {columns[name] for _, columns in told for name in ("group_id", "instance_id") if name in columns}
    numbers = [address_number(columns["address"]) for kind, columns in told if kind == ADDRESS]
    now = _touched(network.seen.by_id(Interface, sorted(ids)).values(), network)
    return Touched(now.ids | ids, spans((*now.addresses, *(Span(one, one) for one in numbers))))


def _altered(deltas: Sequence[Delta], network: Network) -> list[Rule]:
    """Return the rules that changed, as they were and are, and those whose peers may stand for something else."""
    rules: list[Rule] = [value_of(RULE, text) for kind, _, *texts in deltas if kind == RULE for text in texts if text]
    told = list(_columns(deltas))
    peers = {columns["list_id"] for kind, columns in told if kind == "prefix-list-entry"}
    peers |= {columns["group_id"] for kind, columns in told if kind == "member"}
    addressed = {columns["interface_id"] for kind, columns in told if kind == ADDRESS}
    holding = network.seen.by(Member, "interface_id", sorted(addressed))
    peers |= {member.group_id for some in holding.values() for member in some}
    naming = network.seen.by(Rule, "peer", sorted(peers))
    return [*rules, *(rule for some in naming.values() for rule in some)]


def _touched(some: Iterable[Interface], network: Network) -> Touched:
    """Return interfaces as ends may name them: by their own ids, their instances', those of their groups."""
    interfaces = list(some)
    if not interfaces:
        return Touched(frozenset(), ())
    standings, held = network.standings(interfaces), network.addresses(one.id for one in interfaces)
    attachments = network.seen.by(Attachment, "interface_id", sorted(standings))
    instances = {one.instance_id for some in attachments.values() for one in some}
    groups = {group_id for standing in standings.values() for group_id in standing.group_ids}
    return Touched(
        frozenset(standings) | instances | groups, spans(tuple(span for one in held.values() for span in one))
    )
