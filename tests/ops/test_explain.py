"""ExplainFlow: what passes between two ends, and by which rules, held against the naive evaluator [inferred]."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.naive import Flow, Picture, Service, passes, picture, rules_admitting
from tests.scenes import Json, allow, create_group, permission, tcp
from tests.strategies import EXAMPLES
from tests.told import holds_flow
from tests.worlds import flows, random_call, random_world, seeded

WORLDS = range(EXAMPLES)


def _asked(flow: Flow) -> dict[str, Any]:
    asked: dict[str, Any] = {"Protocol": flow.protocol}
    if flow.port >= 0:
        asked |= {"FromPort": flow.port, "ToPort": flow.code if flow.protocol.startswith("icmp") else flow.port}
    return asked


def _ends(flow: Flow) -> list[tuple[str, str]]:
    """Return (what to ask for, its address) of both ends; interfaces are asked for by id."""
    return [end if isinstance(end, tuple) else (end, end) for end in (flow.source, flow.destination)]


def _addressed(seen: Picture, flow: Flow) -> Flow | None:
    """Return a flow whose ends are given with their addresses, None where an interface has none of the family."""
    other = next((end for end in flow[:2] if isinstance(end, str) and not end.startswith("eni-")), None)
    ipv6 = ":" in other if other else False
    ends: list[Any] = []
    for end in flow[:2]:
        if isinstance(end, tuple) or not end.startswith("eni-"):
            ends.append(end)
            continue
        found = [one for one in seen.interfaces[end].addresses if (":" in str(one)) == ipv6]
        if not found:
            return None
        ends.append((end, str(found[0])))
    return Flow(*ends, *flow[2:])


@pytest.mark.parametrize("seed", WORLDS)
def test_what_passes_is_what_the_naive_evaluator_says(seed: int) -> None:
    """Each flow at the edges of a random world is told to pass exactly when both gates admit it (reference 16, 17)."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        seen = picture(scene.wall, scene.accounts)
        ours = {one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]}
        for sampled in flows(seen, seeded(seed)):
            flow = _addressed(seen, sampled)
            if flow is None or not any(end[0] in ours for end in flow[:2] if isinstance(end, tuple)):
                continue
            # Another account's interface can be asked for by its address alone: an outside host's, when out of reach.
            flow = flow._replace(**{
                name: end[1] for name, end in (("source", flow.source), ("destination", flow.destination))
                if isinstance(end, tuple) and end[0] not in ours
            })  # fmt: skip
            (source, origin), (destination, target) = _ends(flow)
            told = wall.call("ExplainFlow", From=source, To=destination, **_asked(flow))
            found = [passing for course in told["Courses"] for passing in course["Passing"]]
            service = (flow.protocol, flow.port, flow.code)
            assert holds_flow(found, origin, target, service) == passes(seen, *flow), (flow, told["Courses"])


@pytest.fixture
def scene(wall: Wall) -> Json:
    """Return two interfaces of one subnet in groups of their own; app admits SSH from web."""
    web, app = create_group(wall, "web"), create_group(wall, "app")
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    made = [
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])["NetworkInterface"] for group in (web, app)
    ]
    pairs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": web}]}]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=app, IpPermissions=pairs)
    return {"web": web, "app": app, "from": made[0], "to": made[1]}


def test_both_gates_name_their_rules(wall: Wall, scene: Json) -> None:
    """An accepted flow is told with the egress rule of the sender and the ingress rule of the receiver (inferred)."""
    told = wall.call("ExplainFlow", From=scene["web"], To=scene["app"], FromPort=22)
    assert told["Verdict"] == "accept"
    [course] = told["Courses"]
    assert course["Source"]["GroupNames"] == ["web"]
    egress, ingress = course["Gates"]
    assert [rule["Text"] for rule in egress["Rules"]] == ["all to 0.0.0.0/0"]
    assert [rule["Text"] for rule in ingress["Rules"]] == [f"tcp 22 from {scene['web']}"]
    assert all(rule["SecurityGroupRuleId"] in course["Reason"] for gate in course["Gates"] for rule in gate["Rules"])


