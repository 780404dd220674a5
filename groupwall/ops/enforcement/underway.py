"""Flows under way as an answer shows them: each with the rules that admit it now at its interface's gate."""

from __future__ import annotations

from collections.abc import Iterable

from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, group_names, rule_shown
from groupwall.rules.underway import UnderWay, told
from groupwall.rules.values import Rule
from groupwall.rules.verdict import admitting
from groupwall.store.entities import Interface
from groupwall.store.seen import Seen


def flows_shown(some: Iterable[tuple[str, UnderWay]], seen: Seen) -> list[Json]:
    """Return (host, flow) pairs as LiveFlow, by interface. seen: the tables of now."""
    flows = sorted(some, key=lambda pair: (pair[1].interface_id, pair[1].direction.is_egress, pair[1], pair[0]))
    gates = _Gates(seen, {one.interface_id for _, one in flows})
    admitted = [gates.admitting(one) for _, one in flows]
    names = group_names(seen, (rule.group_id for rules in admitted for rule in rules))
    return [
        {**told(one), "Host": host, "Rules": [rule_shown(rule, names) for rule in rules], "Text": str(one)}
        for (host, one), rules in zip(flows, admitted, strict=True)
    ]


class _Gates:
    """The gates of some interfaces. Many flows are alike there, so that each kind is looked up once."""

    def __init__(self, seen: Seen, interface_ids: Iterable[str]) -> None:
        found = seen.by_id(Interface, sorted(interface_ids))
        self._network = Network(seen)
        self._standings = self._network.standings(list(found.values()))
        self._network.learn(self._standings.values())
        self._known: dict[tuple[object, ...], tuple[Rule, ...]] = {}

    def admitting(self, one: UnderWay) -> tuple[Rule, ...]:
        standing, service = self._standings.get(one.interface_id), one.flow.service
        key = (standing, one.direction, one.peer, service)
        if standing and key not in self._known:
            self._known[key] = admitting(self._network.gate(standing, one.direction), one.peer, service)
        return self._known.get(key, ())
