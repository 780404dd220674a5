"""The table of what entities need of each other: whole, true of every store, and checked at a fixed cost [inferred]."""

from __future__ import annotations

from typing import Any

import pytest

from groupwall.ops.tags import TAGGABLE
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from groupwall.store.entities import (
    Attachment,
    Group,
    Member,
    Peering,
    PrefixListEntry,
    Reference,
    Tag,
    Vpc,
    World,
)
from groupwall.store.integrity import NEEDS, NEEDS_NOTHING, OF_PREFIX, UNIQUE, bereft, kept, taken, unmet
from groupwall.store.seen import Seen
from groupwall.store.tables import ENTITIES
from groupwall.store.transaction import Transaction
from tests.driver import Wall
from tests.scenes import create_group, create_vpc, default_vpc, rules_of, tcp
from tests.worlds import random_world, seeded

HERE = World("123456789012", "us-east-1")
NOT_OURS = {
    "accepter_account", "requester_account", "account", "image_id", "dhcp_options_id", "reservation_id", "id",
    "resource_id of Token",
}  # fmt: skip
"""Columns that name what is no entity here, or the entity itself."""


def _inside(wall: Wall, work: Any) -> Any:  # noqa: ANN401 - whatever the work gives
    def entered(tx: Transaction) -> Any:  # noqa: ANN401 - as above
        tx.enter(HERE)
        return work(tx)

    return wall.store.read(entered)


def test_every_kind_stands_in_the_table() -> None:
    """Each kind needs something or is named with the reason why it needs nothing, and none is both."""
    assert NEEDS.keys() | NEEDS_NOTHING.keys() == ENTITIES.keys()
    assert not NEEDS.keys() & NEEDS_NOTHING.keys()


def test_every_column_that_names_an_entity_is_a_need() -> None:
    """A column whose name ends like an id's is in the table, but for those that name nothing of ours."""
    for kind, entity in ENTITIES.items():
        named = {one for one in entity.columns if one.endswith(("_id", "_vpc", "peer")) and one not in NOT_OURS}
        named -= {"resource_id"} if kind.__name__ == "Token" else set()
        named -= {"vpc_id"} if kind is Reference else set()  # it may be another account's, and outlives it
        assert named <= {need.column for need in NEEDS.get(kind, ())}, kind


def test_the_table_names_columns_and_kinds_that_there_are() -> None:
    """Every need and every unique column is one of its kind; what is needed has ids that tell its kind."""
    for kind, needs in NEEDS.items():
        for need in needs:
            assert need.column in ENTITIES[kind].columns
            assert set(need.kinds) <= set(OF_PREFIX.values())
    for kind, uniques in UNIQUE.items():
        for unique in uniques:
            assert {column.split()[0] for column in unique.columns} <= set(ENTITIES[kind].columns)


def test_prefixes_are_those_of_tags() -> None:
    """What can be tagged is what the prefixes tell."""
    assert {prefix: kind for prefix, (_, kind) in TAGGABLE.items()} == OF_PREFIX


@pytest.mark.parametrize("seed", range(20))
def test_worlds_made_by_calls_keep_to_it(wall: Wall, seed: int) -> None:
    """In a world that calls have made nothing lacks what it needs, and nothing unique is there twice."""
    random_world(wall, seeded(seed))

    def look(tx: Transaction) -> None:
        seen = Seen(tx, HERE)
        for kind in (*NEEDS, Vpc):
            if "id" in ENTITIES[kind].columns or kind in (Tag, Member):
                values = tx.listed(kind) if kind is not Member else []
                assert unmet(seen, values) == []
                assert set(kept(tx, values).values()) == set(values)
                keys = [(kind, ENTITIES[kind].id_of(one)) for one in values]
                assert taken(tx, values, keys) == []

    _inside(wall, look)


def _rule(group: str, peer: str) -> Rule:
    return Rule("sgr-new", group, Direction.INGRESS, Properties("tcp", PortRange(22, 22), Peer.of(peer)), None)