def test_a_refusal_names_the_gate_and_the_nearest_rule(wall: Wall, scene: Json) -> None:
    """A dropped flow is told with the gate that drops it, and the rule that comes nearest (inferred)."""
    told = wall.call("ExplainFlow", From=scene["from"]["NetworkInterfaceId"], To=scene["app"], FromPort=443)
    assert told["Verdict"] == "drop"
    [course] = told["Courses"]
    assert [gate["Verdict"] for gate in course["Gates"]] == ["accept", "drop"]
    assert "no ingress rule of app" in course["Reason"]
    assert "nearest: sgr-" in course["Reason"]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([tcp(443, "10.0.0.0/8")], "all from 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6, nor all but tcp 443 from 10.0.0.0/8"),
        (
            [permission("tcp", 20, 25, "0.0.0.0/0"), tcp(443, "10.0.0.0/8")],
            "all but tcp 20-25, 443 from 8.0.0.0/5, nor tcp 443 from 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6",
        ),
        (
            [tcp(port, f"{port}.0.0.0/8") for port in (10, 11, 12)],
            (
                "all from 8.0.0.0/7, 13.0.0.0/8, 14.0.0.0/7, nor all but tcp 10 from 10.0.0.0/8,"
                " nor all but tcp 11 from 11.0.0.0/8, and 1 more"
            ),
        ),
    ],
)
def test_services_are_told_with_their_addresses(wall: Wall, scene: Json, rules: list[Json], told: str) -> None:
    """A reason tells services with those addresses alone that they are refused for (inferred)."""
    allow(wall, scene["app"], *rules)
    [course] = wall.call("ExplainFlow", From="8.0.0.0/5", To=scene["app"])["Courses"]
    assert course["Gates"][0]["Reason"].partition(" admits ")[2].partition("; nearest")[0] == told


@pytest.mark.parametrize(
    ("asked", "services"),
    [
        ({"Protocol": "icmp"}, ["icmp"]),
        ({"Protocol": "1"}, ["icmp"]),
        ({"Protocol": "icmpv6"}, ["icmpv6"]),
        ({"Protocol": "icmp", "FromPort": -1, "ToPort": -1}, ["icmp"]),
        ({"Protocol": "icmp", "FromPort": 8}, ["icmp 8/*"]),
        ({"Protocol": "icmp", "FromPort": 3, "ToPort": 4}, ["icmp 3/4"]),
    ],
)
def test_icmp_types_and_codes_that_are_not_named(wall: Wall, scene: Json, asked: Json, services: list[str]) -> None:
    """Without a type every type of ICMP is meant, and without a code every code of the type (inferred)."""
    allow(wall, scene["app"], permission("-1", None, None, "::/0", "0.0.0.0/0"))
    [course] = wall.call("ExplainFlow", From="192.0.2.1", To=scene["app"], **asked)["Courses"]
    assert [flow["Services"] for flow in course["Passing"]] == [services]


@pytest.mark.parametrize("operation", ["PlanCut", "BisectFlow", "DescribeReachability", "CheckExpectations"])
def test_icmp_without_a_type_is_understood_by_all(wall: Wall, scene: Json, operation: str) -> None:
    """Whatever asks about services reads ICMP without a type as every type (inferred)."""
    asked: Json = {"From": "192.0.2.1", "To": scene["app"], "Protocol": "icmp"}
    if operation == "DescribeReachability":
        del asked["From"]
    wall.call(operation, **({"Expectations": [asked | {"Name": "ping"}]} if "Expect" in operation else asked))


