"""DescribeReachability: who can reach an end, what it can reach, held against ExplainFlow [inferred]."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from groupwall.ops.flows import reached
from tests.driver import Wall
from tests.naive import Flow, Interface, Picture, passes, picture
from tests.scenes import Json, create_group, refusal
from tests.strategies import EXAMPLES
from tests.told import holds_flow
from tests.worlds import flows, random_world, seeded


def _all(wall: Wall, **asked: object) -> list[Json]:
    """Return the ends of all pages, as small as they may be."""
    ends: list[Json] = []
    page: Json = {"NextToken": None}
    while "NextToken" in page:
        token = {"NextToken": page["NextToken"]} if page["NextToken"] else {}
        page = wall.call("DescribeReachability", **asked, MaxResults=5, **token)
        ends += page["Ends"]
    return ends


@pytest.mark.parametrize("seed", range(25))
def test_whoever_can_reach_is_told(seed: int) -> None:
    """A flow from outside or from an interface passes exactly when its sender is among those told (reference 17)."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        seen = picture(scene.wall, scene.accounts)
        ours = [one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]]
        told = {one: [flow for end in _all(wall, To=one) for flow in end["Flows"]] for one in ours}
        for flow in flows(seen, seeded(seed)):
            if isinstance(flow.destination, tuple) and flow.destination[0] in ours and isinstance(flow.source, str):
                interface, address = flow.destination
                service = (flow.protocol, flow.port, flow.code)
                if not flow.source.startswith("eni-"):
                    assert holds_flow(told[interface], flow.source, address, service) == passes(seen, *flow)


def test_what_an_end_can_reach_is_told(wall: Wall) -> None:
    """The egress of a group tells its destinations, interfaces by name first and the outside last (inferred)."""
    web, app = create_group(wall, "web"), create_group(wall, "app")
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    for group in (web, app):
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])
    pairs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": web}]}]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=app, IpPermissions=pairs)
    inside, outside = wall.call("DescribeReachability", From=web)["Ends"]
    assert inside["End"]["GroupNames"] == ["app"]
    assert inside["Flows"][0]["Services"] == ["tcp 22"]
    assert "InterfaceIds" not in outside["End"]
    assert outside["Of"]["GroupNames"] == ["web"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "MissingParameter: The request must contain the parameter From or To"),
        (
            {"From": "10.0.0.1", "To": "10.0.0.2"},
            "InvalidParameterCombination: Only one of 'From' or 'To' may be provided.",
        ),
    ],
)
def test_exactly_one_end_is_named(wall: Wall, asked: Json, told: str) -> None:
    """From or To is asked about, not both and not neither; who names neither is told both (inferred)."""
    assert refusal(wall, "DescribeReachability", **asked) == told


