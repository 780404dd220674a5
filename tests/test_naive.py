"""The naive evaluator says what AWS's pages say, and random worlds are varied and quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from time import process_time
from typing import NamedTuple

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.naive import (
    Flow,
    Interface,
    Peering,
    Picture,
    Rule,
    address_of,
    joined,
    passes,
    picture,
    rules_admitting,
)  # fmt: skip
from tests.scenes import create_group, create_prefix_list, create_vpc, peer_vpcs, permission, tcp
from tests.worlds import OTHER_ACCOUNT, Scene, changed, flows, random_call, random_world, seeded

SEEDS = range(30)

PASSES, DROPS = True, False

INTERFACES = (
    Interface("eni-a", "vpc-1", "subnet-1", ("10.0.0.4", "10.0.0.104", "2001:db8:a::4"), frozenset({"sg-a"})),
    Interface("eni-b", "vpc-1", "subnet-1", ("10.0.0.5", "2001:db8:a::5"), frozenset({"sg-b", "sg-more"})),
    Interface("eni-plain", "vpc-1", "subnet-1", ("10.0.0.6",), frozenset({"sg-a"})),
    Interface("eni-far", "vpc-2", "subnet-2", ("10.1.0.4",), frozenset({"sg-far"})),
    Interface("eni-lent", "vpc-2", "subnet-2", ("10.1.0.5",), frozenset({"sg-a"})),
    Interface("eni-lost", "vpc-3", "subnet-3", ("10.2.0.4",), frozenset({"sg-lost"})),
    Interface("eni-twin", "vpc-4", "subnet-4", ("10.0.0.4",), frozenset({"sg-twin"})),
    Interface("eni-third", "vpc-5", "subnet-5", ("10.5.0.4",), frozenset({"sg-third"})),
)
"""vpc-1 is peered with vpc-2, and vpc-2 with vpc-5; with vpc-3 it was, with vpc-4 it never was."""

SEEN = Picture(
    groups={
        "sg-a": "vpc-1", "sg-b": "vpc-1", "sg-more": "vpc-1", "sg-far": "vpc-2", "sg-lost": "vpc-3", "sg-twin": "vpc-4",
        "sg-third": "vpc-5",
    },
    rules=(),
    interfaces={one.id: one for one in INTERFACES},
    entries={"pl-1": ("198.51.100.0/24", "203.0.113.7/32"), "pl-6": ("2001:db8:6::/48",), "pl-0": ()},
    peerings=(
        Peering("pcx-1", frozenset({"vpc-1", "vpc-2"}), joins=True),
        Peering("pcx-2", frozenset({"vpc-2", "vpc-5"}), joins=True),
        Peering("pcx-3", frozenset({"vpc-1", "vpc-3"}), joins=False),
    ),
    associations=frozenset({("sg-a", "vpc-2")}),
)  # fmt: skip


class Row(NamedTuple):
    """A fact with its source; rules as ``group direction protocol first last peer``; a flow; whether it passes."""

    fact: str
    rules: str
    flow: Flow
    passes: bool


HOST = "203.0.113.7"
SIXTH = "2001:db8:9::1"
SSH = "sg-b ingress tcp 22 22 "
OPEN = "sg-a egress -1 -1 -1 0.0.0.0/0"
ROWS = [
    Row("17 only allow rules: without one nothing enters", "", Flow(HOST, "eni-b", "tcp", 22), DROPS),
    Row("17 only allow rules: without one nothing leaves", "", Flow("eni-b", HOST, "tcp", 22), DROPS),
    Row("5.1 a block's first address", SSH + "203.0.113.0/24", Flow("203.0.113.0", "eni-b", "tcp", 22), PASSES),
    Row("5.1 a block's last address", SSH + "203.0.113.0/24", Flow("203.0.113.255", "eni-b", "tcp", 22), PASSES),
    Row("5.1 a block's neighbour", SSH + "203.0.113.0/24", Flow("203.0.114.0", "eni-b", "tcp", 22), DROPS),
    Row("3.1 IPv4 blocks hold no IPv6", SSH + "0.0.0.0/0", Flow(SIXTH, "eni-b", "tcp", 22), DROPS),
    Row("3.1 IPv6 blocks hold no IPv4", SSH + "::/0", Flow(HOST, "eni-b", "tcp", 22), DROPS),
    Row("3.1 IPv6 blocks", SSH + "2001:db8:9::/64", Flow(SIXTH, "eni-b", "tcp", 22), PASSES),
    Row("3.1 a rule has one direction", SSH + "0.0.0.0/0", Flow("eni-b", HOST, "tcp", 22), DROPS),
    Row("5.1 ports: the first of a range", "sg-b ingress udp 20 25 0.0.0.0/0", Flow(HOST, "eni-b", "udp", 20), PASSES),
    Row("5.1 ports: the last of a range", "sg-b ingress udp 20 25 0.0.0.0/0", Flow(HOST, "eni-b", "udp", 25), PASSES),
    Row("5.1 ports: one more", "sg-b ingress udp 20 25 0.0.0.0/0", Flow(HOST, "eni-b", "udp", 26), DROPS),
    Row("3.1 another protocol", SSH + "0.0.0.0/0", Flow(HOST, "eni-b", "udp", 22), DROPS),
    Row("3.2 a protocol's number is its name", SSH + "0.0.0.0/0", Flow(HOST, "eni-b", "6", 22), PASSES),
    Row("3.2 -1 is every protocol", "sg-b ingress -1 -1 -1 0.0.0.0/0", Flow(HOST, "eni-b", "47"), PASSES),
    Row("3.2 -1 is every port", "sg-b ingress -1 -1 -1 0.0.0.0/0", Flow(HOST, "eni-b", "udp", 0), PASSES),
    Row("3.2 other protocols have no ports", "sg-b ingress 50 -1 -1 0.0.0.0/0", Flow(HOST, "eni-b", "50", 7), PASSES),
    Row("3.2 other protocols differ", "sg-b ingress 50 -1 -1 0.0.0.0/0", Flow(HOST, "eni-b", "51"), DROPS),
    Row("3.2 icmp: type and code", "sg-b ingress icmp 3 1 0.0.0.0/0", Flow(HOST, "eni-b", "icmp", 3, 1), PASSES),
    Row("3.2 icmp: another code", "sg-b ingress icmp 3 1 0.0.0.0/0", Flow(HOST, "eni-b", "icmp", 3, 2), DROPS),
    Row("3.2 icmp: every code", "sg-b ingress icmp 8 -1 0.0.0.0/0", Flow(HOST, "eni-b", "icmp", 8, 9), PASSES),
    Row("3.2 icmp: another type", "sg-b ingress icmp 8 -1 0.0.0.0/0", Flow(HOST, "eni-b", "icmp", 9, 9), DROPS),
    Row("3.2 icmp: a type is no range", "sg-b ingress icmp 3 8 0.0.0.0/0", Flow(HOST, "eni-b", "icmp", 5, 8), DROPS),
    Row("3.2 icmp: all", "sg-b ingress icmp -1 -1 0.0.0.0/0", Flow(HOST, "eni-b", "icmp", 255, 255), PASSES),
    Row("3.2 icmpv6 is not icmp", "sg-b ingress icmp -1 -1 ::/0", Flow(SIXTH, "eni-b", "icmpv6", 128, 0), DROPS),
    Row("3.2 icmpv6: all", "sg-b ingress icmpv6 -1 -1 ::/0", Flow(SIXTH, "eni-b", "58", 128, 0), PASSES),
    Row("17 groups are united", "sg-more ingress tcp 22 22 0.0.0.0/0", Flow(HOST, "eni-b", "tcp", 22), PASSES),
    Row("17 other groups' rules", "sg-a ingress tcp 22 22 0.0.0.0/0", Flow(HOST, "eni-b", "tcp", 22), DROPS),
    Row("15 a list's entries", SSH + "pl-1", Flow(HOST, "eni-b", "tcp", 22), PASSES),
    Row("15 what a list lacks", SSH + "pl-1", Flow("203.0.113.8", "eni-b", "tcp", 22), DROPS),
    Row("15 a list of IPv6", SSH + "pl-6", Flow("2001:db8:6:ffff::", "eni-b", "tcp", 22), PASSES),
    Row("15 an empty list", SSH + "pl-0", Flow(HOST, "eni-b", "tcp", 22), DROPS),
    Row("16 a member's address", f"{SSH}sg-a; {OPEN}", Flow("eni-a", "eni-b", "tcp", 22), PASSES),
    Row("16 a member's second", f"{SSH}sg-a; {OPEN}", Flow("10.0.0.104", "eni-b", "tcp", 22), PASSES),
    Row(
        "16 a member's IPv6", f"{SSH}sg-a; sg-a egress tcp 22 22 ::/0",
        Flow("2001:db8:a::4", "eni-b", "tcp", 22), PASSES,
    ),
    Row("16 no member", f"{SSH}sg-more; {OPEN}", Flow("eni-a", "eni-b", "tcp", 22), DROPS),
    Row("5.1 itself", "sg-a ingress tcp 1 1 sg-a; " + OPEN, Flow("eni-a", "eni-plain", "tcp", 1), PASSES),
    Row("17 both gates: the sender's", SSH + "sg-a", Flow("eni-a", "eni-b", "tcp", 22), DROPS),
    Row("17 both gates: the receiver's", OPEN, Flow("eni-a", "eni-b", "tcp", 22), DROPS),
    Row("17 an address that is an interface's has its gate", OPEN, Flow("eni-a", "10.0.0.5", "tcp", 22), DROPS),
    Row("17 an address that is none's has none", OPEN, Flow("eni-a", "10.0.0.9", "tcp", 22), PASSES),
    Row("3.1 one without IPv6, at a host", "sg-a egress 50 -1 -1 ::/0", Flow("eni-plain", SIXTH, "50"), PASSES),
    Row("17 one without IPv6", OPEN + "; sg-b ingress -1 -1 -1 ::/0", Flow("eni-plain", "2001:db8:a::5", "50"), DROPS),
    Row(
        "16 a member across a peering", SSH + "sg-far; sg-far egress -1 -1 -1 sg-b",
        Flow("eni-far", "eni-b", "tcp", 22), PASSES,
    ),
    Row(
        "16 a peering joins two VPCs, not a third", SSH + "sg-third; sg-third egress -1 -1 -1 0.0.0.0/0",
        Flow("eni-third", "eni-b", "tcp", 22), DROPS,
    ),
    Row("16 a third VPC's member is out of reach", SSH + "sg-third", Flow("10.5.0.4", "eni-b", "tcp", 22), DROPS),
    Row("13 a stale rule: peering gone", SSH + "sg-lost", Flow("10.2.0.4", "eni-b", "tcp", 22), DROPS),
    Row("13 a stale rule: group gone", SSH + "sg-gone", Flow("10.1.0.4", "eni-b", "tcp", 22), DROPS),
    Row(
        "16 no peering, no way", SSH + "0.0.0.0/0; sg-lost egress -1 -1 -1 0.0.0.0/0",
        Flow("eni-lost", "eni-b", "tcp", 22), DROPS,
    ),
    Row("16 an address in no reach is a host's", SSH + "0.0.0.0/0", Flow("10.2.0.4", "eni-b", "tcp", 22), PASSES),
    Row(
        "16 the same address elsewhere is no member's", "sg-twin ingress tcp 22 22 sg-a",
        Flow("10.0.0.4", "eni-twin", "tcp", 22), DROPS,
    ),
    Row("14 a member beside its VPC", f"{SSH}sg-a; {OPEN}", Flow("eni-lent", "eni-b", "tcp", 22), PASSES),
    Row(
        "14 rules of a group count beside its VPC", "sg-a ingress tcp 22 22 sg-far; sg-far egress -1 -1 -1 0.0.0.0/0",
        Flow("eni-far", "eni-lent", "tcp", 22), PASSES,
    ),
]  # fmt: skip


def _seen(rules: str) -> Picture:
    made = []
    for number, text in enumerate(filter(None, rules.split("; "))):
        group, direction, protocol, first, last, peer = text.split()
        made.append(Rule(f"sgr-{number}", group, direction, protocol, int(first), int(last), peer))
    values = {name: getattr(SEEN, name) for name in ("groups", "interfaces", "entries", "peerings", "associations")}
    return Picture(**values, rules=tuple(made))


@pytest.mark.parametrize("row", [pytest.param(row, id=row.fact) for row in ROWS])
def test_facts(row: Row) -> None:
    """Every fact of the reference that its row names holds."""
    assert passes(_seen(row.rules), *row.flow) is row.passes


def test_every_rule_that_admits_is_named() -> None:
    """Each rule of each group is named, and no other: reference 17 [docs]."""
    others = f"sg-more ingress -1 -1 -1 pl-1; sg-a ingress tcp 22 22 0.0.0.0/0; {SSH}::/0"
    seen = _seen(f"{SSH}0.0.0.0/0; {SSH}203.0.113.0/24; {others}")
    admitting = rules_admitting(seen, "eni-b", "ingress", HOST, "tcp", 22, -1)
    assert admitting == {("sg-b", "sgr-0"), ("sg-b", "sgr-1"), ("sg-more", "sgr-2")}


def test_both_ends_and_their_addresses() -> None:
    """A pair says which of its addresses an interface sends from (inferred)."""
    seen = _seen(f"{SSH}10.0.0.104/32; {OPEN}")
    assert passes(seen, ("eni-a", "10.0.0.104"), "eni-b", "tcp", 22)
    assert not passes(seen, ("eni-a", "10.0.0.4"), "eni-b", "tcp", 22)
    assert not passes(seen, "eni-a", "eni-b", "tcp", 22)


# --- pictures


@pytest.fixture
def wall() -> Iterator[Wall]:
    """Give a new wall."""
    with Wall() as made:
        yield made


def test_a_picture_follows_the_api(wall: Wall) -> None:
    """What decides is read from replies, and an earlier picture keeps what was: reference 3.1, 15, 17."""
    offices = create_prefix_list(wall, "198.51.100.0/24")
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, offices)])
    interface = create_interface(wall, Groups=[group])
    before = picture(wall)
    assert passes(before, "198.51.100.1", interface, "tcp", 22)
    asked = {"PrefixListId": offices, "CurrentVersion": 1}
    wall.call("ModifyManagedPrefixList", **asked, RemoveEntries=[{"Cidr": "198.51.100.0/24"}])
    assert not passes(picture(wall), "198.51.100.1", interface, "tcp", 22)
    assert passes(before, "198.51.100.1", interface, "tcp", 22)


def test_a_picture_of_two_accounts(wall: Wall) -> None:
    """A rule admits members across accounts while the peering is active: reference 16 [docs]."""
    other = wall.elsewhere(OTHER_ACCOUNT)
    here, there = create_vpc(wall), create_vpc(other, "10.9.0.0/16")
    asked = {"VpcId": here, "PeerVpcId": there, "PeerOwnerId": OTHER_ACCOUNT}
    made = wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
    mine, theirs = create_group(wall, "mine", here), create_group(other, "theirs", there)
    pair = {"GroupId": theirs, "UserId": OTHER_ACCOUNT}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [pair]}
    wall.call("AuthorizeSecurityGroupIngress", GroupId=mine, IpPermissions=[rule])
    ends = [_interface_in(each, vpc, group) for each, vpc, group in ((other, there, theirs), (wall, here, mine))]
    accounts = (wall.account, OTHER_ACCOUNT)
    assert passes(picture(wall, accounts), *ends, "tcp", 22)
    other.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=made)
    assert not passes(picture(wall, accounts), *ends, "tcp", 22)


def _interface_in(wall: Wall, vpc: str, group: str) -> str:
    block = wall.call("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]["CidrBlock"].replace("/16", "/24")
    subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
    return create_interface(wall, SubnetId=subnet, Groups=[group])


def test_a_picture_tells_peerings_that_join(wall: Wall) -> None:
    """A request joins nothing until it is accepted, nor does one of another region: reference 16 [docs]."""
    vpcs = [create_vpc(wall, f"10.{number}.0.0/16") for number in range(3)]
    peer_vpcs(wall, vpcs[0], vpcs[1])
    wall.call("CreateVpcPeeringConnection", VpcId=vpcs[0], PeerVpcId=vpcs[2])
    west = wall.elsewhere(region="us-west-2")
    far = create_vpc(west, "10.7.0.0/16")
    asked = {"VpcId": vpcs[0], "PeerVpcId": far, "PeerRegion": "us-west-2"}
    made = wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    west.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
    assert joined(picture(wall), vpcs[0]) == {vpcs[0], vpcs[1]}


def test_a_picture_tells_associations_and_every_address(wall: Wall) -> None:
    """Groups in VPCs beside their own, and IPv4 and IPv6 addresses: reference 14, 17."""
    home, beside = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    group = create_group(wall, "lent", home)
    wall.call("AssociateSecurityGroupVpc", GroupId=group, VpcId=beside)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission("58", None, None, "::/0")])
    interface = _interface_in(wall, beside, group)
    seen = picture(wall)
    assert seen.associations == {(group, beside)}
    assert seen.interfaces[interface].vpc == beside
    assert passes(seen, "2001:db8::1", interface, "icmpv6", 128, 0)
    wall.call("AssignPrivateIpAddresses", NetworkInterfaceId=interface, PrivateIpAddresses=["10.1.0.9"])
    assert picture(wall).interfaces[interface].addresses == (*seen.interfaces[interface].addresses, "10.1.0.9")


# --- random worlds


class Seen(NamedTuple):
    """A random world, what it looks like, flows with their verdicts, and the seconds of work that it took to make."""

    scene: Scene
    seen: Picture
    verdicts: list[tuple[Flow, bool]]
    seconds: float


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[Seen]]:
    """Give thirty random worlds."""
    made = [_world(seed) for seed in SEEDS]
    yield made
    for one in made:
        one.scene.wall.close()


def _world(seed: int) -> Seen:
    random, wall = seeded(seed), Wall()
    begun = process_time()
    scene = random_world(wall, random)
    seconds = process_time() - begun
    seen = picture(wall, scene.accounts)
    return Seen(scene, seen, [(flow, passes(seen, *flow)) for flow in flows(seen, random)], seconds)


def _inside(flow: Flow) -> bool:
    return all(str(end).startswith("eni-") for end in (flow.source, flow.destination))


def _sixth(flow: Flow) -> bool:
    ends = [str(end) for end in (flow.source, flow.destination)]
    return any(not end.startswith("eni-") and address_of(end).version == 6 for end in ends)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(_inside, id="between interfaces"),
        pytest.param(_sixth, id="IPv6"),
        pytest.param(lambda flow: flow.protocol in ("tcp", "udp"), id="ports"),
        pytest.param(lambda flow: flow.protocol == "icmp", id="icmp"),
        pytest.param(lambda flow: flow.protocol == "icmpv6", id="icmpv6"),
        pytest.param(lambda flow: flow.protocol.isdigit(), id="other protocols"),
        pytest.param(lambda flow: str(flow.source).startswith("eni-"), id="sent"),
        pytest.param(lambda flow: str(flow.destination).startswith("eni-"), id="received"),
    ],
)  # fmt: skip
def test_random_flows_of_every_kind_get_both_verdicts(worlds: list[Seen], kind) -> None:  # noqa: ANN001 - see above
    """Of each kind of flow at least ten pass, and ten do not (inferred)."""
    verdicts = [passed for world in worlds for flow, passed in world.verdicts if kind(flow)]
    assert min(verdicts.count(True), verdicts.count(False)) >= 10


def test_random_worlds_are_varied(worlds: list[Seen]) -> None:
    """Over thirty seeds everything occurs that can decide, and everything also does not (inferred)."""
    for occurs in (
        lambda one: len(one.scene.accounts) > 1,
        lambda one: any(peering.joins for peering in one.seen.peerings),
        lambda one: any(not peering.joins for peering in one.seen.peerings),
        lambda one: one.seen.associations,
        lambda one: any(one.seen.entries.values()),
        lambda one: any(":" in address for each in one.seen.interfaces.values() for address in each.addresses),
        lambda one: any(len(each.groups) > 1 for each in one.seen.interfaces.values()),
        lambda one: any(rule.peer.startswith("sg-") for rule in _decisive(one)),
        lambda one: any(rule.peer.startswith("pl-") for rule in _decisive(one)),
    ):
        found = [bool(occurs(world)) for world in worlds]
        assert {True, False} == set(found), found


def _decisive(world: Seen) -> list[Rule]:
    """Return the rules that let a flow pass."""
    named = set()
    for flow, passed in world.verdicts:
        for end, other, direction in ((flow[0], flow[1], "egress"), (flow[1], flow[0], "ingress")):
            if passed and str(end).startswith("eni-") and not str(other).startswith("eni-"):
                named |= rules_admitting(world.seen, end, direction, other, *flow[2:])
    return [rule for rule in world.seen.rules if (rule.group, rule.id) in named]


def test_random_worlds_repeat() -> None:
    """The same seed makes the same world, flows and calls (inferred)."""
    one, other = _world(7), _world(7)
    assert (one.seen, one.verdicts) == (other.seen, other.verdicts)
    assert random_call(one.scene, seeded(7)) == random_call(other.scene, seeded(7))


def test_random_calls_change_what_passes() -> None:
    """Of random calls most are accepted, and flows about what they changed begin and cease to pass (inferred)."""
    verdicts = [pair for seed in SEEDS[:15] for pair in _changes(seed)]
    opened, closed = verdicts.count((False, True)), verdicts.count((True, False))
    assert len(verdicts) >= 1000
    assert opened >= 25
    assert closed >= 25


def _changes(seed: int) -> Iterator[tuple[bool, bool]]:
    """Yield the verdicts on 40 flows before and after each of three calls, if it is not refused."""
    random = seeded(seed)
    with Wall() as wall:
        scene = random_world(wall, random)
        for _ in range(3):
            before = picture(wall, scene.accounts)
            operation, params = random_call(scene, random)
            with suppress(ApiError):
                wall.call(operation, **params)
                after = picture(wall, scene.accounts)
                kept = before.interfaces.keys() & after.interfaces.keys()
                for flow in flows(before, random, about=changed(before, after)):
                    if all(end in kept or not str(end).startswith("eni-") for end in flow[:2]):
                        yield passes(before, *flow), passes(after, *flow)


def test_a_random_world_is_quick(worlds: list[Seen]) -> None:
    """A world takes less than 0.1 s of work as a rule (inferred)."""
    assert sorted(world.seconds for world in worlds)[len(worlds) // 2] < 0.1
