"""Prefix lists in rules from end to end: what a rule keeps of a list, and what a change of either means to the other.

What a list weighs when a rule is added stands in test_weights.py.
"""

from __future__ import annotations

import pytest

from tests.scenes import (
    Held,
    Json,
    Scene,
    create_prefix_list,
    entries_of,
    permission,
    prefix_list_of,
    refusal,
    tcp,
)

TOO_MANY = "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached."
MISMATCH = "InvalidPermission.NotFound: The specified rule does not exist in this security group."
BLOCK = "10.0.0.0/24"


def _resize(scene: Scene, prefix_list: str, size: int) -> tuple[str, int]:
    scene.wall.call("ModifyManagedPrefixList", PrefixListId=prefix_list, MaxEntries=size)
    found = prefix_list_of(scene.wall, prefix_list)
    return found["State"], found["MaxEntries"]


@pytest.mark.reference("15 managed prefix lists", "4.3 prefix list")
def test_a_rule_keeps_the_id_alone(in_other_vpc: Scene) -> None:
    """New entries, a new name and older versions leave the rule as it is, and its id [reference 15, docs]."""
    scene = in_other_vpc
    made = create_prefix_list(scene.wall, BLOCK)
    scene.authorize(tcp(22, (made, "office")))
    before = scene.described(), scene.rule_ids()
    given = {"CurrentVersion": 1, "AddEntries": [{"Cidr": "10.9.0.0/16"}], "PrefixListName": "renamed"}
    scene.wall.call("ModifyManagedPrefixList", PrefixListId=made, **given)
    scene.wall.call("RestoreManagedPrefixListVersion", PrefixListId=made, PreviousVersion=1, CurrentVersion=2)
    assert (scene.described(), scene.rule_ids()) == before
    assert entries_of(scene.wall, made) == {BLOCK: None}


