"""What hosts should enforce: an agent that folds what it is told has what it would be told as a whole [inferred]."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.driver import Wall
from tests.scenes import Json
from tests.worlds import make_random_call, random_world, seeded

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
        assert not once.ask()["Whole"] or once.revision == 0
        assert once.facts == often.facts
