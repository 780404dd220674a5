"""The gates of interfaces, against the naive evaluator, in a number of statements that does not grow [inferred]."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from groupwall.config import Quotas
from groupwall.ops.flows.network import Network, Standing
from groupwall.rules.flows import address_number, service_number
from groupwall.rules.spans import Span, spans
from groupwall.rules.values import Direction, PortRange
from groupwall.rules.verdict import admitting
from groupwall.store.entities import Group, Interface, World
from groupwall.store.seen import Seen, otherwise_before
from groupwall.store.transaction import Transaction
from tests.counting import cost, counted
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.naive import Flow, Picture, joined, picture, rules_admitting
from tests.scenes import Json, create_group, create_prefix_list, create_vpc, peer_vpcs, tcp
from tests.strategies import EXAMPLES
from tests.worlds import flows, make_random_call, random_world, seeded

T = TypeVar("T")
SEEDS = range(max(EXAMPLES // 4, 25))


def _looked(wall: Wall, look: Callable[[Network], T], revision: int | None = None) -> T:
    """Return what is seen of a wall's network, now or right after a revision."""
    world = World(wall.account, wall.region)

    def entered(tx: Transaction) -> T:
        tx.enter(world)
        past = {} if revision is None else otherwise_before(tx.changed_since(revision))
        return look(Network(Seen(tx, world, past)))

    return wall.store.read(entered)


def _probed(flow: Flow) -> tuple[str, int] | None:
    """Return the address of the end that is no interface, and the service, as a number."""
    outside = [end for end in flow[:2] if isinstance(end, str) and not end.startswith("eni-")]
    ports = PortRange(flow.port, flow.code if flow.protocol.startswith("icmp") else flow.port)
    return (outside[0], service_number(flow.protocol, ports)) if outside else None


def _probes(seen: Picture, seed: int) -> list[tuple[str, Direction, str, Flow, int]]:
    """Return (interface, gate, the other end's address, flow, its service) of random flows."""
    found = []
    for flow in flows(seen, seeded(seed)):
        probed = _probed(flow)
        for end, direction in ((flow.source, Direction.EGRESS), (flow.destination, Direction.INGRESS)):
            interface = end if isinstance(end, str) else end[0]
            if probed and interface.startswith("eni-"):
                found.append((interface, direction, probed[0], flow, probed[1]))
    return found


def _rules(network: Network, seen: Picture, probe: tuple[str, Direction, str, Flow, int]) -> set[tuple[str, str]]:
    """Return (group, rule) of all that admits a probe at its gate; an interface may be another account's."""
    interface_id, direction, address, _, service = probe
    [(world, interface)] = network.seen.anywhere(Interface, [interface_id]).values()
    there = network.at(world)
    standing = there.standings([interface])[interface_id]
    assert standing.group_ids == tuple(sorted(seen.interfaces[interface_id].groups))
    grants = network.gate(standing, direction)
    found = admitting(grants, address_number(address), service)
    assert network.policy(standing, direction).holds(address_number(address), service) == bool(found)
    return {(rule.group_id, rule.id) for rule in found}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gate_admits_what_the_naive_one_does(seed: int) -> None:
    """At each gate exactly those rules admit a flow that do so naively, in a peer's account as well: 16, 17 [docs]."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        seen = picture(wall, scene.accounts)
        probes = [probe for probe in _probes(seen, seed) if _in_reach(seen, wall, probe[0])]
        found = _looked(wall, lambda network: [_rules(network, seen, probe) for probe in probes])
    for probe, rules in zip(probes, found, strict=True):
        interface, direction, address, flow, _ = probe
        assert rules == rules_admitting(seen, interface, direction, address, *flow[2:]), probe


def _in_reach(seen: Picture, wall: Wall, interface: str) -> bool:
    """Tell whether an interface is of the wall's account, or beside one of its VPCs."""
    mine = {one.vpc for one in picture(wall).interfaces.values()}
    return any(seen.interfaces[interface].vpc in joined(seen, vpc) for vpc in mine)


@pytest.mark.parametrize("seed", range(5))
def test_a_gate_of_the_past_is_the_one_of_then(seed: int) -> None:
    """After any calls, the gates of a revision are those that the naive evaluator saw then (inferred)."""
    with Wall() as wall:
        random, told = seeded(seed), []
        scene = random_world(wall, random)
        for _ in range(8):
            seen, revision = picture(wall, scene.accounts), wall.store.read(lambda tx: tx.head.revision)
            told.append((revision, seen, [one for one in _probes(seen, seed) if _in_reach(seen, wall, one[0])]))
            make_random_call(scene, random)
        for revision, seen, probes in told:
            found = _looked(wall, lambda network: [_rules(network, seen, one) for one in probes], revision)  # noqa: B023
            for probe, rules in zip(probes, found, strict=True):
                assert rules == rules_admitting(seen, probe[0], probe[1], probe[2], *probe[3][2:])