@pytest.mark.parametrize(
    ("kept", "told", "found"),
    [("office", None, True), ("office", "office", True), ("office", "other", False), (None, None, True)],
)
@pytest.mark.reference("4.3 prefix list")
def test_a_description_takes_part(
    in_other_vpc: Scene,
    kept: str | None,
    told: str | None,
    found: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A revoke by prefix list matches a description that is given, and any where none is [reference 4.3, docs]."""
    made = create_prefix_list(in_other_vpc.wall)
    asked = {"PrefixListId": made} | ({"Description": told} if told else {})
    in_other_vpc.authorize(tcp(22) | {"PrefixListIds": [{"PrefixListId": made, "Description": kept}]})
    revoked = tcp(22) | {"PrefixListIds": [asked]}
    if found:
        [rule] = in_other_vpc.revoke(revoked)["RevokedSecurityGroupRules"]
        assert (rule["PrefixListId"], rule.get("Description")) == (made, kept)
    else:
        assert in_other_vpc.refused("Revoke", revoked) == MISMATCH
    assert len(in_other_vpc.rules()) == (not found)


@pytest.mark.reference("4.3 prefix list", "4.4 non-default, none match")
def test_another_list_is_another_rule(in_other_vpc: Scene) -> None:
    """Lists with the same entries are two peers: a rule of one is not revoked by the other [reference 4.3]."""
    first, second = (create_prefix_list(in_other_vpc.wall, BLOCK) for _ in range(2))
    in_other_vpc.authorize(tcp(22, first))
    assert in_other_vpc.refused("Revoke", tcp(22, second)) == MISMATCH
    assert in_other_vpc.refused("Revoke", tcp(22, BLOCK)) == MISMATCH
    told = in_other_vpc.refused("Authorize", tcp(22, first))
    assert told.startswith(f'InvalidPermission.Duplicate: the specified rule "peer: {first}, TCP, from port: 22,')
    assert in_other_vpc.rules() == {Held("tcp", 22, 22, first)}


def test_a_list_in_the_default_vpc(in_default_vpc: Scene) -> None:
    """A mismatch there comes back in UnknownIpPermissions, with the list [reference 4.4, docs]."""
    first, second = (create_prefix_list(in_default_vpc.wall) for _ in range(2))
    in_default_vpc.authorize(tcp(22, first))
    reply = in_default_vpc.revoke(tcp(22, first, second))
    assert [rule["PrefixListId"] for rule in reply["RevokedSecurityGroupRules"]] == [first]
    [unknown] = reply["UnknownIpPermissions"]
    assert [peer["PrefixListId"] for peer in unknown["PrefixListIds"]] == [second]


def test_what_is_described_is_revoked(anywhere: Scene) -> None:
    """Permissions with prefix lists, fed back as they are described, leave nothing [recorded idiom]."""
    first, second = create_prefix_list(anywhere.wall), create_prefix_list(anywhere.wall, AddressFamily="IPv6")
    anywhere.authorize(tcp(22, first, (second, "six"), BLOCK), permission("-1", None, None, first, second))
    asked = anywhere.described()
    assert sum(len(one["PrefixListIds"]) for one in asked) == 4
    anywhere.revoke(*asked)
    assert anywhere.rules() == set()


@pytest.mark.reference("9 filters")
def test_groups_are_found_by_list(anywhere: Scene) -> None:
    """A group is found by the list that its rules use, in their direction alone [reference 9, model]."""
    made = create_prefix_list(anywhere.wall)
    anywhere.authorize(tcp(22, made))
    names = {"Ingress": "ip-permission.prefix-list-id", "Egress": "egress.ip-permission.prefix-list-id"}
    for side, name in names.items():
        wanted = [{"Name": name, "Values": [made]}]
        groups = anywhere.wall.call("DescribeSecurityGroups", Filters=wanted)["SecurityGroups"]
        assert [group["GroupId"] for group in groups] == ([anywhere.group] if side == anywhere.side else [])


@pytest.mark.reference("15 managed prefix lists", "21 weight of a prefix list")
def test_a_resize_weighs_in_every_rule(anywhere: Scene) -> None:
    """Two rules of one list weigh twice its size, before a resize and after it [reference 15, docs; 21, docs]."""
    made = create_prefix_list(anywhere.wall, BLOCK, size=10)
    anywhere.authorize(tcp(22, made), tcp(80, made))
    assert _resize(anywhere, made, 31) == ("modify-failed", 10)
    assert anywhere.group in prefix_list_of(anywhere.wall, made)["StateMessage"]
    assert _resize(anywhere, made, 30) == ("modify-complete", 30)
    assert anywhere.refused("Authorize", tcp(22, "10.1.0.0/16")) == TOO_MANY
    assert _resize(anywhere, made, 1) == ("modify-complete", 1)
    anywhere.authorize(tcp(22, *(f"10.1.{number}.0/24" for number in range(58))))
    assert anywhere.refused("Authorize", tcp(22, "10.2.0.0/16")) == TOO_MANY
    assert _resize(anywhere, made, 2) == ("modify-failed", 1)
    anywhere.revoke(tcp(80, made))
    assert _resize(anywhere, made, 2) == ("modify-complete", 2)
    assert "StateMessage" not in prefix_list_of(anywhere.wall, made)


@pytest.mark.reference("21 weight of a prefix list")
def test_families_weigh_by_themselves(in_other_vpc: Scene) -> None:
    """A list of 60 blocks of each family fits, and then a group, which weighs in both, does not [21, docs]."""
    ipv4, ipv6 = (create_prefix_list(in_other_vpc.wall, size=60, AddressFamily=f) for f in ("IPv4", "IPv6"))
    in_other_vpc.authorize(tcp(22, ipv4, ipv6))
    for peer in ("10.0.0.0/8", "::/0", in_other_vpc.group):
        assert in_other_vpc.refused("Authorize", tcp(80, peer)) == TOO_MANY
    assert _resize(in_other_vpc, ipv4, 59) == ("modify-complete", 59)
    in_other_vpc.authorize(tcp(80, "10.0.0.0/8"))
    for peer in ("::/0", in_other_vpc.group):
        assert in_other_vpc.refused("Authorize", tcp(80, peer)) == TOO_MANY


@pytest.mark.parametrize("directions", [("Ingress",), ("Egress",), ("Ingress", "Egress")])
def test_a_deleted_group_frees_its_lists(in_other_vpc: Scene, directions: tuple[str, ...]) -> None:
    """A list can be deleted, and has no associations, once the groups that used it are gone [reference 15, docs]."""
    wall, group = in_other_vpc.wall, in_other_vpc.group
    made = create_prefix_list(wall)
    for side in directions:
        wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=[tcp(22, made)])
    found: list[Json] = wall.call("GetManagedPrefixListAssociations", PrefixListId=made)["PrefixListAssociations"]
    assert [one["ResourceId"] for one in found] == [group]
    wall.call("DeleteSecurityGroup", GroupId=group)
    assert wall.call("GetManagedPrefixListAssociations", PrefixListId=made)["PrefixListAssociations"] == []
    wall.call("DeleteManagedPrefixList", PrefixListId=made)


@pytest.mark.reference("11 ModifySecurityGroupRules")
def test_a_rule_goes_from_list_to_list(in_other_vpc: Scene) -> None:
    """A rule's list is replaced in place and weighed anew; the old list is free then [reference 11, model]."""
    wall = in_other_vpc.wall
    first, second, large = (create_prefix_list(wall, size=size) for size in (60, 59, 61))
    in_other_vpc.authorize(tcp(22, first))
    [rule_id] = in_other_vpc.rule_ids()

    def change(to: str) -> Json:
        properties = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListId": to}
        wanted = [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": properties}]
        return {"GroupId": in_other_vpc.group, "SecurityGroupRules": wanted}

    assert refusal(wall, "ModifySecurityGroupRules", **change(large)) == TOO_MANY
    assert in_other_vpc.rules() == {Held("tcp", 22, 22, first)}
    wall.call("ModifySecurityGroupRules", **change(second))
    assert (in_other_vpc.rules(), in_other_vpc.rule_ids()) == ({Held("tcp", 22, 22, second)}, [rule_id])
    wall.call("DeleteManagedPrefixList", PrefixListId=first)
    assert refusal(wall, "DeleteManagedPrefixList", PrefixListId=second).startswith("DependencyViolation: ")
