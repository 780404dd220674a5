"""The whole path of a request with calls that are well formed and senseless: refused or done, never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.wire.model import Action
from tests.driver import Wall
from tests.law import breaches
from tests.scenes import create_group, create_vpc, default_vpc, rules_of, tcp
from tests.wire.strategies import ACTIONS, WIRE_TEXT, members

CALLS_EACH = 40
PLAIN = [
    "", "0", "-1", "6", "tcp", "udp", "icmp", "icmpv6", "all", "TCP", "256", "10.0.0.0/8", "0.0.0.0/0", "::/0",
    "fd00::/8", "10.0.0.1", "10.0.0.1/8", "web", "default", "sg-", "sg-0123456789abcdef0", "sgr-0123456789abcdef0", "*",
    "?", "\\", "vpc-id", "group-id", "group-name", "tag:a", "tag-key", "ip-permission.cidr", "cidr",
    "security-group-rule-id", "security-group", "vpc", "security-group-rule", "123456789012", "us-east-1a",
    "true", "aws:tag", "a" * 300, "x\ny",
]  # fmt: skip


class World:
    """A world with something of everything, and the texts that name it."""

    def __init__(self, folder: Path) -> None:
        self.wall = Wall(data=str(folder))
        web, vpc = create_group(self.wall), create_vpc(self.wall)
        other = create_group(self.wall, "other", vpc)
        for group in (web, other):
            self.wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(80, "10.0.0.0/8", group)])
        rules = [rule["SecurityGroupRuleId"] for group in (web, other) for rule in rules_of(self.wall, group)]
        subnets = [subnet["SubnetId"] for subnet in self.wall.call("DescribeSubnets")["Subnets"]]
        self.names = [web, other, vpc, default_vpc(self.wall), *rules, *subnets[:2]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all calls: they change it as they go."""
    folder = tmp_path_factory.mktemp("world")
    made = World(folder)
    yield made
    made.wall.close()
    assert breaches(folder) == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.service}-{action.name}")
def test_no_senseless_call_is_a_fault(world: World, action: Action) -> None:
    """Every operation refuses or does whatever its model allows: no call is answered 5xx (inferred)."""
    text = st.sampled_from([*world.names, *PLAIN]) | WIRE_TEXT

    @settings(max_examples=CALLS_EACH)
    @given(members(action.input, text, 1) if action.input.members else st.just({}))
    def call(params: dict[str, object]) -> None:
        reply = world.wall.send(world.wall.request(action, **params))
        assert reply.status < 500, reply.body

    call()
