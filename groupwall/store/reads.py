"""The reads that are of one noun: by a natural key, by what it belongs to, across worlds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from groupwall.rules.values import Asked, Direction, Rule
from groupwall.store import counters
from groupwall.store.entities import (
    AccessKey,
    Confirmation,
    Group,
    Peering,
    PrefixListEntry,
    Principal,
    Tag,
    Vpc,
    VpcCidr,
    World,
)
from groupwall.store.history import History
from groupwall.store.rows import ALL, COLUMNS, LISTED, Page, among


class Reads(History):
    """The reads of one world, on one connection."""

    def gaps(self, subnet_id: str, first: int, last: int, most: int) -> list[tuple[int, int]]:
        """Return runs of free IPv4 addresses of a subnet between two, both as integers, the highest run first.

        ``most``: how many runs, beside the lowest one, which ends the list.
        """
        where = (self.world, subnet_id, first, last)
        rows = self._all(_GAPS, (*where, most))
        lowest = self._one(_LOWEST_ADDRESS, where)[0]
        ends = [(start, last if end is None else end - 1) for start, end in [*rows, (first, lowest)]]
        return [(start, min(end, last)) for start, end in ends if start <= min(end, last)]

    def at(self, world: World) -> Reads | None:
        """Return the reads of another world on the same transaction; None when it has not begun."""
        row = self._one("SELECT world FROM world WHERE account = ? AND region = ?", world)
        if row is None:
            return None
        other = Reads(self._connection)
        other.world = row[0]
        return other

    def worlds(self, numbers: Sequence[int]) -> dict[int, World]:
        """Return the worlds of these row numbers."""
        rows = self._all(f"SELECT world, account, region FROM world WHERE world IN {LISTED}", (json.dumps(numbers),))
        return {row[0]: World(*row[1:]) for row in rows}

    def entries(self, list_ids: Sequence[str]) -> dict[str, list[PrefixListEntry]]:
        """Return the entries that prefix lists have now, by list, in the order of their blocks."""
        rows = self._all(_CURRENT_ENTRIES, (self.world, json.dumps(list_ids)))
        grouped: dict[str, list[PrefixListEntry]] = {}
        for entry in self._values(PrefixListEntry, rows):
            grouped.setdefault(entry.list_id, []).append(entry)
        return grouped

    def blocks_anywhere(self, vpc_ids: Sequence[str]) -> dict[str, list[VpcCidr]]:
        """Return the blocks of VPCs of any world, by VPC, the primary one first."""
        grouped: dict[str, list[VpcCidr]] = {}
        for block in self._values(VpcCidr, self._all(_BLOCKS_ANYWHERE, (json.dumps(vpc_ids),))):
            grouped.setdefault(block.vpc_id, []).append(block)
        return grouped

    def live_peerings(self, vpc_ids: Sequence[str]) -> list[Peering]:
        """Return the peerings of VPCs of any world that are active or asked for, by their ids.

        Those that ended are left out: another account can make as many as it likes. See ``anywhere`` for what to tell.
        """
        return self._values(Peering, self._all(_LIVE_PEERINGS, (json.dumps(vpc_ids),)))

    def referencing_vpcs(self, group_ids: Sequence[str], vpc_ids: Sequence[str]) -> list[tuple[str, str]]:
        """Return (group, VPC) wherever a group of one of these VPCs has a rule with one of these groups as its peer."""
        return self._all(_REFERENCING_VPCS, (json.dumps(group_ids), json.dumps(vpc_ids)))

    def rules_across(self, vpc_id: str) -> list[Rule]:
        """Return the rules of a VPC's groups whose peer is a group of another VPC, by group, in their keys' order."""
        return self._values(Rule, self._all(_RULES_ACROSS, (self.world, vpc_id)))

    def referenced_groups(self) -> list[str]:
        """Return the ids of the groups of any world that are the peer of a rule of this one, in their order."""
        return [row[0] for row in self._all(_REFERENCED_GROUPS, (self.world,))]

    def default_vpc(self) -> Vpc | None:
        """Return the world's default VPC."""
        row = self._one(_DEFAULT_VPC, (self.world,))
        return self._values(Vpc, [row])[0] if row else None

    def group_in_vpc(self, group_id: str) -> tuple[Group, Vpc] | None:
        """Return a group of this world by its id, and its VPC."""
        row = self._one(_GROUP_IN_VPC, (self.world, group_id))
        if row is None:
            return None
        size = len(Group._fields)
        return Group._make(row[:size]), self._values(Vpc, [row[size:]])[0]

    def group_named(self, vpc_id: str, name: str) -> Group | None:
        """Return the group of a VPC that has this name; capitals do not matter [reference 7, model]."""
        row = self._one(_GROUP_NAMED, (self.world, vpc_id, name))
        return Group._make(row) if row else None

    def count_groups(self) -> int:
        """Return how many groups this world has."""
        row = self._one("SELECT security_groups FROM tally WHERE world = ?", (self.world,))
        return row[0] if row else 0

    def rules_like(self, group_id: str, direction: Direction, asked: Sequence[Asked]) -> list[Rule]:
        """Return the group's rules with the protocol, ports and peer of one asked, found by their natural key."""
        wanted = [(item.properties.protocol, *item.properties.ports, item.properties.peer.text) for item in asked]
        where = (self.world, group_id, direction.value)
        if len(wanted) == 1:
            return self._values(Rule, self._all(_RULE_LIKE, (*where, *wanted[0])))
        return self._values(Rule, self._all(_RULES_LIKE, (json.dumps(wanted), *where)))

    def peers(self, group_id: str, direction: Direction) -> list[tuple[str, str]]:
        """Return (kind, text) of the peer of every rule of a group in one direction, for its quota."""
        text = "SELECT peer_kind, peer FROM rule WHERE world = ? AND group_id = ? AND direction = ?"
        return self._all(text, (self.world, group_id, direction.value))

    def is_referenced(self, group: Group) -> bool:
        """Tell whether another group of the same VPC has a rule with this group as its peer."""
        return self._one(_REFERENCED, (self.world, group.id, group.id, group.vpc_id)) is not None

    def has_member_in(self, group_id: str, vpc_id: str) -> bool:
        """Tell whether an interface of a VPC is a member of a group."""
        return self._one(_MEMBER_IN, (self.world, group_id, vpc_id)) is not None

    def groups_with_given_egress(self, vpc_id: str) -> list[str]:
        """Return the ids of a VPC's groups whose egress is the one rule to everywhere that AWS gave them."""
        return [row[0] for row in self._all(_GROUPS_WITH_GIVEN_EGRESS, (self.world, vpc_id))]

    def held_in(self, subnet_ids: Sequence[str], *, ipv6: bool = False) -> dict[str, int]:
        """Return how many addresses of one family interfaces hold in each subnet; none where there are none."""
        test, bound = among("subnet_id", subnet_ids)
        text = f"SELECT subnet_id, count(*) FROM address WHERE world = ? AND {test}"
        family = "LIKE" if ipv6 else "NOT LIKE"
        return dict(self._all(f"{text} AND address {family} '%:%' GROUP BY subnet_id", (self.world, bound)))

    def confirmations(self, after: int, limit: int | None) -> list[Confirmation]:
        """Return this world's confirmations of changes after a revision, in the order of their revisions."""
        rows = self._all(_CONFIRMATIONS, (self.world, after, -1 if limit is None else limit))
        return self._values(Confirmation, rows)

    def next_deadline(self) -> int | None:
        """Return the next deadline of a change of any world that waits for its confirmation."""
        deadline: int | None = self._one("SELECT min(deadline) FROM confirmation WHERE state = 'waiting'")[0]
        return deadline

    def due(self, now: int) -> list[tuple[World, Confirmation]]:
        """Return what was not confirmed in time in any world, the earliest deadline first, then the newest change."""
        rows = self._all(_DUE, (now,))
        return [(World(*row[:2]), Confirmation._make(row[2:])) for row in rows]

    def tags_of(self, resource_ids: Sequence[str]) -> dict[str, list[Tag]]:
        """Return the tags of each resource, in the order of their keys."""
        return self.by(Tag, "resource_id", resource_ids)

    def get_key(self, key_id: str) -> AccessKey | None:
        """Return an access key as it is now."""
        row = self._one(_KEY, (key_id,))
        return AccessKey._make(row) if row else None

    def access_key(self, key_id: str) -> tuple[AccessKey, str] | None:
        """Return an access key and its secret."""
        row = self._one(_ONE_KEY, (key_id,))
        return (AccessKey(*row[:-1]), row[-1]) if row else None

    def principal(self, principal_id: str) -> Principal | None:
        """Return a user or a role by its unique id."""
        row = self._one(_PRINCIPAL, (principal_id,))
        return Principal._make(row) if row else None

    def principals(self) -> list[Principal]:
        """List all users and roles by account, kind and name."""
        rows = self._all(f"SELECT {COLUMNS[Principal]} FROM principal ORDER BY account, kind DESC, name")
        return self._values(Principal, rows)

    def secret_of(self, owner: str) -> str:
        """Return what is kept outside the history for an entity, by its id; "" for nothing."""
        row = self._one("SELECT secret FROM secret WHERE owner = ?", (owner,))
        return str(row[0]) if row else ""

    def secrets_of(self, owners: Sequence[str]) -> dict[str, str]:
        """Return what is kept outside the history for entities, by their ids, of those that have anything."""
        rows = self._all(f"SELECT owner, secret FROM secret WHERE owner IN {LISTED}", (json.dumps(owners),))
        return dict(rows)

    def counters(self, asked: counters.Asked, page: Page = ALL) -> list[counters.Counted]:
        """Return what rules let in, by group and rule, of those that hosts of this world count or counted."""
        return [counters.counted(row) for row in self._all(*counters.listing(self.world, asked, *page))]

    def is_counting(self, host: str) -> bool:
        """Tell whether a host of this world told counters."""
        return self._one("SELECT 1 FROM counting WHERE world = ? AND host = ?", (self.world, host)) is not None

    def count_counting(self) -> int:
        """Return how many hosts of this world told counters."""
        return int(self._one("SELECT count(*) FROM counting WHERE world = ?", (self.world,))[0])

    def access_keys(self) -> list[AccessKey]:
        """List all access keys by account and user."""
        rows = self._all(f"SELECT {COLUMNS[AccessKey]} FROM access_key ORDER BY account, user, id")
        return self._values(AccessKey, rows)


