"""The law: an accepted write is one change, the deltas give the tables, and nothing else leaves a trace [inferred]."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from groupwall.ops.table import OPERATIONS
from tests import scenes
from tests.driver import ACTIONS, Wall
from tests.law import breaches
from tests.ops.examples import EXAMPLES, filled, set_out
from tests.scenes import Json, create_group, tcp

WRITES = [name for name, operation in OPERATIONS.items() if operation.changes]
READS = [name for name, operation in OPERATIONS.items() if operation.reads]
EMPTY = [name for name, action in ACTIONS.items() if action.empty]
EVERY_CALL = [(name, number) for name, examples in EXAMPLES.items() for number, _ in enumerate(examples)]


def _breaches(wall: Wall, folder: Path) -> list[str]:
    wall.copy_to(folder)
    return breaches(folder)


def _changes(wall: Wall) -> list[Json]:
    changes: list[Json] = wall.call("DescribeChanges")["Changes"]
    return changes


def test_every_operation_has_an_example() -> None:
    """The tests below see every operation that there is (inferred)."""
    assert set(EXAMPLES) == set(OPERATIONS)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_one_change(wall: Wall, tmp_path: Path, name: str) -> None:
    """An accepted write is the next change, told by its operation, and the deltas still give the tables [inferred]."""
    params = filled(EXAMPLES[name][0], set_out(wall, name))
    before = wall.app.revision()
    wall.call(name, **params)
    assert wall.app.revision() == before + 1
    assert _breaches(wall, tmp_path) == []
    assert _changes(wall)[-1]["Operation"] == name


@pytest.mark.parametrize(("name", "number"), EVERY_CALL)
def test_any_call_keeps_the_law(wall: Wall, tmp_path: Path, name: str, number: int) -> None:
    """Refused, accepted or read: a call makes no more than one change, and none when it is refused [inferred]."""
    request = wall.request(ACTIONS[name], **filled(EXAMPLES[name][number], set_out(wall, name)))
    before = wall.app.revision()
    accepted = wall.send(request).status == 200
    assert wall.app.revision() - before <= (accepted and name in WRITES)
    assert _breaches(wall, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "number"), [call for call in EVERY_CALL if "DryRun" in ACTIONS[call[0]].input.members]
)
def test_a_dry_run_leaves_nothing(wall: Wall, name: str, number: int) -> None:
    """A dry run changes nothing, whatever is asked [reference 2.2]."""
    params = filled(EXAMPLES[name][number], set_out(wall, name))
    before = wall.app.revision()
    with pytest.raises(ApiError):
        wall.call(name, **params, DryRun=True)
    assert wall.app.revision() == before


def test_a_world_begins_with_a_change_of_its_own(wall: Wall, tmp_path: Path) -> None:
    """The first write to a world is its second change: the first one is what it begins with [inferred]."""
    group = create_group(wall)
    begin, create = _changes(wall)
    assert (begin["Operation"], begin["Revision"], create["Operation"], create["Revision"]) == (
        "BeginWorld", 1, "CreateSecurityGroup", 2,
    )  # fmt: skip
    assert {delta["Kind"] for delta in begin["Deltas"]} == {
        "world", "vpc", "vpc-cidr", "subnet", "security-group", "security-group-rule",
    }  # fmt: skip
    assert create["Deltas"][0]["Id"] == group
    assert all("Before" not in delta for delta in begin["Deltas"])
    assert _breaches(wall, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "number"), [call for call in EVERY_CALL if call[0] in READS] + [(n, 0) for n in EMPTY]
)
def test_a_read_begins_no_world(wall: Wall, name: str, number: int) -> None:
    """A world that is only looked at is not kept: docs/decisions/0004."""
    places = defaultdict(lambda: "x")
    params = filled(EXAMPLES[name][number], places) if name in EXAMPLES else {}
    for _ in range(2):
        request = wall.request(ACTIONS[name], **params)
        assert wall.send(request).status in (200, 400)
    assert wall.app.revision() == 0


def test_a_world_shows_the_same_ids_before_it_is_kept(wall: Wall) -> None:
    """What is shown of a world that nobody wrote to is what it begins with when somebody does: docs/decisions/0004."""
    listings = ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeSecurityGroupRules")
    first = [wall.call(name) for name in listings]
    assert [wall.call(name) for name in listings] == first
    default = scenes.default_group(wall, scenes.default_vpc(wall))
    assert wall.app.revision() == 0
    wall.call("CreateTags", Resources=[default], Tags=[{"Key": "a", "Value": "b"}])
    wall.call("DeleteTags", Resources=[default])
    assert [wall.call(name) for name in listings] == first


def test_a_refused_first_write_begins_no_world(wall: Wall) -> None:
    """A write that is refused keeps nothing, not even the world that it came to (inferred)."""
    assert scenes.refusal(wall, "DeleteSecurityGroup", GroupId="sg-00000000").startswith("InvalidGroup.NotFound: ")
    assert wall.app.revision() == 0


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("RevokeSecurityGroupIngress", {"IpPermissions": [tcp(22, "10.0.0.0/8")]}),
        ("CreateTags", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("DeleteTags", {"Tags": [{"Key": "other"}]}),
    ],
)
def test_a_write_that_alters_nothing_is_no_change(wall: Wall, name: str, params: Json) -> None:
    """What leaves everything as it was is accepted and is no change: there is nothing to tell (inferred)."""
    group = create_group(wall)
    wall.call("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    before = wall.app.revision()
    wall.call(name, **params, **({"GroupId": group} if "Security" in name else {"Resources": [group]}))
    assert wall.app.revision() == before


def test_worlds_share_one_history(wall: Wall, tmp_path: Path) -> None:
    """Worlds have one gapless counter between them, and each sees its own changes only [inferred]."""
    other = wall.elsewhere("111122223333", "eu-west-1")
    for number in range(3):
        create_group(wall, f"g{number}")
        create_group(other, f"g{number}")
    mine, theirs = ([change["Revision"] for change in _changes(world)] for world in (wall, other))
    assert sorted(mine + theirs) == list(range(1, 9))
    assert _breaches(wall, tmp_path) == []
    assert {change["AccountId"] for change in _changes(other)} == {"111122223333"}
