"""What is shown of flows: whether they pass, who reaches whom, and how they are cut."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import pytest
from rich.console import RenderableType

from groupwall.commands.printing import print_shown
from groupwall.commands.shown.flows import cut, explained, reached
from tests.driver import Wall
from tests.scenes import create_group, default_vpc, tcp

Json = dict[str, Any]

HOSTILE = "[red]x[/red] \x1b[31m\u202e:smile:\n"
HARMLESS = r"[red]x[/red] \x1b[31m\u202e:smile:\n"


def printed(show: Callable[[Json], RenderableType], result: Json) -> list[str]:
    """Return the lines that a command prints of a result."""
    out = io.StringIO()
    with redirect_stdout(out):
        print_shown(show, result)
    return out.getvalue().splitlines()


def interface(wall: Wall, *groups: str) -> tuple[str, str]:
    """Make an interface in some groups of the default VPC; return its id and its address."""
    wanted = [{"Name": "vpc-id", "Values": [default_vpc(wall)]}]
    subnet = wall.call("DescribeSubnets", Filters=wanted)["Subnets"][0]["SubnetId"]
    made = wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=list(groups))["NetworkInterface"]
    return made["NetworkInterfaceId"], made["PrivateIpAddress"]


class Pair:
    """An interface of a group, and one of another that admits SSH from the first group."""

    def __init__(self, wall: Wall) -> None:
        self.ops, self.web = create_group(wall, "ops"), create_group(wall, "web")
        self.sender, self.sends = interface(wall, self.ops)
        self.receiver, self.receives = interface(wall, self.web)
        made = wall.call("AuthorizeSecurityGroupIngress", GroupId=self.web, IpPermissions=[tcp(22, self.ops)])
        self.rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        wall.call("CreateTags", Resources=[self.receiver], Tags=[{"Key": "Name", "Value": "front"}])
        asked = [{"Name": "group-id", "Values": [self.ops]}]
        (out,) = wall.call("DescribeSecurityGroupRules", Filters=asked)["SecurityGroupRules"]
        self.out = out["SecurityGroupRuleId"]


@pytest.fixture
def pair(wall: Wall) -> Pair:
    """The pair in a new world."""
    return Pair(wall)


def test_a_flow_that_passes(wall: Wall, pair: Pair) -> None:
    """The verdict comes first; below stand both ends, their gates, and the rules there (inferred)."""
    asked = {"From": pair.sender, "To": pair.receiver, "Protocol": "tcp", "FromPort": 22}
    peer = f"ops ({pair.ops}) is {pair.sends} here"
    assert printed(explained, wall.call("ExplainFlow", **asked)) == [
        "accept",
        f"└── accept: {pair.sender} to front ({pair.receiver})",
        f"    ├── sender {pair.sender}, {pair.sends}, in ops ({pair.ops})",
        "    │   └── egress gate: accept",
        f"    │       └── admitted by {pair.out} all to 0.0.0.0/0, of ops ({pair.ops})",
        f"    ├── receiver front ({pair.receiver}), {pair.receives}, in web ({pair.web})",
        "    │   └── ingress gate: accept",
        f"    │       └── admitted by {pair.rule} tcp 22 from {pair.ops}, of web ({pair.web}); {peer}",
        f"    └── passes tcp 22 from {pair.sends} to {pair.receives}",
    ]


def test_a_flow_in_part(wall: Wall, pair: Pair) -> None:
    """What passes of a flow is told, what is refused, and why, at the gate that refuses it (inferred)."""
    asked = {"From": pair.sender, "To": pair.receiver, "Protocol": "tcp", "FromPort": 22, "ToPort": 23}
    lines = printed(explained, wall.call("ExplainFlow", **asked))
    assert lines[:2] == ["partly", f"└── partly: {pair.sender} to front ({pair.receiver})"]
    assert f"    │       └── no ingress rule of web ({pair.web}) admits tcp 23 from {pair.sends}" in lines
    assert lines[-2:] == [
        f"    ├── passes tcp 22 from {pair.sends} to {pair.receives}",
        f"    └── refused tcp 23 from {pair.sends} to {pair.receives}",
    ]


def test_a_way_that_is_not_there(wall: Wall, pair: Pair) -> None:
    """Where no way leads from one end to the other that is the reason, and an end without members is one (inferred)."""
    vpc = wall.call("CreateVpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    away = wall.call("CreateNetworkInterface", SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    lines = printed(explained, wall.call("ExplainFlow", From=pair.sender, To=away))
    assert lines[0] == "drop"
    assert lines[2].startswith("    ├── no way: ")
    nobody = create_group(wall, "nobody")
    assert printed(explained, wall.call("ExplainFlow", From=pair.sender, To=nobody)) == [
        "drop",
        f"└── no network interface stands behind {nobody}",
    ]


def test_another_account() -> None:
    """Of another account's end and gate no more is told than there is, and how much is left out (inferred)."""
    end = {"Addresses": ["10.0.0.1"], "VpcId": "vpc-1", "AccountId": "210987654321"}
    ours = {"InterfaceIds": ["eni-1", "eni-2"], "Names": ["a", "b"], "InstanceIds": ["i-1"], "GroupIds": ["sg-1"]}
    gate = {"IsEgress": True, "Verdict": "drop"}
    course = {"Verdict": "drop", "Source": end, "Destination": ours, "Gates": [gate], "Reason": "it does not admit it"}
    assert printed(explained, {"Verdict": "drop", "Courses": [course], "Omitted": 3}) == [
        "drop",
        "├── drop: 10.0.0.1 to a, b (eni-1, eni-2)",
        "│   ├── it does not admit it",
        "│   ├── sender 10.0.0.1, account 210987654321, vpc-1",
        "│   │   └── egress gate: drop",
        "│   └── receiver a, b (eni-1, eni-2), of i-1, in sg-1",
        "└── and 3 more",
    ]