_CURRENT_ENTRIES = (
    f"SELECT {COLUMNS[PrefixListEntry]} FROM prefix_list_entry WHERE world = ? AND list_id IN {LISTED} AND last = 0"
    " ORDER BY list_id, last, cidr"
)
_CONFIRMATIONS = (
    f"SELECT {COLUMNS[Confirmation]} FROM confirmation WHERE world = ? AND CAST(revision AS INTEGER) > ?"
    " ORDER BY CAST(revision AS INTEGER) LIMIT ?"
)
_DUE = (
    f"SELECT world.account, world.region, {COLUMNS[Confirmation]} FROM confirmation CROSS JOIN world"
    " ON world.world = confirmation.world WHERE state = 'waiting' AND deadline <= ?"
    " ORDER BY deadline, CAST(revision AS INTEGER) DESC"
)
_REFERENCED_GROUPS = "SELECT DISTINCT peer FROM rule WHERE world = ? AND peer_kind = 'group' ORDER BY peer"
_DEFAULT_VPC = f"SELECT {COLUMNS[Vpc]} FROM vpc WHERE world = ? AND is_default = 1"
_GROUP_NAMED = f"SELECT {COLUMNS[Group]} FROM security_group WHERE world = ? AND vpc_id = ? AND name = ? COLLATE NOCASE"
_GROUP_IN_VPC = (
    f"SELECT {COLUMNS[Group]}, {COLUMNS[Vpc]} FROM security_group"
    " JOIN vpc ON vpc.world = security_group.world AND vpc.id = security_group.vpc_id"
    " WHERE security_group.world = ? AND security_group.id = ?"
)
_GROUPS_WITH_GIVEN_EGRESS = """
    SELECT rule.group_id FROM security_group CROSS JOIN rule
    ON rule.world = security_group.world AND rule.group_id = security_group.id AND rule.direction = 'egress'
    AND rule.protocol = '-1' AND rule.peer = '0.0.0.0/0' AND rule.description IS NULL
    WHERE security_group.world = ?1 AND security_group.vpc_id = ?2
    AND NOT EXISTS (SELECT 1 FROM tag WHERE tag.world = ?1 AND tag.resource_id = rule.id)
    AND NOT EXISTS (
        SELECT 1 FROM rule AS other WHERE other.world = ?1 AND other.group_id = rule.group_id
        AND other.direction = 'egress' AND other.id != rule.id
    )"""
