"""Whether a table permits a flow, from the state that it follows from: what a cut asks of each flow that is tracked.

The verdict of groupwall.rules, at the gates that this namespace has. Between peered VPCs each router has the gates of
its own end, and its own entry of a flow, so that each ends what its end no longer permits (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from groupwall.enforce.policy.compile import State
from groupwall.rules.flows import address_number, block_span
from groupwall.rules.spans import Span, Spans, holds, spans
from groupwall.rules.values import Direction, Peer, PeerKind
from groupwall.rules.verdict import Flow, Grant, grant


class Gate(NamedTuple):
    """What an interface receives is judged by, or what it sends."""

    interface_id: str
    direction: Direction


class Gates:
    """The gates of a state's interfaces, worked out when first asked for. Of a state that changes, make another."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._groups = {
            address_number(text): interface.groups
            for interface in state.interfaces.values()
            for text in interface.addresses
        }
        self._ids = {
            address_number(text): interface_id
            for interface_id, interface in state.interfaces.items()
            for text in interface.addresses
        }
        self._granted: dict[frozenset[str], dict[Direction, list[Grant]]] = {}
        self._meant: dict[Peer, Spans] = {}

    def permit(self, flow: Flow) -> bool:
        """Tell whether both gates admit a flow. An end that is no interface here has none."""
        leaves = self._opens(flow.source, Direction.EGRESS, flow.destination, flow.service)
        return leaves and self._opens(flow.destination, Direction.INGRESS, flow.source, flow.service)

    def admitting(self, flow: Flow) -> Iterator[str]:
        """Yield the ids of the rules that admit a flow, at each of the gates that it passes here."""
        ends = (flow.source, Direction.EGRESS, flow.destination), (flow.destination, Direction.INGRESS, flow.source)
        for own, direction, other in ends:
            for rule, (addresses, services) in (self.at(own) or {}).get(direction, ()):
                if holds(addresses, other) and holds(services, flow.service):
                    yield rule.id

    def at(self, own: int) -> Mapping[Direction, Sequence[Grant]] | None:
        """Return what the gate of an address grants, None if it is no interface's here."""
        groups = self._groups.get(own)
        if groups is not None and groups not in self._granted:
            self._granted[groups] = {direction: list(self._grants(groups, direction)) for direction in Direction}
        return None if groups is None else self._granted[groups]

    def of(self, own: int, direction: Direction) -> Gate:
        """Return the gate of an address that is an interface's here."""
        return Gate(self._ids[own], direction)

    def refusals(self, flow: Flow) -> list[Gate]:
        """Return the gates that do not admit a flow: none of one that is permitted."""
        ends = (
            (flow.source, Direction.EGRESS, flow.destination),
            (flow.destination, Direction.INGRESS, flow.source),
        )
        return [self.of(*end[:2]) for end in ends if not self._opens(*end, flow.service)]

    def _opens(self, own: int, direction: Direction, other: int, service: int) -> bool:
        gate = self.at(own)
        if gate is None:
            return True
        return any(holds(addresses, other) and holds(services, service) for _, (addresses, services) in gate[direction])

    def _grants(self, groups: Iterable[str], direction: Direction) -> Iterator[Grant]:
        for group in groups:
            for rule in self._state.groups.get(group, ()):
                if rule.direction is direction:
                    yield grant(rule, self._addresses)

    def _addresses(self, peer: Peer) -> Spans:
        if peer not in self._meant:
            self._meant[peer] = spans(tuple(self._found(peer)))
        return self._meant[peer]

    def _found(self, peer: Peer) -> list[Span]:
        if peer.kind is PeerKind.PREFIX_LIST:
            return [block_span(block) for block in self._state.entries.get(peer.text, ())]
        numbers = [address_number(text) for text in self._state.members.get(peer.text, ())]
        return [Span(number, number) for number in numbers]