@pytest.mark.parametrize("seed", range(10))
def test_what_lies_beside_is_what_a_peering_joins(seed: int) -> None:
    """Beside a VPC are those that an active peering of the Region joins to it, asked for one by one or all at once."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        seen, ids = picture(wall, scene.accounts), [vpc.id for vpc in scene.vpcs]
        alone = _looked(wall, lambda network: {one: set(network.beside(one)) for one in ids})
        together = _looked(wall, lambda network: {one: set(some) for one, some in network.besides(ids).items()})
        assert alone == together == {one: joined(seen, one) for one in ids}


@pytest.mark.parametrize("seed", range(10))
def test_members_and_addresses_are_those_described(seed: int) -> None:
    """A group's members, in the order of their ids, and all their addresses of both families."""
    with Wall() as wall:
        random_world(wall, seeded(seed))
        seen = picture(wall)

        def look(network: Network) -> tuple[Any, Any]:
            members = network.members([one.id for one in network.seen.all(Group)])
            return (
                {group: [one.id for one in some] for group, some in members.items()},
                network.addresses(seen.interfaces),
            )

        members, addresses = _looked(wall, look)
    for group, some in members.items():
        assert some == sorted(one.id for one in seen.interfaces.values() if group in one.groups)
    for one in seen.interfaces.values():
        numbers = map(address_number, one.addresses)
        assert addresses[one.id] == spans(tuple(Span(number, number) for number in numbers))


def test_what_was_learned_is_not_asked_again(wall: Wall) -> None:
    """Once standings are learned, their gates and policies are worked out without a statement (inferred)."""
    vpcs = [create_vpc(wall, f"10.{number}.0.0/16") for number in range(2)]
    peer_vpcs(wall, *vpcs)
    groups = [create_group(wall, "g", vpc) for vpc in vpcs]
    peers = ("203.0.113.0/24", create_prefix_list(wall, "198.51.100.0/24"), *groups)
    for group in groups:
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, *peers)])
    here = World(wall.account, wall.region)
    standings = [Standing(here, vpc, (group,)) for vpc, group in zip(vpcs, groups, strict=True)]

    def look(network: Network) -> None:
        network.learn(standings)
        connection = network.seen._reads._connection  # noqa: SLF001 - only a test needs it
        connection.set_trace_callback(_unexpected)
        for standing in standings:
            for direction in Direction:
                network.policy(standing, direction)
        connection.set_trace_callback(None)

    _looked(wall, look)


def _unexpected(text: str) -> None:
    raise AssertionError(text)


FEW, MANY = 2, 12
CALLS: dict[str, tuple[str, Json]] = {
    "an interface and anywhere": ("ExplainFlow", {"From": "$one", "To": "anywhere"}),
    "anywhere and a group": ("ExplainFlow", {"From": "anywhere", "To": "$all"}),
    "two groups": ("ExplainFlow", {"From": "$all", "To": "$all"}),
    "an address": ("ExplainFlow", {"From": "$address", "To": "$one"}),
    "a block": ("ExplainFlow", {"From": "10.0.0.0/8", "To": "$all", "Protocol": "tcp", "FromPort": 22}),
    "who reaches a group": ("DescribeReachability", {"To": "$all"}),
    "what a group reaches": ("DescribeReachability", {"From": "$all", "MaxResults": 5}),
    "who reaches a block": ("DescribeReachability", {"To": "0.0.0.0/0"}),
}


def _filled(wall: Wall, many: int) -> dict[str, str]:
    """Make as many peered VPCs, groups, rules, prefix lists and interfaces; return what calls name."""
    hub = create_vpc(wall, "10.255.0.0/16")
    every = create_group(wall, "all", hub)
    subnet = wall.call("CreateSubnet", VpcId=hub, CidrBlock="10.255.0.0/24")["Subnet"]["SubnetId"]
    for number in range(many):
        vpc = create_vpc(wall, f"10.{number}.0.0/16")
        peer_vpcs(wall, hub, vpc)
        group, mine = create_group(wall, f"g{number}", vpc), create_group(wall, f"g{number}", hub)
        peers = (f"203.0.{number}.0/24", group, create_prefix_list(wall, f"198.51.{number}.0/24"))
        wall.call("AuthorizeSecurityGroupIngress", GroupId=every, IpPermissions=[tcp(number + 1, *peers)])
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, every)])
        there = wall.call("CreateSubnet", VpcId=vpc, CidrBlock=f"10.{number}.0.0/24")["Subnet"]["SubnetId"]
        create_interface(wall, SubnetId=there, Groups=[group])
        one = create_interface(wall, SubnetId=subnet, Groups=[every, mine])
    address = wall.call("DescribeNetworkInterfaces", NetworkInterfaceIds=[one])["NetworkInterfaces"][0]
    return {"$one": one, "$all": every, "$address": address["PrivateIpAddress"]}


def _statements(folder: Path, many: int) -> dict[str, int]:
    with Wall(quotas=Quotas(rules_per_group=1000)) as wall:
        places = _filled(wall, many)
        with counted(wall, folder) as connection:
            return {
                what: cost(
                    wall, connection, name, {key: places.get(value, value) for key, value in params.items()}
                ).statements
                for what, (name, params) in CALLS.items()
            }


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], dict[str, int]]:
    """Return the statements of each call in a small account and in a large one."""
    small, large = (_statements(tmp_path_factory.mktemp(str(many)), many) for many in (FEW, MANY))
    return small, large


@pytest.mark.parametrize("what", CALLS)
def test_statements_do_not_grow(statements: tuple[dict[str, int], dict[str, int]], what: str) -> None:
    """What is asked costs as many statements however many VPCs, groups, rules and interfaces there are (inferred)."""
    small, large = statements
    assert small[what] == large[what] <= 30
