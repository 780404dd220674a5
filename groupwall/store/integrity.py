"""What must hold between entities, as one table: what each needs of others, and what no two may have.

The operations see to it that all of it holds, each for what it changes. An undo changes what any of them may have
changed, so it goes by this table. Every check costs a fixed number of statements for each kind, whatever there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.rules.values import Rule
from groupwall.store.entities import (
    AccessKey,
    Address,
    Attachment,
    Confirmation,
    Expectation,
    Group,
    Host,
    Instance,
    Interface,
    Member,
    Peering,
    PrefixList,
    PrefixListEntry,
    Principal,
    Reference,
    Subnet,
    SubnetCidr,
    Tag,
    Token,
    Vpc,
    VpcAssociation,
    VpcCidr,
    World,
)
from groupwall.store.rows import Rows
from groupwall.store.seen import Seen
from groupwall.store.tables import ENTITIES

Kind = type[Any]

OF_PREFIX: Mapping[str, Kind] = {
    "eni": Interface,
    "i": Instance,
    "pcx": Peering,
    "pl": PrefixList,
    "sg": Group,
    "sgr": Rule,
    "subnet": Subnet,
    "vpc": Vpc,
}
"""What an id is of that another entity holds: its prefix says it. A rule's peer may be no id at all."""


def _always(_: Any) -> bool:  # noqa: ANN401 - any entity
    return True


def _is_live(peering: Peering) -> bool:
    return peering.status in ("pending-acceptance", "active")


def _is_active(peering: Peering) -> bool:
    return peering.status == "active"


def _is_there(instance: Instance) -> bool:
    return instance.state != "terminated"


class Need(NamedTuple):
    """That the id in a column must be of an entity that there is. An empty column, or a block's, needs nothing.

    met_by: which of the entities of that id will do. while_: whether an entity has this need as it is.
    """

    column: str
    kinds: tuple[Kind, ...]
    met_by: Callable[[Any], bool] = _always
    while_: Callable[[Any], bool] = _always


NEEDS: Mapping[Kind, tuple[Need, ...]] = {
    VpcCidr: (Need("vpc_id", (Vpc,)),),
    Subnet: (Need("vpc_id", (Vpc,)),),
    SubnetCidr: (Need("subnet_id", (Subnet,)),),
    Group: (Need("vpc_id", (Vpc,)),),
    Rule: (Need("group_id", (Group,)), Need("peer", (Group, PrefixList))),
    Reference: (Need("rule_id", (Rule,)), Need("peering_id", (Peering,), met_by=_is_active)),
    VpcAssociation: (Need("group_id", (Group,)), Need("vpc_id", (Vpc,))),
    Interface: (Need("subnet_id", (Subnet,)), Need("vpc_id", (Vpc,))),
    Address: (Need("subnet_id", (Subnet,)), Need("interface_id", (Interface,))),
    Member: (Need("interface_id", (Interface,)), Need("group_id", (Group,))),
    Attachment: (Need("interface_id", (Interface,)), Need("instance_id", (Instance,), met_by=_is_there)),
    Instance: (Need("subnet_id", (Subnet,)), Need("vpc_id", (Vpc,))),
    PrefixListEntry: (Need("list_id", (PrefixList,)),),
    Peering: (Need("requester_vpc", (Vpc,), while_=_is_live), Need("accepter_vpc", (Vpc,), while_=_is_live)),
    Tag: (Need("resource_id", tuple(OF_PREFIX.values())),),
}

NEEDS_NOTHING: Mapping[Kind, str] = {
    World: "holds the others",
    Vpc: "lies in its world, and in nothing else",
    PrefixList: "lies in its world, and in nothing else",
    Token: "outlives what it made, as a repeated call may come at any time",
    Expectation: "may name what is not there yet, or no longer",
    Confirmation: "tells of a change, and changes stay",
    Host: "enforces what it is told of, and may tell of what is gone by now",
    AccessKey: "belongs to an account, of which nothing else is kept",
    Principal: "belongs to an account, too; a key names its user, who need not be kept",
}
"""The other kinds, each with the reason."""


class Unique(NamedTuple):
    """Columns of which no two entities of a kind have the same, beside those of the id. while_: for which that holds.

    A column may say how it is compared.
    """

    columns: tuple[str, ...]
    while_: Callable[[Any], bool] = _always


UNIQUE: Mapping[Kind, tuple[Unique, ...]] = {
    Vpc: (Unique(("is_default",), while_=lambda vpc: vpc.is_default),),
    Subnet: (Unique(("vpc_id", "zone", "is_default"), while_=lambda subnet: subnet.is_default),),
    Group: (Unique(("vpc_id", "name COLLATE NOCASE")),),
    Rule: (Unique(ENTITIES[Rule].key),),
    SubnetCidr: (Unique(("subnet_id",)),),
    Attachment: (Unique(("interface_id",)), Unique(("instance_id", "device"))),
    PrefixListEntry: (Unique(("list_id", "cidr", "last"), while_=lambda entry: not entry.last),),
}