def test_no_peering_is_no_way(wall: Wall, scene: Json) -> None:
    """Between VPCs that no active peering joins nothing passes, whatever the rules say (reference 16, inferred)."""
    vpc = wall.call("CreateVpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    away = wall.call("CreateNetworkInterface", SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    told = wall.call("ExplainFlow", From=away, To=scene["app"])
    assert told["Verdict"] == "drop"
    assert told["Courses"][0]["Reason"].startswith("no way: ")


@pytest.mark.parametrize(
    ("source", "destination", "code"),
    [
        ("eni-00000000", "10.0.0.1", "InvalidNetworkInterfaceID.NotFound"),
        ("eni-x", "10.0.0.1", "InvalidNetworkInterfaceId.Malformed"),
        ("sg-00000000", "10.0.0.1", "InvalidGroup.NotFound"),
        ("i-00000000", "10.0.0.1", "InvalidInstanceID.NotFound"),
        ("10.0.0.1", "10.0.0.2", "InvalidParameterValue"),
        ("10.0.0.0/8", "anywhere", "InvalidParameterValue"),
        ("nowhere", "$app", "InvalidParameterValue"),
        ("10.0.0.0/33", "$app", "InvalidParameterValue"),
        ("", "$app", "InvalidParameterValue"),
        ("\N{SNOWMAN}", "$app", "InvalidParameterValue"),
    ],
)
def test_ends_that_are_none(wall: Wall, scene: Json, source: str, destination: str, code: str) -> None:
    """An end that is malformed, unknown or not ours is refused with the error of its kind (inferred)."""
    with pytest.raises(ApiError) as refused:
        wall.call("ExplainFlow", From=source, To=destination.replace("$app", scene["app"]))
    assert refused.value.code == code


def test_a_group_without_members_reaches_nobody(wall: Wall, scene: Json) -> None:
    """A group that has no member is answered with the reason instead of courses (inferred)."""
    empty = create_group(wall, "empty")
    told = wall.call("ExplainFlow", From=empty, To=scene["app"])
    assert (told["Verdict"], told["Courses"]) == ("drop", [])
    assert empty in told["Reason"]


def _told(wall: Wall, name: str, **asked: object) -> Json:
    """Return an answer without the token of its next page, or the code of the refusal."""
    try:
        return {key: value for key, value in wall.call(name, **asked).items() if key != "NextToken"}
    except ApiError as error:
        return {"Code": error.code}


def _everything(walls: list[Wall], ends: list[str], **at: object) -> list[Json]:
    """Return what each account is told of what passes from and to each end."""
    return [
        told
        for wall in walls
        for one in ends
        for told in (
            _told(wall, "ExplainFlow", From=one, To="anywhere", **at),
            _told(wall, "ExplainFlow", From="anywhere", To=one, **at),
            _told(wall, "DescribeReachability", From=one, **at),
            _told(wall, "DescribeReachability", To=one, **at),
        )
    ]


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 25, 4)))
def test_the_past_is_told_as_it_was(seed: int) -> None:
    """What is told of a revision, or of a time, is what was told then, whatever anyone has changed since (inferred)."""
    with Wall() as wall:
        chance = seeded(seed)
        scene = random_world(wall, chance)
        walls = [wall.elsewhere(account, wall.region) for account in scene.accounts]
        ends = [*list(picture(wall, scene.accounts).interfaces)[:3], *list(picture(wall).groups)[:2], "10.0.0.4"]
        told = []
        for _ in range(6):
            wall.clock.advance(60)
            told.append((wall.app.revision(), wall.clock.now(), _everything(walls, ends)))
            wall.clock.advance(60)
            for each in walls:
                with contextlib.suppress(ApiError):
                    operation, params = random_call(dataclasses.replace(scene, wall=each), chance)
                    each.call(operation, **params)
        for revision, time, answers in told:
            assert _everything(walls, ends, AtRevision=revision) == answers
            assert _everything(walls, ends, At=time) == answers


def test_a_world_that_nobody_changed(wall: Wall) -> None:
    """A world shows what a new account has until it is changed, at the store's revision, as its past does later."""
    create_group(wall.elsewhere("111122223333", wall.region))
    group = wall.call("DescribeSecurityGroups")["SecurityGroups"][0]["GroupId"]
    told = wall.call("ExplainFlow", From=group, To="anywhere")
    assert told["Revision"] == wall.app.revision() == 2
    create_group(wall)
    for revision in (0, 2):
        then = wall.call("ExplainFlow", From=group, To="anywhere", AtRevision=revision)
        assert then == told | {"Revision": revision}