def test_another_accounts_rules_are_not_told(wall: Wall) -> None:
    """Of an interface across a peering its address, VPC and account are told, and none of its groups and rules."""
    other = wall.elsewhere("111122223333")
    mine = wall.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    theirs = other.call("CreateVpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    asked = wall.call("CreateVpcPeeringConnection", VpcId=mine, PeerVpcId=theirs, PeerOwnerId="111122223333")
    other.call(
        "AcceptVpcPeeringConnection",
        VpcPeeringConnectionId=asked["VpcPeeringConnection"]["VpcPeeringConnectionId"],
    )
    made = []
    for each, vpc, block in ((wall, mine, "10.0.0.0/24"), (other, theirs, "10.1.0.0/24")):
        subnet = each.call("CreateSubnet", VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
        made.append(each.call("CreateNetworkInterface", SubnetId=subnet)["NetworkInterface"])
    group = made[1]["Groups"][0]["GroupId"]
    told = wall.call("ExplainFlow", From=made[0]["NetworkInterfaceId"], To=made[1]["PrivateIpAddress"])
    assert [gate["Verdict"] for gate in told["Courses"][0]["Gates"]] == ["accept", "drop"]
    assert group not in str(told)
    assert made[1]["NetworkInterfaceId"] not in str(told)
    reached = wall.call("DescribeReachability", To=made[0]["NetworkInterfaceId"])
    assert group not in str(reached)


BLOCKS = ("0.0.0.0/0", "10.0.0.0/16", "10.0.0.4/31", "203.0.0.0/16", "203.0.113.7", "::/0", "anywhere")


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 10, 10)))
def test_a_block_is_what_it_holds(seed: int) -> None:
    """To and from a block, what passes is told of our interfaces in it, and of all others with the rest: 16, 17."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        seen, ours = picture(wall, scene.accounts), picture(wall).interfaces
        told = {
            (side, block): [flow for end in _all(wall, **{side: block}) for flow in end["Flows"]]
            for side in ("From", "To")
            for block in BLOCKS
        }
        for flow in flows(seen, seeded(seed), count=80):
            for (side, block), found in told.items():
                ends = _addresses(seen, flow, block, sent=side == "From")
                if ends and any(isinstance(end, str) and end in ours for end in flow[:2]):
                    passing = holds_flow(found, *ends, (flow.protocol, flow.port, flow.code))
                    assert passing or not passes(seen, *flow), (side, block, flow)
                    assert not passing or _somehow(seen, ours, ends, flow), (side, block, flow)


def _addresses(seen: Picture, flow: Flow, block: str, *, sent: bool) -> tuple[str, str] | None:
    """Return the addresses of a flow whose end on one side lies in a block; None for others."""
    other = next((end for end in flow[:2] if isinstance(end, str) and not end.startswith("eni-")), "0.0.0.0")  # noqa: S104
    ends = []
    for end in flow[:2]:
        known = seen.interfaces[end].addresses if end in seen.interfaces else (end,)
        alike = [str(one) for one in known if (":" in str(one)) == (":" in other)]
        if not alike:
            return None
        ends.append(alike[0])
    inside = block == "anywhere" or ip_address(ends[0 if sent else 1]) in ip_network(block)
    return (ends[0], ends[1]) if inside else None


def _somehow(seen: Picture, ours: dict[str, Interface], ends: tuple[str, str], flow: Flow) -> bool:
    """Tell whether a flow passes between two addresses, seen from any of our interfaces that has one of them."""
    pairs = [
        (one.id, ends[1]) if address == ends[0] else (ends[0], one.id)
        for one in ours.values()
        for address in one.addresses
        if address in ends
    ]
    addressed = [
        tuple((end, address) if end != address else end for end, address in zip(pair, ends, strict=True))
        for pair in pairs
    ]
    return any(passes(seen, *pair, *flow[2:]) for pair in addressed)


def test_who_reaches_an_address_outside(wall: Wall) -> None:
    """Of an address that is none of ours, our interfaces are told that it reaches, or that reach it (inferred)."""
    group = create_group(wall)
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    made = wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])["NetworkInterface"]
    [reached] = wall.call("DescribeReachability", To="192.0.2.1")["Ends"]
    assert reached["End"]["InterfaceIds"] == [made["NetworkInterfaceId"]]
    assert reached["Of"] == {"Addresses": ["192.0.2.1"]}
    assert [rule["IsEgress"] for rule in reached["Rules"]] == [True]
    assert wall.call("DescribeReachability", From="192.0.2.1")["Ends"] == []


def test_a_page_looks_at_so_much(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that looked at all that it may ends early, even with nothing, and the next goes on there (inferred)."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    groups = [create_group(wall, f"g{number}") for number in range(4)]
    for group in groups:
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])
    pairs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": groups[0]}]}]
    for group in groups:
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=pairs)
    whole = _all(wall, To="anywhere", Protocol="tcp", FromPort=22)
    assert len(whole) == len(groups) * 2  # each is reached by the first, and reaches the outside
    monkeypatch.setattr(reached, "MOST_LOOKED", 1)
    first = wall.call("DescribeReachability", To=groups[1], FromPort=22)
    assert len(first["Ends"]) <= 1
    assert "NextToken" in first
    assert _all(wall, To="anywhere", Protocol="tcp", FromPort=22) == whole
