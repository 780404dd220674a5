"""A verdict between many ends says what their courses say, each by itself."""

from __future__ import annotations

from itertools import permutations

import pytest

from groupwall.errors import ApiError
from groupwall.ops.flows.ends import courses, crowds
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.verdicts import asks, passes, refuses
from groupwall.rules.flows import SERVICES, services
from groupwall.rules.passages import is_asked, refused
from groupwall.rules.values import PortRange
from groupwall.store.entities import World
from groupwall.store.seen import Seen
from groupwall.store.transaction import Transaction
from tests.driver import Wall
from tests.worlds import random_world, seeded


@pytest.mark.parametrize("seed", range(12))
def test_a_verdict_is_that_of_its_courses(seed: int) -> None:
    """Something passes, or is refused, exactly where it is so in one of the courses (inferred)."""
    with Wall() as wall:
        random_world(wall, seeded(seed))
        groups = [one["GroupId"] for one in wall.call("DescribeSecurityGroups")["SecurityGroups"]][:6]

        def look(tx: Transaction) -> int:
            here = World(wall.account, wall.region)
            tx.enter(here)
            network = Network(Seen(tx, here))
            return sum(_agree(network, *pair) for pair in permutations([*groups, "anywhere", "10.0.0.0/8"], 2))

        assert wall.store.read(look)


def _agree(network: Network, source: str, destination: str) -> int:
    """Hold both against each other; return how many courses there are."""
    try:
        some = crowds(network, source, destination, alone=True)
    except ApiError:
        return 0
    for asked in (SERVICES, services("tcp", PortRange(22, 443))):
        found = courses(network, source, destination, asked)
        assert asks(some, asked) == any(is_asked(one.asked) for one in found)
        assert passes(network, some, asked) == any(one.passing for one in found)
        assert refuses(network, some, asked) == any(refused(one.asked, one.passing) for one in found)
    return len(found)
