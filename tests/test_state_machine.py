"""Any sequence of calls in two worlds leaves exactly what a model of a page's length says, and the law holds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from groupwall.config import Quotas
from groupwall.errors import ApiError
from tests import scenes
from tests.driver import Wall
from tests.law import breaches
from tests.reference_model import (
    BLOCKS,
    DESCRIPTIONS,
    PROTOCOLS,
    QUOTA,
    UNKNOWN_GROUP,
    Account,
    Key,
    Place,
    Refused,
    Removed,
    Stored,
    Wanted,
)  # fmt: skip
from tests.scenes import Json

SOURCES = [*BLOCKS, "group 0", "group 1", "group 2", "group 9"]
PORTS = [None, -1, 0, 22, 80, 300, 65535, 70000]
# Rules that can be, so few that they meet each other.
FEW = [
    Wanted(protocol, first, last, source, description)
    for protocol, first, last in (("tcp", 22, 22), ("6", 22, 80), ("udp", 22, 22), ("-1", None, None), ("icmp", 8, -1))
    for source in ("0.0.0.0/0", "1.2.3.4/0", "10.0.0.0/8", "::/0", "2001:DB8::1/32", "group 0", "group 1")
    for description in (None, "office")
]
few = st.sampled_from(FEW)
anything = st.builds(
    Wanted, st.sampled_from(list(PROTOCOLS)), st.sampled_from(PORTS), st.sampled_from(PORTS), st.sampled_from(SOURCES),
    st.sampled_from(list(DESCRIPTIONS)),
)  # fmt: skip
requests = st.lists(few, min_size=1, max_size=3, unique=True)
odd_requests = st.lists(few | anything, max_size=3)
numbers = st.integers(0, 20)
sides = st.sampled_from(["Ingress", "Egress"])
worlds = st.sampled_from(["default VPC", "none"])


class Groups(RuleBasedStateMachine):
    """Calls to a world with a default VPC and to one without; after each, what is described is what the model holds."""

    def __init__(self) -> None:
        super().__init__()
        wall = Wall(quotas=Quotas(rules_per_group=QUOTA))
        other = wall.elsewhere("111122223333", "eu-west-1")
        scenes.remove_default_vpc(other)
        self.walls = {"default VPC": wall, "none": other}
        default = scenes.default_vpc(wall)
        self.accounts = {"default VPC": Account(default, {default}), "none": Account(None)}
        self.accounts["default VPC"].add_group(scenes.default_group(wall, default), default, "default")
        self.create_vpc("none")
        for world in self.walls:
            self.create_group(world, 0, "web")
            self.create_group(world, 0, "app")

    def teardown(self) -> None:
        """The history gives the tables, and no change is missing."""
        with tempfile.TemporaryDirectory() as folder:
            self.walls["none"].copy_to(Path(folder))
            assert breaches(Path(folder)) == []
        self.walls["none"].close()

    # ---- steps

    @rule(world=worlds)
    def create_vpc(self, world: str) -> None:
        """Make a VPC with its default group; four are enough to have foreign groups."""
        account, wall = self.accounts[world], self.walls[world]
        if len(account.vpcs) < 4:
            vpc = scenes.create_vpc(wall)
            account.vpcs.add(vpc)
            account.add_group(scenes.default_group(wall, vpc), vpc, "default")
        self.compare(world)

    @rule(world=worlds, number=numbers)
    @precondition(lambda self: any(account.vpcs for account in self.accounts.values()))
    def delete_vpc(self, world: str, number: int) -> None:
        """Delete a VPC, which groups may prevent."""
        vpcs = sorted(self.accounts[world].vpcs)
        if vpcs and number < 4:
            vpc = vpcs[number % len(vpcs)]
            self.expect(world, lambda: self.accounts[world].remove_vpc(vpc), "DeleteVpc", VpcId=vpc)
        self.compare(world)

    @rule(world=worlds, number=numbers, name=st.sampled_from(["web", "WEB", "app", "db", "default"]))
    def create_group(self, world: str, number: int, name: str) -> None:
        """Make a group in any VPC, or where the default one would be."""
        account = self.accounts[world]
        vpcs: list[str | None] = [*sorted(account.vpcs), None, "vpc-00000000"]
        given = vpcs[number % len(vpcs)]
        vpc = given or account.default_vpc
        call = {"GroupName": name, "Description": "d", "VpcId": given}
        made = self.expect(world, lambda: account.check_new_group(vpc, name), "CreateSecurityGroup", **call)
        if made:
            account.add_group(made["GroupId"], vpc or "", name)
        self.compare(world)

    @rule(world=worlds, number=numbers)
    def delete_group(self, world: str, number: int) -> None:
        """Delete a group, which it or another may prevent."""
        group = self.group(world, number)
        self.expect(world, lambda: self.accounts[world].remove_group(group), "DeleteSecurityGroup", GroupId=group)
        self.compare(world)

    @rule(world=worlds, number=numbers, side=sides, wanted=requests)
    def authorize(self, world: str, number: int, side: str, wanted: list[Wanted]) -> None:
        """Add rules by properties."""
        place = Place(self.group(world, number), side)
        self._authorize(world, place, [self.resolved(world, one) for one in wanted])
        self.compare(world)

    def _authorize(self, world: str, place: Place, wanted: list[Wanted]) -> None:
        account = self.accounts[world]
        keys: list[Key] = []
        call = {"GroupId": place.group, "IpPermissions": permissions(wanted)}
        name = f"AuthorizeSecurityGroup{place.side}"
        reply = self.expect(world, lambda: keys.extend(account.authorize(place, wanted)), name, **call)
        if reply:
            # Sources come list by list within a permission, each a permission of its own here: so in request order.
            for key, one, made in zip(keys, wanted, reply["SecurityGroupRules"], strict=True):
                assert scenes.held(made) == (*key, one.description or None)
                account.rules[place][key] = Stored(made["SecurityGroupRuleId"], one.description or "")

    @rule(world=worlds, number=numbers, side=sides, wanted=odd_requests)
    def authorize_oddly(self, world: str, number: int, side: str, wanted: list[Wanted]) -> None:
        """Ask for rules that mostly cannot be."""
        self.authorize(world, number, side, wanted)

    @rule(world=worlds, number=numbers, side=sides, wanted=odd_requests)
    def revoke(self, world: str, number: int, side: str, wanted: list[Wanted]) -> None:
        """Remove rules by properties, which few groups have."""
        place = Place(self.group(world, number), side)
        self._revoke(world, place, [self.resolved(world, one) for one in wanted])
        self.compare(world)

    @rule(
        world=worlds, number=numbers, side=sides, picked=st.lists(numbers, min_size=1, max_size=4, unique=True),
        told=st.sampled_from(["nothing", "the truth", "a lie"]), extra=st.lists(few, max_size=1),
    )  # fmt: skip
    def revoke_stored(  # noqa: PLR0913, PLR0917 - what is drawn
        self, world: str, number: int, side: str, picked: list[int], told: str, extra: list[Wanted]
    ) -> None:
        """Remove rules that are there, with and without their descriptions, perhaps beside one that is not."""
        place = Place(self.group(world, number), side)
        stored = sorted(self.accounts[world].rules.get(place, {}).items())
        chosen = [stored[one % len(stored)] for one in picked] if stored else []
        wanted = [spelled(key, self._told(told, rule.description)) for key, rule in chosen]
        self._revoke(world, place, wanted + [self.resolved(world, one) for one in extra])
        self.compare(world)

    @staticmethod
    def _told(told: str, description: str) -> str | None:
        return {"nothing": None, "the truth": description, "a lie": "Office"}[told]

    def _revoke(self, world: str, place: Place, wanted: list[Wanted]) -> None:
        removed: list[Removed] = []
        call = {"GroupId": place.group, "IpPermissions": permissions(wanted)}
        name = f"RevokeSecurityGroup{place.side}"
        reply = self.expect(world, lambda: removed.append(self.accounts[world].revoke(place, wanted)), name, **call)
        if reply:
            revoked = [one["SecurityGroupRuleId"] for one in reply.get("RevokedSecurityGroupRules", [])]
            assert revoked == removed[0].ids
            assert {key for key, _ in _shown(reply.get("UnknownIpPermissions", []))} == set(removed[0].unknown)

    @rule(world=worlds, number=numbers, side=sides, picked=st.lists(numbers, max_size=3))
    def revoke_ids(self, world: str, number: int, side: str, picked: list[int]) -> None:
        """Remove rules by id; a high number is an id of another group or direction, or of none."""
        account = self.accounts[world]
        place = Place(self.group(world, number), side)
        mine = sorted(stored.rule_id for stored in account.rules.get(place, {}).values())
        all_ids = sorted(stored.rule_id for rules in account.rules.values() for stored in rules.values())
        strange = [*all_ids, "sgr-00000000"]
        ids = [mine[one % len(mine)] if mine and one < 18 else strange[one % len(strange)] for one in picked]
        removed: list[Removed] = []
        call = {"GroupId": place.group, "SecurityGroupRuleIds": ids}
        name = f"RevokeSecurityGroup{side}"
        reply = self.expect(world, lambda: removed.append(account.revoke_ids(place, ids)), name, **call)
        if reply:
            assert [one["SecurityGroupRuleId"] for one in reply["RevokedSecurityGroupRules"]] == removed[0].ids
        self.compare(world)

    # ---- what is asked and what is seen

    def group(self, world: str, number: int) -> str:
        """Return a group of the world, for a high number one of the other world or none."""
        groups = sorted(self.accounts[world].groups)
        if groups and number < 19:
            return groups[number % len(groups)]
        others = [group for account in self.accounts.values() for group in account.groups if group not in groups]
        return others[0] if others and number == 19 else UNKNOWN_GROUP

    def resolved(self, world: str, one: Wanted) -> Wanted:
        """Return what is wanted with the id of the group that it names by a number."""
        if not one.source.startswith("group "):
            return one
        number = int(one.source.removeprefix("group "))
        return one._replace(source=self.group(world, number if number < 9 else 19))

    def expect(self, world: str, step: Callable[[], object], name: str, **params: Any) -> Json:  # noqa: ANN401 - as boto3
        """Do a call; return its reply, nothing when it is refused as the model says."""
        try:
            step()
        except Refused as refused:
            with pytest.raises(ApiError) as caught:
                self.walls[world].call(name, **params)
            assert caught.value.code in refused.codes  # noqa: PT017 - of another exception than the linter takes it for
            return {}
        return self.walls[world].call(name, **params)

    def compare(self, world: str) -> None:
        """See that what is described is what the model holds."""
        account, wall = self.accounts[world], self.walls[world]
        groups = wall.ask("DescribeSecurityGroups")["SecurityGroups"]
        assert {group["GroupId"]: (group["VpcId"], group["GroupName"]) for group in groups} == account.groups
        for group in groups:
            for side, member in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
                rules = account.rules[Place(group["GroupId"], side)]
                assert dict(_shown(group[member])) == {key: stored.description for key, stored in rules.items()}
        self._learn_ids(world)

    def _learn_ids(self, world: str) -> None:
        """Compare ids, and take over those of the rules that AWS gives, which no reply has told."""
        account = self.accounts[world]
        found = self.walls[world].ask("DescribeSecurityGroupRules")["SecurityGroupRules"]
        assert len(found) == sum(len(rules) for rules in account.rules.values())
        for one in found:
            *key, description = scenes.held(one)
            rules = account.rules[Place(one["GroupId"], "Egress" if one["IsEgress"] else "Ingress")]
            stored = rules[Key(*key)]  # type: ignore[arg-type] - a list cannot be typed by place
            assert stored.rule_id in ("", one["SecurityGroupRuleId"])
            assert stored.description == (description or "")
            rules[Key(*key)] = stored._replace(rule_id=one["SecurityGroupRuleId"])  # type: ignore[arg-type]


def permissions(wanted: list[Wanted]) -> list[Json]:
    """Return what is wanted as a request writes it, one permission for each."""
    return [scenes.permission(one.protocol, one.first, one.last, (one.source, one.description)) for one in wanted]  # type: ignore[arg-type]


def spelled(key: Key, description: str | None) -> Wanted:
    """Return a stored rule as a request may write it."""
    first, last = (None, None) if key.protocol in ("-1", "50") else (key.first, key.last)
    protocol = {"tcp": "6", "udp": "17"}.get(key.protocol, key.protocol)
    return Wanted(protocol, first, last, key.peer, description)


def _shown(permissions: list[Json]) -> list[tuple[Key, str]]:
    lists = {
        "IpRanges": "CidrIp",
        "Ipv6Ranges": "CidrIpv6",
        "PrefixListIds": "PrefixListId",
        "UserIdGroupPairs": "GroupId",
    }
    return [
        (
            Key(one["IpProtocol"], one.get("FromPort", -1), one.get("ToPort", -1), source[member]),
            source.get("Description", ""),
        )
        for one in permissions
        for name, member in lists.items()
        for source in one[name]
    ]


STEPS = settings(
    max_examples=100, stateful_step_count=100, deadline=None, derandomize=True, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
"""The same 10,000 steps in every run of each machine; a failure prints what brings it back."""


TestGroups = Groups.TestCase
TestGroups.settings = STEPS
