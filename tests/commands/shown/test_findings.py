"""What is shown of findings, of groups that nothing uses, and of what keeps a group from being deleted."""

from __future__ import annotations

import json
import shlex

from click.testing import CliRunner

from groupwall.cli import main
from groupwall.commands.shown.findings import command_line, dependents, findings, unused
from tests.commands.shown.test_flows import HARMLESS, HOSTILE, interface, printed
from tests.driver import Wall
from tests.scenes import create_group, tcp

IN_TURN = ", which is redundant by this one in turn: revoke one of them, then look again"


def test_findings(wall: Wall) -> None:
    """A finding is told with its rule, and below the rules that make it so, or the reason (inferred)."""
    group_id = create_group(wall)
    interface(wall, group_id)
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=[tcp(22, "10.0.0.0/8")])
    wide = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=[tcp(22, "10.1.0.0/16")])
    narrow = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    asked = {"GroupIds": [group_id], "Kinds": ["shadowed"]}
    assert printed(findings, wall.call("DescribeFindings", **asked)) == [
        f"shadowed: {narrow} tcp 22 from 10.1.0.0/16, of web ({group_id})",
        f"└── admitted by {wide} tcp 22 from 10.0.0.0/8, of web ({group_id})",
    ]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=[tcp(80, "0.0.0.0/0")])
    lines = printed(findings, wall.call("DescribeFindings", GroupIds=[group_id], Kinds=["wide-open"]))
    assert "└── open to every IPv4 address: tcp 80" in lines
    assert printed(findings, wall.call("DescribeFindings", GroupIds=[group_id], Kinds=["stale"])) == ["no findings"]


def test_rules_that_are_redundant_by_each_other(wall: Wall) -> None:
    """Of two rules each of which the other makes redundant it is told that not both can go (inferred)."""
    groups = {create_group(wall): "web", create_group(wall, "ops"): "ops"}
    interface(wall, *groups)
    rules = {one["GroupId"]: one["SecurityGroupRuleId"] for one in wall.call("DescribeSecurityGroupRules", Filters=[
        {"Name": "group-id", "Values": list(groups)}
    ])["SecurityGroupRules"]}  # fmt: skip
    told = printed(findings, wall.call("DescribeFindings", GroupIds=list(groups), Kinds=["redundant"]))
    assert sorted(told) == sorted(
        line
        for mine, other in (sorted(groups), sorted(groups, reverse=True))
        for line in (
            f"redundant: {rules[mine]} all to 0.0.0.0/0, of {groups[mine]} ({mine})",
            f"└── admitted by {rules[other]} all to 0.0.0.0/0, of {groups[other]} ({other}){IN_TURN}",
        )
    )


def test_unused(wall: Wall) -> None:
    """A group that nothing uses is told with the evidence, and until when it was used (inferred)."""
    assert printed(unused, wall.call("DescribeUnusedGroups")) == ["every group is used"]
    group_id = create_group(wall)
    interface_id, _ = interface(wall, group_id)
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=interface_id)
    (group,) = wall.call("DescribeUnusedGroups")["Groups"]
    lines = printed(unused, {"Groups": [group]})
    assert lines[0] == f"web ({group_id}), in {group['VpcId']}"
    assert lines[1] == "├── no network interface is a member"
    assert lines[-1] == "└── last used until 2026-09-21T14:13:20Z"


def test_what_depends(wall: Wall) -> None:
    """What keeps a group is told, what would be affected, and the calls as a shell takes them (inferred)."""
    web, ops = create_group(wall), create_group(wall, "ops")
    interface_id, _ = interface(wall, web, ops)
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=ops, IpPermissions=[tcp(22, web)])
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    assert printed(dependents, wall.call("DescribeDependents", GroupId=web)) == [
        f"{web} cannot be deleted",
        f"├── {interface_id} is a member: without it it stays in {ops}",
        f"└── {rule} of ops ({ops}), tcp 22 from {web}, names it",
        "what deletes it",
        f"├── groupwall apply modify-network-interface-attribute --network-interface-id {interface_id} --groups {ops}",
        f"├── groupwall apply revoke-security-group-ingress --group-id {ops} --security-group-rule-ids {rule}",
        f"└── groupwall apply delete-security-group --group-id {web}",
        "all as one change: groupwall why-not-delete ... --json > plan.json; groupwall apply --calls file://plan.json",
    ]


def test_what_is_affected() -> None:
    """What does not keep a group is told apart (inferred)."""
    stale = {"Text": "a rule becomes stale", "Blocks": False}
    call = {"Operation": "DeleteSecurityGroup", "Parameters": '{"GroupId": "sg-1"}'}
    assert printed(dependents, {"GroupId": "sg-1", "Deletable": True, "Dependents": [stale], "Calls": [call]}) == [
        "sg-1 can be deleted",
        "affected, and no hindrance",
        "└── a rule becomes stale",
        "what deletes it",
        "└── groupwall apply delete-security-group --group-id sg-1",
    ]


def test_calls_as_a_shell_takes_them() -> None:
    """Every value is quoted where a shell would do something with it; names of options are the AWS CLI's (inferred)."""
    params = {"GroupId": "$(reboot)", "SecurityGroupRuleIds": ["a b", "c"], "IpPermissions": [{"FromPort": 22}]}
    line = command_line({"Operation": "RevokeSecurityGroupIngress", "Parameters": json.dumps(params)})
    assert shlex.split(line) == [
        *("groupwall", "apply", "revoke-security-group-ingress", "--group-id", "$(reboot)"),
        *("--security-group-rule-ids", "a b", "c", "--ip-permissions", '[{"FromPort": 22}]'),
    ]
    told = CliRunner().invoke(main, ["apply", "revoke-security-group-ingress", "--help"]).output
    assert {"--group-id", "--security-group-rule-ids", "--ip-permissions"} <= set(told.split())


def test_hostile_text() -> None:
    """Whatever names and descriptions hold is shown in one line, and styles or moves nothing (inferred)."""
    rule = {"SecurityGroupRuleId": "sgr-1", "Text": HOSTILE, "GroupId": "sg-1", "GroupName": HOSTILE}
    call = {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupName": HOSTILE})}
    found = [{"Kind": "shadowed", "Rule": rule, "By": [rule]}, {"Kind": "stale", "Rule": rule, "Reason": HOSTILE}]
    kept = [{"Text": HOSTILE, "Blocks": blocks} for blocks in (True, False)]
    told = [
        printed(findings, {"Findings": found}),
        printed(
            unused, {"Groups": [{"GroupId": "sg-1", "GroupName": HOSTILE, "VpcId": "vpc-1", "Evidence": [HOSTILE]}]}
        ),
        printed(dependents, {"GroupId": "sg-1", "Deletable": False, "Dependents": kept, "Calls": [call]}),
    ]
    assert [len(lines) for lines in told] == [4, 2, 6]
    assert all(line.isprintable() for lines in told for line in lines)
    assert [sum(HARMLESS in line for line in lines) for lines in told] == [4, 2, 3]
