"""What rules weigh against the quota of their group, prefix lists included [reference 15, 21].

A prefix list weighs its MaxEntries in its own family, whatever it holds [21, docs].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from groupwall.ops.operation import Context
from groupwall.rules.values import Direction, Peer, PeerKind, Rule
from groupwall.rules.weight import weights
from groupwall.store.entities import PrefixList

Lists = Mapping[str, PrefixList]
"""Prefix lists by id."""


def prefix_lists_of(peers: Iterable[Peer], context: Context) -> Lists:
    """Return those of the prefix lists among the peers that this world has; nothing is read where there are none."""
    wanted = sorted({peer.text for peer in peers if peer.kind is PeerKind.PREFIX_LIST})
    return context.tx.by_id(PrefixList, wanted) if wanted else {}


def weight(peers: Iterable[Peer], lists: Lists) -> int:
    """Return what the peers of one direction weigh in the address family in which they weigh more.

    lists: at least those that are among the peers.
    """
    return max(weights(peers, lambda prefix_list_id: _pair(lists[prefix_list_id])))


def groups_that_cannot_hold(context: Context, prefix_list: PrefixList, new_max_entries: int) -> list[str]:
    """Return the ids of this world's groups whose rules the list would bring above the quota if it were resized.

    In order. A list that gets smaller burdens nobody, not even a group that is above the quota already (inferred).
    """
    if new_max_entries <= prefix_list.max_entries:
        return []
    users = context.tx.of(Rule, "peer", prefix_list.id)
    groups = context.tx.by(Rule, "group_id", sorted({rule.group_id for rule in users}))
    peers = {rule.properties.peer for rules in groups.values() for rule in rules}
    lists = {**prefix_lists_of(peers, context), prefix_list.id: prefix_list._replace(max_entries=new_max_entries)}
    return [
        group_id
        for group_id, rules in groups.items()
        if any(weight(side, lists) > context.quotas.rules_per_group for side in _with_list(rules, prefix_list.id))
    ]


def _with_list(rules: Sequence[Rule], prefix_list_id: str) -> Iterator[list[Peer]]:
    """Yield the peers of each direction in which a rule uses the prefix list."""
    for direction in Direction:
        peers = [rule.properties.peer for rule in rules if rule.direction is direction]
        if Peer(PeerKind.PREFIX_LIST, prefix_list_id) in peers:
            yield peers


def _pair(prefix_list: PrefixList) -> tuple[int, int]:
    size = prefix_list.max_entries
    return (0, size) if prefix_list.family == "IPv6" else (size, 0)


def peers_of(group_id: str, direction: Direction, context: Context) -> list[Peer]:
    """Return the peer of every rule of a group in one direction."""
    return [Peer(PeerKind(kind), text) for kind, text in context.tx.peers(group_id, direction)]
