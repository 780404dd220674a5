"""PlanCut against every other edit of rules, in worlds so small that all of them can be tried [inferred]."""

from __future__ import annotations

import json
from itertools import product
from random import Random
from typing import NamedTuple

import pytest

from tests.driver import Wall
from tests.naive import Picture, blocks, picture
from tests.scenes import Json, create_group, permission
from tests.strategies import EXAMPLES
from tests.worlds import seeded

PORTS = (22, 23)
TOLD_APART = (1061, 1424, 1466)
"""Seeds of worlds in which two ports are cut at different gates."""

RANGES = ((22, 22), (23, 23), (22, 23), (22, 23))


class Point(NamedTuple):
    """A flow as a gate sees it: whose gate it is, the other end's address, a port."""

    interface: str
    direction: str
    address: str
    port: int


Admitted = dict[tuple[str, int], frozenset[Point]]
"""By a rule and one of its ports: what it admits, at all gates that it feeds."""


def _world(wall: Wall, random: Random) -> list[str]:
    """Make three groups and four members; rules name them and each other's addresses. Return the members."""
    groups = [create_group(wall, name) for name in ("a", "b", "c")]
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    everything = [permission("-1", None, None, "0.0.0.0/0")]
    for group in groups:
        wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=everything)
    made = [
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=random.sample(groups, random.choice((1, 1, 2))))
        for _ in range(4)
    ]
    told = [one["NetworkInterface"] for one in made]
    peers = [*groups, *(f"{one['PrivateIpAddress']}/32" for one in told)]
    for group, side in product(groups, ("Ingress", "Egress")):
        asked = {
            (ports, peer) for ports, peer in zip(random.choices(RANGES, k=3), random.sample(peers, 3), strict=True)
        }
        rules = [permission("tcp", *ports, peer) for ports, peer in sorted(asked)]
        wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=rules)
    return [one["NetworkInterfaceId"] for one in told]


def _admitted(seen: Picture) -> Admitted:
    return {
        (rule.id, port): frozenset(
            Point(one.id, rule.direction, block.removesuffix("/32"), port)
            for one in seen.interfaces.values()
            if rule.group in one.groups
            for block in blocks(seen, rule, one.vpc)
        )
        for rule in seen.rules
        if rule.protocol == "tcp"
        for port in PORTS
        if rule.first <= port <= rule.last
    }


def _asked(seen: Picture, sender: str, receiver: str, ports: list[int]) -> dict[Point, Point]:
    """Return the asked flows: as the sender's gate sees each, and as the receiver's does."""
    [mine], [theirs] = seen.interfaces[sender].addresses, seen.interfaces[receiver].addresses
    return {Point(sender, "egress", theirs, port): Point(receiver, "ingress", mine, port) for port in ports}


def _lost(admitted: Admitted, kept: set[tuple[str, int]], asked: dict[Point, Point]) -> int | None:
    """Return how many flows are lost besides when only these are kept; None when some of the asked pass."""
    before = frozenset[Point]().union(*admitted.values())
    after = frozenset[Point]().union(*(admitted[one] for one in kept))
    if any(out in after and into in after for out, into in asked.items()):
        return None
    return len(before - after - set(asked) - set(asked.values()))


def _least(admitted: Admitted, asked: dict[Point, Point], *, split: bool) -> int:
    """Return the least that is lost by any edit of the rules which let some of the asked pass."""
    points = set(asked) | set(asked.values())
    named = sorted({one for one, some in admitted.items() if some & points})
    editable = [[one] for one in named]
    if not split:
        rules = sorted({rule for rule, _ in named})
        editable = [[one for one in admitted if one[0] == rule] for rule in rules]
    found = []
    for choice in product((True, False), repeat=len(editable)):
        gone = {one for keep, some in zip(choice, editable, strict=True) if not keep for one in some}
        lost = _lost(admitted, set(admitted) - gone, asked)
        found += [] if lost is None else [lost]
    return min(found)


@pytest.mark.parametrize("split", [True, False], ids=["split", "whole"])
@pytest.mark.parametrize("seed", [*range(max(EXAMPLES // 2, 60)), *TOLD_APART])
def test_no_other_edit_loses_less(seed: int, *, split: bool) -> None:
    """Of all sets of rules and parts of rules that could go, none that cuts the asked flows loses less besides."""
    random = seeded(seed)
    with Wall() as wall:
        sender, receiver = random.sample(_world(wall, random), 2)
        ports = random.choice(([22], [23], [22, 23], [22, 23]))
        seen = picture(wall)
        admitted, asked = _admitted(seen), _asked(seen, sender, receiver, ports)
        question: Json = {"From": sender, "To": receiver, "Protocol": "tcp", "FromPort": ports[0], "ToPort": ports[-1]}
        plan = wall.call("PlanCut", **question, MaySplit=split)
        assert plan["Proven"]
        for call in plan["Calls"]:
            wall.call(call["Operation"], **json.loads(call["Parameters"]))
        after = frozenset[Point]().union(*_admitted(picture(wall)).values())
        assert not any(out in after and into in after for out, into in asked.items())
        before = frozenset[Point]().union(*admitted.values())
        assert after <= before
        lost = len(before - after - set(asked) - set(asked.values()))
        assert lost == _least(admitted, asked, split=split)
