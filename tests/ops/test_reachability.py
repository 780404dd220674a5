"""DescribeReachability: who can reach an end, what it can reach, held against ExplainFlow [inferred]."""

from __future__ import annotations

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.naive import passes, picture
from tests.scenes import Json, create_group
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


@pytest.mark.parametrize(("asked", "code"), [({}, "MissingParameter"), ({"From": "10.0.0.1", "To": "10.0.0.2"}, "Inv")])
def test_exactly_one_end_is_named(wall: Wall, asked: Json, code: str) -> None:
    """From or To is asked about, not both and not neither (inferred)."""
    with pytest.raises(ApiError) as refused:
        wall.call("DescribeReachability", **asked)
    assert refused.value.code.startswith(code)


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