_KEY = f"SELECT {COLUMNS[AccessKey]} FROM access_key WHERE id = ?"
_PRINCIPAL = f"SELECT {COLUMNS[Principal]} FROM principal WHERE id = ?"
_ONE_KEY = (
    f"SELECT {COLUMNS[AccessKey]}, secret FROM access_key JOIN secret ON owner = access_key.id WHERE access_key.id = ?"
)
_REFERENCED = (
    "SELECT 1 FROM rule JOIN security_group ON security_group.world = rule.world AND security_group.id = rule.group_id"
    " WHERE rule.world = ? AND rule.peer = ? AND rule.group_id != ? AND security_group.vpc_id = ? LIMIT 1"
)
_MEMBER_IN = (
    "SELECT 1 FROM member CROSS JOIN network_interface ON network_interface.world = member.world"
    " AND network_interface.id = member.interface_id"
    " WHERE member.world = ? AND member.group_id = ? AND network_interface.vpc_id = ? LIMIT 1"
)
_BLOCKS_ANYWHERE = (
    f"SELECT {COLUMNS[VpcCidr]} FROM vpc CROSS JOIN vpc_cidr ON vpc_cidr.world = vpc.world"
    f" AND vpc_cidr.vpc_id = vpc.id WHERE vpc.id IN {LISTED} ORDER BY vpc_cidr.cidr != vpc.cidr, vpc_cidr.id"
)
_LIVE_PEERINGS = " UNION ".join(
    f"SELECT {COLUMNS[Peering]} FROM peering WHERE {end}_vpc IN (SELECT value FROM json_each(?1))"
    " AND status IN ('pending-acceptance', 'active')"
    for end in ("requester", "accepter")
)
_REFERENCING_VPCS = (
    f"SELECT DISTINCT rule.peer, vpc.id FROM vpc CROSS JOIN rule ON rule.world = vpc.world AND rule.peer IN {LISTED}"
    " CROSS JOIN security_group ON security_group.world = rule.world AND security_group.id = rule.group_id"
    f" AND security_group.vpc_id = vpc.id WHERE vpc.id IN {LISTED} ORDER BY rule.peer, vpc.id"
)
_RULES_ACROSS = (
    f"SELECT {COLUMNS[Rule]} FROM reference CROSS JOIN rule ON rule.world = reference.world AND rule.id ="
    " reference.rule_id CROSS JOIN security_group ON security_group.world = rule.world"
    " AND security_group.id = rule.group_id WHERE reference.world = ? AND security_group.vpc_id = ?"
    " ORDER BY rule.group_id, rule.direction, rule.protocol, rule.from_port, rule.to_port, rule.peer"
)
_LOWEST_ADDRESS = "SELECT min(number) FROM address WHERE world = ? AND subnet_id = ? AND number BETWEEN ? AND ?"
_GAPS = """
    SELECT number + 1, (
        SELECT min(next.number) FROM address AS next
        WHERE next.world = ?1 AND next.subnet_id = ?2 AND next.number > address.number
    ) AS end
    FROM address WHERE world = ?1 AND subnet_id = ?2 AND number BETWEEN ?3 AND ?4 - 1
    AND coalesce(end, 0) != number + 1 ORDER BY number DESC LIMIT ?5"""
"""A gap begins behind an address whose successor is not the next number. Read downwards, so that the first is found at
once as long as the subnet's upper end is free."""
_RULE_LIKE = (
    f"SELECT {COLUMNS[Rule]} FROM rule WHERE world = ? AND group_id = ? AND direction = ?"
    " AND protocol = ? AND from_port = ? AND to_port = ? AND peer = ?"
)
_RULES_LIKE = f"""
    SELECT {COLUMNS[Rule]} FROM json_each(?) AS asked CROSS JOIN rule
    WHERE rule.world = ? AND rule.group_id = ? AND rule.direction = ?
    AND rule.protocol = json_extract(asked.value, '$[0]') AND rule.from_port = json_extract(asked.value, '$[1]')
    AND rule.to_port = json_extract(asked.value, '$[2]') AND rule.peer = json_extract(asked.value, '$[3]')"""