def test_one_address_of_several(wall: Wall, scene: Json) -> None:
    """An address means itself, and not what else its interface has (inferred)."""
    interface = scene["to"]["NetworkInterfaceId"]
    asked = {"NetworkInterfaceId": interface, "SecondaryPrivateIpAddressCount": 1}
    wall.call("AssignPrivateIpAddresses", **asked)
    told = wall.call("ExplainFlow", From=scene["web"], To=scene["to"]["PrivateIpAddress"])
    assert [course["Destination"]["Addresses"] for course in told["Courses"]] == [[scene["to"]["PrivateIpAddress"]]]


def test_a_group_stands_for_its_members(wall: Wall, scene: Json) -> None:
    """A rule that references a group tells its name, and which of the asked addresses it stands for (inferred)."""
    told = wall.call("ExplainFlow", From="172.31.0.0/16", To=scene["app"], FromPort=22)
    [rule] = next(course for course in told["Courses"] if course["Passing"])["Gates"][-1]["Rules"]
    assert (rule["PeerName"], rule["PeerAddresses"]) == ("web", [scene["from"]["PrivateIpAddress"]])
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=scene["from"]["NetworkInterfaceId"])
    told = wall.call("ExplainFlow", From="172.31.0.0/16", To=scene["app"], FromPort=22)
    assert told["Courses"][0]["Reason"].endswith("which stands for no address here")


def test_no_more_than_fifty_courses_are_shown(wall: Wall, scene: Json) -> None:
    """Of many courses those of which something passes are shown first, and the rest is counted (inferred)."""
    subnet, vpc = scene["from"]["SubnetId"], scene["from"]["VpcId"]
    for number in range(60):
        group = create_group(wall, f"g{number}", vpc)
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group, *([scene["web"]] if number > 57 else [])])
    told = wall.call("ExplainFlow", From="anywhere", To=scene["app"], FromPort=22)
    assert (len(told["Courses"]), told["Omitted"], told["Verdict"]) == (50, 13, "partly")
    assert [course["Verdict"] for course in told["Courses"]] == ["accept"] * 3 + ["drop"] * 47


def test_the_rules_are_those_of_the_naive_evaluator(wall: Wall) -> None:
    """The rules that a gate is told to admit one flow by are all that do, and no others (reference 17, docs)."""
    scene = random_world(wall, seeded(3))
    seen = picture(scene.wall, scene.accounts)
    ours = [one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]]
    looked = 0
    for flow in flows(seen, seeded(4), count=300):
        ends = _addressed(seen, flow)
        if ends is None or not isinstance(ends.destination, tuple) or not isinstance(ends.source, str):
            continue
        interface = ends.destination[0]
        if interface not in ours or len(seen.interfaces[interface].addresses) > 1:
            continue
        told = wall.call("ExplainFlow", From=ends.source, To=interface, **_asked(flow))
        gates = [gate for course in told["Courses"] for gate in course["Gates"] if not gate["IsEgress"]]
        expected = rules_admitting(seen, interface, "ingress", ends.source, *Service(*flow[2:]))
        assert [{(rule["GroupId"], rule["SecurityGroupRuleId"]) for rule in gate["Rules"]} for gate in gates] == [
            expected
        ]
        looked += bool(expected)
    assert looked


def test_services_and_blocks(wall: Wall, scene: Json) -> None:
    """A block is told apart where only some of it is admitted (inferred)."""
    wall.call("AuthorizeSecurityGroupIngress", GroupId=scene["app"], IpPermissions=[tcp(80, "198.51.100.0/25")])
    told = wall.call("ExplainFlow", From="198.51.100.0/24", To=scene["app"], FromPort=80)
    assert told["Verdict"] == "partly"
    [course] = told["Courses"]
    assert [one["Sources"] for one in course["Passing"]] == [["198.51.100.0/25"]]
    assert [one["Sources"] for one in course["Refused"]] == [["198.51.100.128/25"]]