class Tie(NamedTuple):
    """An entity and the id of another that it needs."""

    value: Any
    needed: str


def kept(rows: Rows, values: Iterable[Any]) -> dict[tuple[Kind, str], Any]:
    """Return the entities of this world that have the kinds and ids of these, as they are now, by kind and id."""
    found: dict[tuple[Kind, str], Any] = {}
    for kind, mine in by_kind(values).items():
        entity = ENTITIES[kind]
        key = ("id",) if "id" in entity.columns else entity.key
        found |= {(kind, entity.id_of(one)): one for one in rows.keyed(kind, key, columns_of(mine, key))}
    return found


def unmet(seen: Seen, values: Iterable[Any]) -> list[Tie]:
    """Return what these entities need and is not there, in their order."""
    lacking = []
    for kind, mine in by_kind(values).items():
        for need in NEEDS.get(kind, ()):
            having = [one for one in mine if need.while_(one)]
            ties = [Tie(one, row[0]) for one, row in zip(having, columns_of(having, [need.column]), strict=True)]
            there = _there(seen, need, [tie.needed for tie in ties])
            lacking += [tie for tie in ties if _needed_kind(tie.needed, need) and tie.needed not in there]
    return lacking


def _there(seen: Seen, need: Need, ids: Sequence[str]) -> set[str]:
    """Return those of the ids that are of entities which meet the need; a group may be another account's."""
    found: dict[str, Any] = {}
    for kind in need.kinds:
        mine = sorted({one for one in ids if _needed_kind(one, need) is kind})
        if ENTITIES[kind].in_world and kind in _KNOWN_ANYWHERE:
            found |= {one: value for one, (_, value) in seen.anywhere(kind, mine).items()}
        else:
            found |= seen.by_id(kind, mine)
    return {one for one, value in found.items() if need.met_by(value)}


_KNOWN_ANYWHERE = (Group, Vpc)
"""Kinds that entities of other worlds may need: rules name groups, and peerings VPCs, of other accounts."""


def _needed_kind(text: str, need: Need) -> Kind | None:
    """Return what an id in a need's column is of; None for what is no id of its kinds."""
    kind = OF_PREFIX.get(text.partition("-")[0]) if "-" in text else None
    return kind if kind in need.kinds else None


def bereft(seen: Seen, after: Mapping[tuple[Kind, str], Any]) -> Iterator[Tie]:
    """Yield the entities that need one of those which are as given, by kind and id, and no longer meet the need.

    after: None for what is not there.
    """
    for kind, need, of in _NEEDED_BY:
        gone = [one for (other, one), value in after.items() if other is of and not (value and need.met_by(value))]
        for needed, values in seen.by(kind, need.column, gone).items():
            yield from (Tie(value, needed) for value in values if need.while_(value))


_NEEDED_BY = [(kind, need, of) for kind, needs in NEEDS.items() for need in needs for of in need.kinds]


def taken(rows: Rows, values: Iterable[Any], aside: Iterable[tuple[Kind, str]]) -> list[tuple[Any, Any]]:
    """Return (one of these entities, the entity that has now what no two may have), but for those set aside."""
    ignored = set(aside)
    pairs = [
        pair
        for kind, mine in by_kind(values).items()
        for unique in UNIQUE.get(kind, ())
        for pair in _holders(rows, kind, unique, [one for one in mine if unique.while_(one)])
    ]
    return [
        (one, holder) for one, holder in pairs if (type(holder), ENTITIES[type(holder)].id_of(holder)) not in ignored
    ]


def _holders(rows: Rows, kind: Kind, unique: Unique, wanted: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield (one of these entities, the one that has its columns now)."""
    names = [column.split()[0] for column in unique.columns]
    holders = rows.keyed(kind, unique.columns, columns_of(wanted, names))
    held = {_folded(row): one for one, row in zip(holders, columns_of(holders, names), strict=True)}
    for one, row in zip(wanted, columns_of(wanted, names), strict=True):
        if _folded(row) in held:
            yield one, held[_folded(row)]


def _folded(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(one.lower() if isinstance(one, str) else one for one in row)


def by_kind(values: Iterable[Any]) -> dict[Kind, list[Any]]:
    """Return entities by their types, in their order."""
    grouped: dict[Kind, list[Any]] = {}
    for value in values:
        grouped.setdefault(type(value), []).append(value)
    return grouped


def columns_of(values: Sequence[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return these columns of entities of one kind."""
    if not values:
        return []
    entity = ENTITIES[type(values[0])]
    places = [entity.columns.index(name) for name in names]
    return [tuple(row[place] for place in places) for row in map(entity.to_row, values)]
