"""What is shown of the effect of a change, and of calls that were made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console, RenderableType

from groupwall.commands.shown.changes import applied
from groupwall.commands.shown.effects import effect, would_be_done
from groupwall.commands.shown.parts import several
from tests.driver import Wall
from tests.scenes import create_group, default_vpc, tcp

Json = dict[str, Any]


def drawn(what: RenderableType) -> list[str]:
    """Return the lines that a wide terminal without colours shows."""
    console = Console(width=400, no_color=True, force_terminal=False)
    with console.capture() as lines:
        console.print(what)
    return [line.rstrip() for line in lines.get().splitlines()]


class Scene:
    """An interface in two groups, both of which admit SSH, one from less."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self.web, self.ops = create_group(wall, "web"), create_group(wall, "ops")
        self.rule = self._allow(self.web, "10.0.0.0/8")
        self.other = self._allow(self.ops, "10.1.0.0/16")
        wanted = [{"Name": "vpc-id", "Values": [default_vpc(wall)]}]
        subnet = wall.call("DescribeSubnets", Filters=wanted)["Subnets"][0]["SubnetId"]
        made = wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[self.web, self.ops])
        self.interface = made["NetworkInterface"]["NetworkInterfaceId"]

    def _allow(self, group_id: str, block: str) -> str:
        made = self._wall.call("AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=[tcp(22, block)])
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def preview(self, operation: str, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Return the effect of a call."""
        return self._wall.call("PreviewChanges", Calls=[{"Operation": operation, "Parameters": json.dumps(params)}])


@pytest.fixture
def scene(wall: Wall) -> Scene:
    """The scene in a new world."""
    return Scene(wall)


def test_a_tag_that_cuts(scene: Scene, wall: Wall) -> None:
    """Below what is cut stands whose tag ends flows under way there (inferred)."""
    wall.call("CreateTags", Resources=[scene.ops], Tags=[{"Key": "groupwall:existing-flows", "Value": "cut"}])
    result = scene.preview("RevokeSecurityGroupIngress", GroupId=scene.web, IpPermissions=[tcp(22, "10.0.0.0/8")])
    told = f"├── flows under way that no rule permits any more are cut: tag of ops ({scene.ops})"
    assert told in drawn(effect(result))


def test_a_revoke(scene: Scene) -> None:
    """Rules that go, traffic that is cut, and what passes nevertheless and by which rule are told (inferred)."""
    result = scene.preview("RevokeSecurityGroupIngress", GroupId=scene.web, IpPermissions=[tcp(22, "10.0.0.0/8")])
    lines = drawn(effect(result))
    assert lines[0].split() == ["RULE", "GROUP", "ID", "TRAFFIC"]
    assert lines[1].startswith(f"-  tcp 22 from 10.0.0.0/8  web ({scene.web})  {scene.rule}  cut tcp 22 10.0.0.0/16, ")
    assert lines[2:] == [
        f"ingress of {scene.interface}, in ops ({scene.ops}), web ({scene.web})",
        "├── cut tcp 22 10.0.0.0/16, 10.2.0.0-10.255.255.255",
        "└── still open tcp 22 10.1.0.0/16",
        f"    └── by {scene.other} tcp 22 from 10.1.0.0/16, of ops ({scene.ops})",
    ]
    assert would_be_done(result)


def test_what_several_rules_leave_open(wall: Wall, scene: Scene) -> None:
    """What passes nevertheless stands in one line, above all of the rules that let some of it pass (inferred).

    So no rule stands below traffic that it does not admit.
    """
    wall.call("AuthorizeSecurityGroupIngress", GroupId=scene.ops, IpPermissions=[tcp(23, "10.2.0.0/16")])
    wide = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 23, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    wall.call("AuthorizeSecurityGroupIngress", GroupId=scene.ops, IpPermissions=[wide])
    wall.call("RevokeSecurityGroupIngress", GroupId=scene.web, SecurityGroupRuleIds=[scene.rule])
    result = scene.preview("RevokeSecurityGroupIngress", GroupId=scene.ops, IpPermissions=[wide])
    (gate,) = result["Gates"]
    (still,) = gate["StillOpen"]
    lines = drawn(effect(result))
    (title,) = (at for at, line in enumerate(lines) if "still open" in line and "by" not in line)
    assert lines[title] == "└── still open tcp 22 10.1.0.0/16; tcp 23 10.2.0.0/16"
    assert len(lines[title + 1 :]) == len(still["Rules"]) == 2


def test_groups_are_named(scene: Scene) -> None:
    """The groups at a gate are named, though the answer tells no rule of theirs (inferred)."""
    result = scene.preview("DeleteNetworkInterface", NetworkInterfaceId=scene.interface)
    assert drawn(effect(result))[0] == f"ingress of {scene.interface}, in ops ({scene.ops}), web ({scene.web})"


def test_what_is_not_there(scene: Scene) -> None:
    """Of a rule that is not there the nearest ones are told, and in what they differ (inferred)."""
    lines = drawn(
        effect(scene.preview("RevokeSecurityGroupIngress", GroupId=scene.web, IpPermissions=[tcp(23, "10.0.0.0/8")]))
    )
    assert lines[0] == f"not there: tcp 23 from 10.0.0.0/8, in web ({scene.web})"
    assert lines[1].startswith(
        f"└── nearest: {scene.rule} tcp 22 from 10.0.0.0/8, of web ({scene.web}); ports: 23 asked"
    )


def test_what_would_be_refused(scene: Scene) -> None:
    """A call that would be refused is told with its error and what stands in the way, and is no good one (inferred)."""
    result = scene.preview("DeleteSecurityGroup", GroupId=scene.web)
    lines = drawn(effect(result))
    assert lines[0].startswith("call 1 would be refused: DependencyViolation: ")
    assert lines[1].startswith(f"└── {scene.interface} is a member")
    assert not would_be_done(result)


def test_what_is_opened_altered_and_broken() -> None:
    """Traffic that is opened, rules that are altered or touched, and broken expectations are told (inferred)."""
    rule = {"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": False, "Text": "tcp 22 from ::/0"}
    result = {
        "Rules": [{"Action": "modified", "Rule": rule, "Before": rule | {"Text": "udp 22 from ::/0"}}],
        "Gates": [
            {
                "InterfaceIds": list("abcdef"),
                "GroupIds": [],
                "GroupNames": [],
                "IsEgress": True,
                "Opened": [{"Text": "tcp 22 ::/0"}],
            }
        ],
        "References": [{"Rule": rule, "Reason": "stale"}],
        "Expectations": [{"Name": "no-ssh", "Text": "deny tcp 22", "Reason": "admitted"}],
    }
    assert drawn(effect(result)) == [
        "   RULE                                  GROUP  ID     TRAFFIC",
        "~  udp 22 from ::/0 -> tcp 22 from ::/0  sg-1   sgr-1",
        "egress of a, b, c, d and 2 more, in no group",
        "└── opened tcp 22 ::/0",
        "rules that name what it touches",
        "└── sgr-1 tcp 22 from ::/0, of sg-1: stale",
        "breaks the expectation no-ssh: deny tcp 22",
        "└── admitted",
    ]
    assert not would_be_done(result)


def test_nothing() -> None:
    """Where nothing is altered that is said (inferred)."""
    assert drawn(effect({"Rules": [], "Gates": [], "Mismatches": [], "References": [], "Expectations": []})) == [
        "no rule changes, and no traffic"
    ]


def test_applied(wall: Wall, scene: Scene) -> None:
    """Calls that were made are told with their revision, what they named, and by when to confirm them (inferred)."""
    calls = [
        {"Operation": "CreateSecurityGroup", "Parameters": '{"GroupName": "new", "Description": "d"}'},
        {"Operation": "RevokeSecurityGroupIngress", "Parameters": json.dumps({
            "GroupId": scene.web, "SecurityGroupRuleIds": [scene.rule]})},
        {"Operation": "CreateVpc", "Parameters": '{"CidrBlock": "10.9.0.0/16"}'},
    ]  # fmt: skip
    result = wall.call("ApplyChanges", Calls=calls, ConfirmWithin=60)
    made = [json.loads(one["Result"]) for one in result["Results"]]
    assert drawn(applied(result)) == [
        f"applied as revision {result['Revision']}",
        f"├── CreateSecurityGroup GroupId {made[0]['GroupId']}",
        f"├── RevokeSecurityGroupIngress SecurityGroupRuleId {scene.rule}",
        f"└── CreateVpc VpcId {made[2]['Vpc']['VpcId']}",
        f"undone at 2026-09-21T14:14:20Z unless `groupwall confirm {result['Revision']}` comes before",
    ]
    assert drawn(applied({"Results": []})) == ["nothing had to change"]


def test_ids_of_a_list() -> None:
    """What a call made several of is named once, with all of their ids; the caller's account is not (inferred)."""
    rules = {"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1"}, {"SecurityGroupRuleId": "sgr-2"}]}
    run = {"ReservationId": "r-1", "OwnerId": "123456789012", "Instances": [{"InstanceId": "i-1"}], "Groups": []}
    made = {"AuthorizeSecurityGroupIngress": rules, "RunInstances": run}
    told = {"Revision": 7, "Results": [{"Operation": name, "Result": json.dumps(one)} for name, one in made.items()]}
    assert drawn(applied(told)) == [
        "applied as revision 7",
        "├── AuthorizeSecurityGroupIngress SecurityGroupRuleId sgr-1, sgr-2",
        "└── RunInstances InstanceId i-1 ReservationId r-1",
    ]


def test_many_names() -> None:
    """Of many names the first are told (inferred)."""
    assert several(["a", "b"]) == "a, b"
    assert several(list("abcdefg")) == "a, b, c, d and 3 more"
