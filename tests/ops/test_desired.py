"""What hosts should enforce: an agent that folds what it is told has what it would be told as a whole [inferred]."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.ops.table import OPERATIONS
from groupwall.store.retention import Retention
from tests.counting import cost, counted
from tests.driver import Wall
from tests.interfaces import create_interface, interface_of, launch
from tests.ops.examples import EXAMPLES, filled, set_out
from tests.scenes import Json, allow, create_group, create_prefix_list, create_vpc, permission, rules_of, tcp
from tests.strategies import EXAMPLES as MANY
from tests.worlds import OTHER_ACCOUNT, make_random_call, random_world, seeded

KINDS = {
    "group": ("Groups", ("GroupId",)),
    "members": ("Members", ("GroupId", "VpcId")),
    "prefix-list": ("PrefixLists", ("PrefixListId",)),
    "interface": ("Interfaces", ("NetworkInterfaceId",)),
    "peering": ("Peerings", ("VpcPeeringConnectionId",)),
    "vpc": ("Vpcs", ("VpcId",)),
}
Folded = dict[tuple[str, ...], Json]


class Agent:
    """Whoever asks again and again, and folds the answers."""

    def __init__(self, wall: Wall, **params: Any) -> None:  # noqa: ANN401 - as boto3 gives them
        self._wall = wall
        self._params = params
        self.revision = 0
        self.facts: Folded = {}
        self.told: Json = {}

    def ask(self) -> Json:
        """Ask for what is new since the last answer, and fold it."""
        self.told = self._wall.call("DescribeDesired", After=self.revision, **self._params)
        if self.told["Whole"]:
            self.facts = {}
        for one in self.told["Gone"]:
            del self.facts[one["Kind"], one["Id"], *([one["VpcId"]] if "VpcId" in one else [])]
        for kind, (member, names) in KINDS.items():
            self.facts |= {(kind, *(fact[name] for name in names)): fact for fact in self.told[member]}
        self.revision = self.told["Revision"]
        return self.told


def _whole(wall: Wall, **params: Any) -> Folded:  # noqa: ANN401 - as boto3 gives them
    agent = Agent(wall, **params)
    assert agent.ask()["Whole"]
    return agent.facts


def _empty(told: Json) -> bool:
    return not any(told[member] for member, _ in KINDS.values()) and not told["Gone"]


@settings(max_examples=MANY // 2)
@given(st.integers(0, 2**32), st.integers(1, 12), st.booleans())
def test_folded_answers_are_the_whole(seed: int, calls: int, some: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Whole at one revision, folded with what is told after it, equals whole at the head, in random worlds."""
    random = seeded(seed)
    with Wall() as wall:
        scene = random_world(wall, random)
        params = {"VpcIds": [scene.vpcs[0].id]} if some else {}
        often, once = Agent(wall, **params), Agent(wall, **params)
        once.ask()
        for _ in range(calls):
            make_random_call(scene, random)
            often.ask()
            assert often.facts == _whole(wall, **params)
        assert not once.ask()["Whole"]
        assert once.facts == often.facts


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.changes])
def test_every_operation_is_told(wall: Wall, name: str) -> None:
    """Whatever an operation does, the answer after it brings an agent to where all is."""
    places = set_out(wall, name)
    agents = [(Agent(wall, **params), params) for params in ({}, {"VpcIds": [places["vpc"]]})]
    for example in EXAMPLES[name]:
        for agent, params in agents:
            agent.ask()
            assert agent.facts == _whole(wall, **params)
        with suppress(ApiError):
            wall.call(name, **filled(example, places))
    for agent, params in agents:
        assert not agent.ask()["Whole"]
        assert agent.facts == _whole(wall, **params)