def test_who_reaches(wall: Wall, pair: Pair) -> None:
    """Each end is told with the flows and the rules of both gates; where there is none that is said (inferred)."""
    result = wall.call("DescribeReachability", To=pair.receiver, Protocol="tcp", FromPort=22)
    assert printed(reached, result) == [
        f"{pair.sender}, {pair.sends}, in ops ({pair.ops})",
        f"├── asked about: front ({pair.receiver})",
        f"├── passes tcp 22 from {pair.sends} to {pair.receives}",
        f"├── by {pair.out} all to 0.0.0.0/0, of ops ({pair.ops})",
        f"└── by {pair.rule} tcp 22 from {pair.ops}, of web ({pair.web})",
    ]
    assert printed(reached, wall.call("DescribeReachability", To=pair.sender)) == ["nothing passes"]


def test_a_cut(wall: Wall, pair: Pair) -> None:
    """A plan's steps, what it cuts, what else goes, and how to do it are told (inferred)."""
    _, address = interface(wall, pair.ops)
    result = wall.call("PlanCut", From=pair.sender, To=pair.receiver, Protocol="tcp", FromPort=22, MaySplit=False)
    lines = printed(cut, result)
    assert lines[0] == result["Text"]
    assert lines[1] == f"└── {result['Steps'][0]['Text']}"
    assert lines[2:4] == ["cuts", f"└── tcp 22 from {pair.sends} to {pair.receives}"]
    assert lines[4] == "other traffic that it cuts:"
    assert f"└── cut tcp 22 {address}" in lines
    assert lines[-1].endswith("groupwall cut ... --json > plan.json; groupwall apply --calls file://plan.json")


def test_a_cut_of_nothing(wall: Wall, pair: Pair) -> None:
    """Where nothing passes there is nothing to do (inferred)."""
    result = wall.call("PlanCut", From="192.0.2.1", To=pair.sender)
    assert printed(cut, result) == ["nothing passes, so there is nothing to do"]


def test_a_cut_that_breaks_an_expectation() -> None:
    """Expectations that a plan would break are told (inferred)."""
    broken = {"Name": "keep", "Text": "allow tcp 22", "Reason": "refused"}
    assert printed(cut, {"Text": "1 call", "Expectations": [broken]}) == [
        "1 call",
        "breaks the expectation keep: allow tcp 22",
        "└── refused",
    ]


def test_hostile_text() -> None:
    """Whatever names hold is shown in one line, and styles or moves nothing (inferred)."""
    rule = {"SecurityGroupRuleId": "sgr-1", "Text": HOSTILE, "GroupId": "sg-1", "GroupName": HOSTILE}
    rule |= {"Peer": "sg-2", "PeerName": HOSTILE, "PeerAddresses": ["10.0.0.1"]}
    end = {"InterfaceIds": ["eni-1"], "Names": [HOSTILE], "GroupIds": ["sg-1"], "GroupNames": [HOSTILE]}
    gates = [
        {"IsEgress": way, "Verdict": "partly", "Rules": [rule], "Reason": HOSTILE, "Refused": []}
        for way in (True, False)
    ]
    flow = {"Text": HOSTILE}
    course = {"Verdict": "partly", "Source": end, "Destination": end, "Reason": HOSTILE, "Gates": gates}
    told = [
        printed(explained, {"Verdict": "partly", "Courses": [course | {"Passing": [flow], "Refused": [flow]}]}),
        printed(reached, {"Ends": [{"End": end, "Of": end, "Flows": [flow], "Rules": [rule]}]}),
        printed(cut, {"Text": HOSTILE, "Steps": [{"Text": HOSTILE}], "Cut": [flow], "Calls": [{}]}),
    ]
    assert [len(lines) for lines in told] == [13, 4, 5]
    assert all(line.isprintable() for lines in told for line in lines)
    assert [sum(HARMLESS in line for line in lines) for lines in told] == [10, 4, 3]