def test_what_is_lacking_is_told(wall: Wall) -> None:
    """A need that is not met is told with the id; an address block is no need, nor is an empty column."""
    group, vpc = create_group(wall), default_vpc(wall)

    def look(tx: Transaction) -> list[str]:
        values = [
            _rule(group, "10.0.0.0/8"), _rule(group, "::/0"), _rule(group, group), _rule(group, "sg-gone"),
            _rule("sg-gone", "10.0.0.0/8"), _rule(group, "pl-gone"), Reference("sgr-gone", "1", "vpc-x", ""),
            Group("sg-x", vpc, "x", "x"), Group("sg-y", "vpc-gone", "y", "y"), Tag("i-gone", "a", "b", "instance"),
            PrefixListEntry("pl-gone", "10.0.0.0/8", "", 1, 0),
        ]  # fmt: skip
        return sorted(tie.needed for tie in unmet(Seen(tx, HERE), values))

    assert _inside(wall, look) == [
        "i-gone", "pl-gone", "pl-gone", "sg-gone", "sg-gone", "sgr-gone", "vpc-gone",
    ]  # fmt: skip


def test_an_ended_one_meets_no_need(wall: Wall) -> None:
    """A terminated instance takes no interface; a peering that is over needs no VPC any more."""
    launched = wall.call("RunInstances", ImageId="ami-00000001", MinCount=1, MaxCount=1)["Instances"][0]
    interface = launched["NetworkInterfaces"][0]["NetworkInterfaceId"]
    attachment = Attachment("eni-attach-x", interface, launched["InstanceId"], 1, 0, delete_on_termination=False)
    ended = Peering("pcx-x", *HERE, "vpc-gone", *HERE, "vpc-gone", "deleted", "", 0, *[False] * 4)

    def lacking(tx: Transaction) -> list[str]:
        values = [attachment, ended, ended._replace(id="pcx-y", status="active")]
        return [tie.needed for tie in unmet(Seen(tx, HERE), values)]

    assert _inside(wall, lacking) == ["vpc-gone", "vpc-gone"]
    wall.call("TerminateInstances", InstanceIds=[launched["InstanceId"]])
    assert _inside(wall, lacking) == [interface, launched["InstanceId"], "vpc-gone", "vpc-gone"]


def test_who_would_be_bereft_is_told(wall: Wall) -> None:
    """When a group is gone its rules, members, tags and those that name it lack it; when it is there, nobody does."""
    web, app = create_group(wall), create_group(wall, "app")
    wall.call("AuthorizeSecurityGroupIngress", GroupId=app, IpPermissions=[tcp(22, web)])
    wall.call("CreateTags", Resources=[web], Tags=[{"Key": "a", "Value": "b"}])
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[web])
    named = {rule["SecurityGroupRuleId"] for group in (web, app) for rule in rules_of(wall, group)}

    def look(tx: Transaction) -> tuple[list[Any], list[Any]]:
        seen, group = Seen(tx, HERE), tx.get(Group, web)
        gone = [tie.value for tie in bereft(seen, {(Group, web): None})]
        return gone, list(bereft(seen, {(Group, web): group}))

    gone, kept_on = _inside(wall, look)
    assert kept_on == []
    assert {type(value) for value in gone} == {Rule, Member, Tag}
    assert {value.id for value in gone if isinstance(value, Rule)} >= named


def test_who_has_the_place_is_told(wall: Wall) -> None:
    """A name is taken whatever its capitals; in another VPC it is free, and what is set aside takes no place."""
    group, vpc, other = create_group(wall), default_vpc(wall), create_vpc(wall)

    def look(tx: Transaction, *aside: Any) -> list[str]:  # noqa: ANN401 - kind and id
        wanted = [Group("sg-x", vpc, "WEB", "x"), Group("sg-y", other, "web", "y")]
        return [holder.id for _, holder in taken(tx, wanted, aside)]

    assert _inside(wall, look) == [group]
    assert _inside(wall, lambda tx: look(tx, (Group, group))) == []