def test_what_is_told_of_a_world(wall: Wall) -> None:
    """A group has its rules, a reference the addresses that it means, an interface what packets are known by."""
    vpc = create_vpc(wall)
    web, app = create_group(wall, "web", vpc), create_group(wall, "app", vpc)
    listed = create_prefix_list(wall, "192.0.2.0/24")
    subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    interface = create_interface(wall, SubnetId=subnet, Groups=[app], PrivateIpAddress="10.0.0.7")
    rules = [*allow(wall, web, tcp(22, app)), *allow(wall, web, permission("icmp", 8, -1, listed))]
    facts = _whole(wall)
    ports: Json = {"IsEgress": False, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    assert facts["group", web]["Rules"][1:] == [
        {"IsEgress": False, "IpProtocol": "icmp", "FromPort": 8, "ToPort": -1}
        | {"SecurityGroupRuleId": rules[1], "PrefixListId": listed},
        ports | {"SecurityGroupRuleId": rules[0], "ReferencedGroupId": app},
    ]
    assert facts["members", app, vpc] == {"VpcId": vpc, "GroupId": app, "Addresses": ["10.0.0.7"]}
    assert facts["prefix-list", listed]["Cidrs"] == ["192.0.2.0/24"]
    assert facts["vpc", vpc]["CidrBlocks"] == ["10.0.0.0/16"]
    told = facts["interface", interface]
    assert (told["SubnetId"], told["GroupIds"], told["Addresses"]) == (subnet, [app], ["10.0.0.7"])
    assert (told["SourceDestCheck"], "InstanceId" in told) == (True, False)
    assert not {"TcpEstablishedTimeout", "UdpStreamTimeout", "UdpTimeout"} & told.keys()
    assert told["MacAddress"] == interface_of(wall, interface)["MacAddress"]


def test_timeouts_are_told(wall: Wall) -> None:
    """An interface tells the timeouts that it was given, and a change of them is one of it (reference 20 [model])."""
    interface = create_interface(wall)
    agent = Agent(wall)
    agent.ask()
    given = {"TcpEstablishedTimeout": 350, "UdpTimeout": 60}
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, ConnectionTrackingSpecification=given)
    agent.ask()
    told = agent.facts["interface", interface]
    assert {name: value for name, value in told.items() if name.endswith("Timeout")} == given


def test_instances_come_and_go_with_their_interfaces(wall: Wall) -> None:
    """An interface tells its instance and what that was asked to be; the interface is gone once it is terminated."""
    agent, instance = Agent(wall), launch(wall)
    agent.ask()
    wall.call("StopInstances", InstanceIds=[instance])
    [told] = agent.ask()["Interfaces"]
    assert (told["InstanceId"], told["InstanceState"]) == (instance, "stopped")
    wall.call("TerminateInstances", InstanceIds=[instance])
    assert [(one["Kind"], one["Id"]) for one in agent.ask()["Gone"]] == [("interface", told["NetworkInterfaceId"])]


def test_what_alters_nothing_here_is_not_told(wall: Wall, web: str) -> None:
    """A name, a tag, a description or a host is a change, and no news to an agent but its revision."""
    rule = rules_of(wall, web, egress=True)[0]["SecurityGroupRuleId"]
    agent = Agent(wall)
    agent.ask()
    wall.call("CreateTags", Resources=[web, rule], Tags=[{"Key": "a", "Value": "b"}])
    described = [{"SecurityGroupRuleId": rule, "Description": "d"}]
    wall.call("UpdateSecurityGroupRuleDescriptionsEgress", GroupId=web, SecurityGroupRuleDescriptions=described)
    wall.call("Acknowledge", Host="one", Revision=1, InterfaceIds=["eni-00000001"])
    before = agent.revision
    assert _empty(agent.ask())
    assert agent.revision == before + 3
    assert _empty(agent.ask())


@pytest.mark.parametrize("after", [0, -1, 10**9])
def test_an_unknown_after_is_told_everything(wall: Wall, after: int) -> None:
    """Without a revision, and with one that this store has not come to, an agent is told all."""
    create_group(wall)
    assert wall.call("DescribeDesired", After=after)["Whole"]


def test_a_forgotten_after_is_told_everything(wall: Wall) -> None:
    """Where changes since the revision are not kept any more, an agent is told all."""
    for number in range(4):
        create_group(wall, f"g{number}")
    wall.clock.advance(3600)
    create_group(wall, "new")
    while wall.app.forget(Retention(age=60_000)):
        pass
    oldest = wall.call("DescribeChanges")["Oldest"]
    assert not wall.call("DescribeDesired", After=oldest - 1)["Whole"]
    assert wall.call("DescribeDesired", After=oldest - 2)["Whole"]


