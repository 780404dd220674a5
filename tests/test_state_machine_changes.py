"""The same as in test_state_machine, with the calls that change rules in place among the others."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.reference_model import Place, Stored, Wanted
from tests.scenes import Json
from tests.test_state_machine import STEPS, Groups, anything, few, numbers, permissions, sides, spelled, worlds


class Changes(Groups):
    """Rules are replaced and described anew between the other calls."""

    @rule(world=worlds, number=numbers, changes=st.lists(st.tuples(numbers, few | anything), min_size=1, max_size=3))
    def modify(self, world: str, number: int, changes: list[tuple[int, Wanted]]) -> None:
        """Replace rules by id; a high number is an id of another group, or of none."""
        group = self.group(world, number)
        wanted = [(self._picked(world, group, one), self.resolved(world, rule)) for one, rule in changes]
        self._modify(world, group, wanted)

    @rule(
        world=worlds, number=numbers, side=sides, turn=st.integers(1, 3), description=st.sampled_from([None, "office"])
    )
    def rotate(self, world: str, number: int, side: str, turn: int, description: str | None) -> None:
        """Give each rule of one direction the values of another, which only rules of one kind of source can take."""
        place = Place(self.group(world, number), side)
        stored = sorted(self.accounts[world].rules.get(place, {}).items())
        turned = stored[turn:] + stored[:turn]
        wanted = [(mine.rule_id, spelled(key, description)) for (_, mine), (key, _) in zip(stored, turned, strict=True)]
        if wanted:
            self._modify(world, place.group, wanted)

    def _modify(self, world: str, group: str, changes: list[tuple[str, Wanted]]) -> None:
        updates = [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": _single(one)} for rule_id, one in changes]
        call = {"GroupId": group, "SecurityGroupRules": updates}
        self.expect(world, lambda: self.accounts[world].modify(group, changes), "ModifySecurityGroupRules", **call)
        self.compare(world)

    def _picked(self, world: str, group: str, number: int) -> str:
        rules = self.accounts[world].rules
        mine = [stored for side in ("Ingress", "Egress") for stored in rules.get(Place(group, side), {}).values()]
        chosen = mine if mine and number < 19 else [stored for some in rules.values() for stored in some.values()]
        ids = sorted(stored.rule_id for stored in chosen or [Stored("sgr-00000000", "")])
        return ids[number % len(ids)]

    @rule(
        world=worlds,
        number=numbers,
        side=sides,
        picked=st.lists(numbers, max_size=3),
        text=st.sampled_from([None, "", "Office"]),
    )
    def describe(self, world: str, number: int, side: str, picked: list[int], text: str | None) -> None:
        """Describe rules anew by their properties; one of another group is not there."""
        place = Place(self.group(world, number), side)
        known = sorted({key for rules in self.accounts[world].rules.values() for key in rules})
        mine = sorted(self.accounts[world].rules.get(place, {})) or known
        keys = [mine if one < 18 else known for one in picked]
        wanted = [spelled(some[one % len(some)], text) for some, one in zip(keys, picked, strict=True) if some]
        call = {"GroupId": place.group, "IpPermissions": permissions(wanted)}
        name = f"UpdateSecurityGroupRuleDescriptions{side}"
        self.expect(world, lambda: self.accounts[world].describe(place, wanted), name, **call)
        self.compare(world)


def _single(one: Wanted) -> Json:
    member = "ReferencedGroupId" if one.source.startswith("sg-") else "CidrIpv6" if ":" in one.source else "CidrIpv4"
    ports = {"FromPort": one.first, "ToPort": one.last}
    return {"IpProtocol": one.protocol, **ports, member: one.source, "Description": one.description}


TestChanges = Changes.TestCase
TestChanges.settings = STEPS
