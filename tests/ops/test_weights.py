"""Prefix lists in rules: which there are, and what they weigh against the quota [reference 3.3, 5.3, 15, 21]."""

from __future__ import annotations

import pytest

from groupwall.config import Quotas
from groupwall.iam.callers import root
from groupwall.ops.operation import Context
from groupwall.ops.rules.weights import groups_that_cannot_hold
from groupwall.store.entities import PrefixList, World
from groupwall.store.transaction import Transaction
from groupwall.units import Ids
from tests.driver import NOW, Wall
from tests.scenes import Held, Scene, create_group, create_prefix_list, tcp

UNKNOWN = "InvalidPrefixListID.NotFound: The prefix list ID '{}' does not exist"
TOO_MANY = "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached."


@pytest.mark.reference("5.1 all kinds of source, both directions", "4.3 prefix list")
def test_a_rule_uses_a_prefix_list(anywhere: Scene) -> None:
    """A rule keeps the list's id, is shown with it, and is revoked by it [reference 4.3, 15, docs]."""
    prefix_list = create_prefix_list(anywhere.wall)
    anywhere.authorize(tcp(22, (prefix_list, "office")))
    assert anywhere.rules() == {Held("tcp", 22, 22, prefix_list, "office")}
    [permission] = anywhere.described()
    assert permission["PrefixListIds"] == [{"PrefixListId": prefix_list, "Description": "office"}]
    [revoked] = anywhere.revoke(tcp(22, prefix_list))["RevokedSecurityGroupRules"]
    assert revoked["PrefixListId"] == prefix_list


@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
@pytest.mark.parametrize("elsewhere", [("111122223333", "us-east-1"), ("123456789012", "eu-west-1")])
def test_lists_of_other_worlds(anywhere: Scene, verb: str, elsewhere: tuple[str, str]) -> None:
    """A list of another account or region is not there (inferred: nothing is shared)."""
    theirs = create_prefix_list(anywhere.wall.elsewhere(*elsewhere))
    assert anywhere.refused(verb, tcp(22, theirs)) == UNKNOWN.format(theirs)
    assert anywhere.rules() == set()


@pytest.mark.parametrize(
    ("size", "family", "present", "fits"),
    [
        (60, "IPv4", [], True),
        (61, "IPv4", [], False),
        (61, "IPv6", [], False),
        (59, "IPv4", ["10.0.0.0/8"], True),
        (60, "IPv4", ["10.0.0.0/8"], False),
        (60, "IPv4", ["::/0"], True),
        (60, "IPv6", ["10.0.0.0/8"], True),
        (60, "IPv6", ["::/0"], False),
    ],
)
@pytest.mark.reference("21 weight of a prefix list", "users 5.1.10 prefix lists without weight")
def test_a_list_weighs_its_size(anywhere: Scene, size: int, family: str, present: list[str], fits: bool) -> None:  # noqa: FBT001 - a column of the table
    """A prefix list counts MaxEntries in its own family, however empty it is [reference 21, docs]."""
    prefix_list = create_prefix_list(anywhere.wall, size=size, AddressFamily=family)
    if present:
        anywhere.authorize(tcp(80, *present))
    if fits:
        anywhere.authorize(tcp(22, prefix_list))
    else:
        assert anywhere.refused("Authorize", tcp(22, prefix_list)) == TOO_MANY
    assert len(anywhere.rules()) == len(present) + fits


def test_a_list_that_is_there_weighs_too(anywhere: Scene) -> None:
    """Rules beside a prefix list have what it leaves of the quota [reference 21, docs]."""
    anywhere.authorize(tcp(22, create_prefix_list(anywhere.wall, size=59)))
    anywhere.authorize(tcp(22, "10.0.0.0/8"))
    assert anywhere.refused("Authorize", tcp(80, "10.0.0.0/8")) == TOO_MANY


def cannot_hold(wall: Wall, prefix_list: str, size: int, quota: int = 60) -> list[str]:
    """Return the groups that could not hold a prefix list of that size."""

    def work(tx: Transaction) -> list[str]:
        world = World(wall.account, wall.region)
        tx.enter(world)
        found = tx.get(PrefixList, prefix_list)
        assert found is not None
        quotas = Quotas(rules_per_group=quota)
        return groups_that_cannot_hold(Context(tx, world, root(wall.account, "aws"), NOW, Ids(1), quotas), found, size)

    return wall.store.read(work)


def test_groups_that_cannot_hold_a_larger_list(wall: Wall) -> None:
    """They are told by id: either direction, the list's own family, other lists as they are [reference 15, docs]."""
    first, other = create_prefix_list(wall, size=2), create_prefix_list(wall, size=5)
    second = create_prefix_list(wall, size=2, AddressFamily="IPv6")
    ipv4, ipv6 = [f"10.{n}.0.0/16" for n in range(50)], [f"2001:db8:{n:x}::/48" for n in range(50)]
    a, b, c, d, e = groups = sorted(create_group(wall, name) for name in "abcde")
    uses = [[first], [first, *ipv4[:10]], [first, other], [first, second, *ipv6], [second, *ipv4]]
    for number, (group, sources) in enumerate(zip(groups, uses, strict=True)):
        side = "Egress" if number == 2 else "Ingress"
        wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=[tcp(22, *sources)])
    assert cannot_hold(wall, first, 50) == []
    assert cannot_hold(wall, first, 51) == [b]
    assert cannot_hold(wall, first, 55) == [b, c]
    assert cannot_hold(wall, first, 61) == [a, b, c, d]
    assert cannot_hold(wall, second, 11) == [d]
    assert cannot_hold(wall, second, 61) == [d, e]
    assert cannot_hold(wall, first, 1, quota=1) == []