def test_others_members_across_a_peering_are_told(wall: Wall) -> None:
    """What another account's group comes to mean is told to who refers to it, and nothing else of that account."""
    other = wall.elsewhere(OTHER_ACCOUNT, wall.region)
    mine, theirs = create_vpc(wall), create_vpc(other, "10.1.0.0/16")
    asked = {"VpcId": mine, "PeerVpcId": theirs, "PeerOwnerId": OTHER_ACCOUNT}
    made = wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    web, app = create_group(wall, "web", mine), create_group(other, "app", theirs)
    pair = {"UserId": OTHER_ACCOUNT, "GroupId": app}
    asked_for = permission("tcp", 22, 22) | {"UserIdGroupPairs": [pair]}
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[asked_for])
    subnet = other.call("CreateSubnet", VpcId=theirs, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    agent = Agent(wall)
    assert agent.ask()["Peerings"] == []
    create_interface(other, SubnetId=subnet, Groups=[app], PrivateIpAddress="10.1.0.9")
    told = agent.ask()
    assert told["Members"] == [{"VpcId": mine, "GroupId": app, "Addresses": ["10.1.0.9"]}]
    assert told["Interfaces"] == []


def _in_account_of(groups: int, folder: Path) -> int:
    """Return the statements of an answer after one revoke, in an account with so many groups."""
    with Wall() as wall:
        for number in range(groups):
            allow(wall, create_group(wall, f"g{number}"), tcp(22, "192.0.2.0/24"))
        web, interface = create_group(wall), create_interface(wall)
        wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[web])
        after = wall.app.revision()
        allow(wall, web, tcp(22, web))
        with counted(wall, folder) as connection:
            return cost(wall, connection, "DescribeDesired", {"After": after}).statements


def test_the_account_does_not_count(tmp_path: Path) -> None:
    """What changed costs as many statements in a small account as in a large one."""
    small, large = (_in_account_of(groups, tmp_path) for groups in (1, 60))
    assert small == large < 60


def test_the_same_answer_is_made_once(wall: Wall, web: str, tmp_path: Path) -> None:
    """What all hosts ask after a change costs the second of them next to nothing; after another change it is anew."""
    after = wall.app.revision()
    allow(wall, web, tcp(22, web))
    first = wall.call("DescribeDesired", After=after)
    with counted(wall, tmp_path) as connection:
        assert cost(wall, connection, "DescribeDesired", {"After": after}).statements < 12
        assert wall.call("DescribeDesired", After=after) == first
        wall.call("CreateSecurityGroup", GroupName="new", Description="d")
        told = wall.call("DescribeDesired", After=after)
        assert (len(first["Groups"]), len(told["Groups"])) == (1, 2)


def _apply(wall: Wall, flows: str, operation: str, **params: Any) -> None:  # noqa: ANN401 - as boto3 gives them
    calls = [{"Operation": operation, "Parameters": json.dumps(params)}]
    wall.call("ApplyChanges", Calls=calls, ExistingFlows=flows)


def test_a_cut_names_what_it_altered(wall: Wall) -> None:
    """Of changes that are told together those that ask for a cut are known by what they altered."""
    web, app, idle = (create_group(wall, name) for name in ("web", "app", "idle"))
    for group in (web, app, idle):
        allow(wall, group, tcp(22, "192.0.2.0/24"), tcp(80, web))
    interface = create_interface(wall, Groups=[web, app])
    agent = Agent(wall)
    agent.ask()
    _apply(wall, "keep", "RevokeSecurityGroupIngress", GroupId=app, IpPermissions=[tcp(22, "192.0.2.0/24")])
    _apply(wall, "cut", "RevokeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, "192.0.2.0/24")])
    wall.call("RevokeSecurityGroupIngress", GroupId=idle, IpPermissions=[tcp(22, "192.0.2.0/24")])
    told = agent.ask()
    assert {one["GroupId"] for one in told["Groups"]} == {web, app, idle}
    assert [(one["Kind"], one["Id"]) for one in told["Cuts"]] == [("group", web)]
    _apply(wall, "cut", "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[app])
    assert {(one["Kind"], one["Id"]) for one in agent.ask()["Cuts"]} == {("interface", interface), ("members", web)}
    assert _empty(agent.ask())
    assert agent.told["Cuts"] == []


def test_a_tag_asks_for_cuts(wall: Wall, web: str) -> None:
    """The tag groupwall:existing-flows of a group is told while it says cut."""
    agent = Agent(wall)
    tags = [{"Key": "groupwall:existing-flows", "Value": "cut"}]
    for call, expected in (("CreateTags", "cut"), ("DeleteTags", None)):
        agent.ask()
        wall.call(call, Resources=[web], Tags=tags)
        [told] = agent.ask()["Groups"]
        assert (told["GroupId"], told.get("ExistingFlows")) == (web, expected)
    wall.call("CreateTags", Resources=[web], Tags=[tags[0] | {"Value": "keep"}])
    assert _empty(agent.ask())
