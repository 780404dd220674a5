"""What a world begins with, and where its ids come from [reference 19; docs/decisions/0004]."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupwall.config import Quotas
from groupwall.regions import PARTITION_OF
from groupwall.store.sqlite import open_store
from groupwall.units import Ids
from tests.driver import Wall
from tests.scenes import Json, create_group, default_group, default_vpc, rules_of

LISTINGS = ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeSecurityGroupRules")


def _shown(wall: Wall) -> list[Json]:
    return [wall.call(name) for name in LISTINGS]


def _ids(wall: Wall) -> set[str]:
    rules = wall.call("DescribeSecurityGroupRules")["SecurityGroupRules"]
    subnets = wall.call("DescribeSubnets")["Subnets"]
    vpc = default_vpc(wall)
    others = [rule["SecurityGroupRuleId"] for rule in rules] + [subnet["SubnetId"] for subnet in subnets]
    return {vpc, default_group(wall, vpc), *others}


@pytest.mark.parametrize("region", PARTITION_OF)
def test_every_region_begins_alike(wall: Wall, region: str) -> None:
    """A default VPC, its default group with two rules, a subnet for each of three zones, in any region [5]."""
    there = wall.elsewhere(region=region)
    assert len(_ids(there)) == 1 + 1 + 2 + 3
    create_group(there)
    assert {change["Region"] for change in there.call("DescribeChanges")["Changes"]} == {region}


def test_worlds_share_no_id(wall: Wall) -> None:
    """Ids are of one world, though all of them come from one key: docs/decisions/0004."""
    walls = [wall, wall.elsewhere(region="eu-west-1"), wall.elsewhere("111122223333")]
    assert len(set.union(*map(_ids, walls))) == 3 * 7


def test_ids_outlive_the_server(tmp_path: Path) -> None:
    """A store that is opened again shows the same world, kept or not: docs/decisions/0004."""
    with Wall(data=str(tmp_path)) as wall:
        create_group(wall)
        before = _shown(wall), _shown(wall.elsewhere("111122223333"))
    with Wall(data=str(tmp_path)) as wall:
        assert (_shown(wall), _shown(wall.elsewhere("111122223333"))) == before


def test_stores_share_no_id(tmp_path: Path) -> None:
    """Another store has another key, so nobody can foretell its ids: docs/decisions/0004."""
    open_store(str(tmp_path), Ids(2)).close()
    with Wall() as first, Wall(data=str(tmp_path)) as second:
        assert _ids(first).isdisjoint(_ids(second))


def test_a_seed_repeats() -> None:
    """The same seed and the same calls give the same ids and hashes (inferred: worlds that repeat)."""
    histories = []
    for _ in range(2):
        with Wall() as wall:
            group = create_group(wall)
            assert len(rules_of(wall, group, egress=True)) == 1
            histories.append(wall.call("DescribeChanges"))
    assert histories[0] == histories[1]


def test_the_default_groups_count_against_the_quota() -> None:
    """What a world begins with is there whatever the quota says (inferred)."""
    with Wall(quotas=Quotas(groups_per_region=0, rules_per_group=0)) as wall:
        assert len(_ids(wall)) == 7
