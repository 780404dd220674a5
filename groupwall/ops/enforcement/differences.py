"""Which facts differ between two revisions, found from what the changes between them touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from groupwall.ops.effects.touched import touched
from groupwall.ops.enforcement.facts import LISTS, Json, Key, View
from groupwall.rules.values import PeerKind, Rule
from groupwall.store.changes import Delta
from groupwall.store.entities import Attachment
from groupwall.store.seen import Seen

_TELLS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "security-group": (("id", "group"),),
    "security-group-rule": (("group_id", "group"),),
    "tag": (("resource_id", "group"),),
    "vpc-association": (("group_id", "group"), ("group_id", "associated")),
    "prefix-list": (("id", "prefix-list"),),
    "prefix-list-entry": (("list_id", "prefix-list"),),
    "network-interface": (("id", "interface"),),
    "member": (("interface_id", "interface"),),
    "address": (("interface_id", "interface"),),
    "attachment": (("interface_id", "interface"),),
    "instance": (("id", "instance"),),
    "peering": (("id", "peering"),),
    "vpc": (("id", "vpc"),),
    "vpc-cidr": (("vpc_id", "vpc"),),
}
"""By kind of entity: which of its columns holds an id that facts of which kind are of."""


class Differences(NamedTuple):
    """The facts that differ: as they are after, and those that are gone."""

    told: dict[Key, Json]
    gone: list[Key]

    @property
    def keys(self) -> set[Key]:
        """The names of all of them."""
        return {*self.told, *self.gone}


def differences(before: View, after: View, changed: Iterable[tuple[int, Delta]]) -> Differences:
    """Return what differs between two views of the same VPCs. changed: the (world, delta) pairs between them."""
    told: dict[Key, Json] = {}
    gone: list[Key] = []
    for kind, ids in _ids(before.seen, after.seen, [delta for _, delta in changed]).items():
        if kind in LISTS and ids:
            old, new = (LISTS[kind].facts(view, sorted(ids)) for view in (before, after))
            told |= {key: new[key] for key in sorted(new) if old.get(key) != new[key]}
            gone += sorted(old.keys() - new.keys())
    return Differences(told, gone)


def altered_by(before: View, after: View, deltas: Sequence[Delta], keys: Iterable[Key]) -> list[Key]:
    """Return those of some facts that differ which deltas may have altered."""
    ids = _ids(before.seen, after.seen, deltas) if deltas else {}
    return [key for key in keys if key.id in ids.get(key.kind, ())]


def _ids(before: Seen, after: Seen, deltas: Sequence[Delta]) -> dict[str, set[str]]:
    """Return the ids of the facts that may differ, by the kind of the facts; of members those of the groups."""
    sides = (before, after)
    ids: dict[str, set[str]] = {name: set() for name in (*LISTS, "associated", "instance")}
    for delta in deltas:
        for text in (delta.before, delta.after):
            columns = json.loads(text) if text and (delta.kind in _TELLS) else {}
            for column, name in _TELLS.get(delta.kind, ()) if columns else ():
                ids[name].add(columns[column])
            if delta.kind == "security-group-rule" and columns and columns["peer_kind"] == PeerKind.GROUP:
                ids["members"].add(columns["peer"])
    meant = touched(deltas, after)
    ids["members"] |= meant.members | meant.others
    for seen in sides:
        for some in seen.by(Attachment, "instance_id", sorted(ids["instance"])).values():
            ids["interface"] |= {one.interface_id for one in some}
        for rules in seen.by(Rule, "group_id", sorted(ids["associated"])).values():
            peers = (rule.properties.peer for rule in rules)
            ids["members"] |= {peer.text for peer in peers if peer.kind is PeerKind.GROUP}
    return ids
