"""Rules described anew, by their properties or by id [reference 12]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenes import EVERYWHERE, Json, Scene, create_prefix_list, permission, refusal, tcp

BLOCK = "203.0.113.0/24"
NOT_THERE = "InvalidPermission.NotFound: The specified rule does not exist in this security group."
NO_SUCH_ID = "InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-00000000' does not exist"
VALID = (
    "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)
BOTH = "Only one of 'ipPermissions' or 'securityGroupRuleDescriptions' may be provided."
BY_ID: Json = {"SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": "sgr-00000000", "Description": "new"}]}


def describe(scene: Scene, *permissions: Json, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
    """Describe rules anew and return the reply."""
    return scene.wall.call(f"UpdateSecurityGroupRuleDescriptions{scene.side}", **_given(scene, permissions, params))


def refused(scene: Scene, *permissions: Json, **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
    """Return how that is refused."""
    return refusal(scene.wall, f"UpdateSecurityGroupRuleDescriptions{scene.side}", **_given(scene, permissions, params))


def _given(scene: Scene, permissions: tuple[Json, ...], params: Json) -> Json:
    return {"GroupId": scene.group} | ({"IpPermissions": list(permissions)} if permissions else {}) | params


def made(scene: Scene, *permissions: Json) -> list[str]:
    """Add rules and return their ids."""
    return [rule["SecurityGroupRuleId"] for rule in scene.authorize(*permissions)["SecurityGroupRules"]]


def texts(scene: Scene) -> dict[str, str | None]:
    """Return the description of each source's rule."""
    return {rule.peer: rule.description for rule in scene.rules()}


@pytest.mark.reference(
    "12 UpdateSecurityGroupRuleDescriptions", "clients 2.3 return true", "users 5.4 description update is a no-op"
)
def test_descriptions_by_permission(anywhere: Scene) -> None:
    """Each source gets the description beside it, and loses its own without one; the ids stay [reference 12]."""
    prefix_list = create_prefix_list(anywhere.wall)
    sources = [BLOCK, "::/0", prefix_list, anywhere.group]
    ids = made(anywhere, tcp(22, *((source, "old") for source in sources), ("10.0.0.0/8", "kept")))
    asked = tcp(22, (BLOCK, "new"), "::/0", (prefix_list, ""), (anywhere.group, "self"))
    assert describe(anywhere, asked) == {"Return": True}
    expected = {BLOCK: "new", "::/0": None, prefix_list: None, anywhere.group: "self", "10.0.0.0/8": "kept"}
    assert texts(anywhere) == expected
    assert set(anywhere.rule_ids()) == set(ids)


@pytest.mark.reference("12 UpdateSecurityGroupRuleDescriptions", "clients 9 description by rule id")
def test_descriptions_by_id(anywhere: Scene) -> None:
    """Rules named by id get their description, or lose it [reference 12, model]."""
    first, second, _ = made(anywhere, tcp(22, BLOCK, ("10.0.0.0/8", "old"), ("::/0", "kept")))
    named = [{"SecurityGroupRuleId": first, "Description": "new"}, {"SecurityGroupRuleId": second}]
    assert describe(anywhere, SecurityGroupRuleDescriptions=named) == {"Return": True}
    assert texts(anywhere) == {BLOCK: "new", "10.0.0.0/8": None, "::/0": "kept"}


def test_a_group_of_the_default_vpc_by_name(in_default_vpc: Scene) -> None:
    """In the default VPC the group may be named, for egress too [reference 12, model]."""
    in_default_vpc.authorize(tcp(22, BLOCK))
    name = f"UpdateSecurityGroupRuleDescriptions{in_default_vpc.side}"
    in_default_vpc.wall.call(name, GroupName="web", IpPermissions=[tcp(22, (BLOCK, "new"))])
    assert texts(in_default_vpc) == {BLOCK: "new"}
    told = refusal(in_default_vpc.wall, name, IpPermissions=[tcp(22, BLOCK)])
    assert told == "MissingParameter: The request must contain the parameter groupName or groupId"


@pytest.mark.parametrize(
    ("asked", "params", "told"),
    [
        ([tcp(22, (BLOCK, "new")), tcp(23, BLOCK)], {}, NOT_THERE),
        ([tcp(22, (BLOCK, "new"), EVERYWHERE)], {}, NOT_THERE),
        ([permission("-1", None, None, BLOCK)], {}, NOT_THERE),
        (
            [tcp(22, (BLOCK, "a"), (BLOCK, "b"))], {},
            "InvalidParameterValue: The same permission must not appear multiple times",
        ),
        (
            [tcp(22, (BLOCK, "what?"))], {},
            "InvalidParameterValue: Invalid rule description. " + VALID,
        ),
        (
            [tcp(22, "pl-00000000")], {},
            "InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000' does not exist",
        ),
        (
            [], {},
            "MissingParameter: Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided.",
        ),
        ([], BY_ID, NO_SUCH_ID),
        ([tcp(22, (BLOCK, "new"))], BY_ID, f"InvalidParameterCombination: {BOTH}"),
        (
            [], {"SecurityGroupRuleDescriptions": [{"Description": "new"}]},
            'InvalidSecurityGroupRuleId.Malformed: Invalid id: "" (expecting "sgr-...")',
        ),
        (
            [tcp(22, (BLOCK, "new"))], {"GroupId": "sg-00000000"},
            "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist",
        ),
    ],
)  # fmt: skip
@pytest.mark.reference("12 UpdateSecurityGroupRuleDescriptions")
def test_what_cannot_be_described(anywhere: Scene, asked: list[Json], params: Json, told: str) -> None:
    """A rule that is not there refuses the call in any VPC, and leaves the others as they are [reference 12]."""
    anywhere.authorize(tcp(22, (BLOCK, "old")))
    assert refused(anywhere, *asked, **params) == told
    assert texts(anywhere) == {BLOCK: "old"}


def test_an_id_named_twice(anywhere: Scene) -> None:
    """One rule cannot have two descriptions (inferred)."""
    [rule_id] = made(anywhere, tcp(22, BLOCK))
    named = [{"SecurityGroupRuleId": rule_id, "Description": text} for text in ("a", "b")]
    told = refused(anywhere, SecurityGroupRuleDescriptions=named)
    assert told == "InvalidParameterValue: The same permission must not appear multiple times"


def test_the_direction_counts(anywhere: Scene) -> None:
    """A rule of the other direction is not there, by properties or by id (inferred, as 4.1)."""
    [rule_id] = made(anywhere, tcp(22, BLOCK))
    other = Scene(anywhere.wall, "Ingress" if anywhere.egress else "Egress", anywhere.default, anywhere.group)
    assert refused(other, tcp(22, BLOCK)) == NOT_THERE
    named = [{"SecurityGroupRuleId": rule_id, "Description": "new"}]
    assert refused(other, SecurityGroupRuleDescriptions=named).startswith("InvalidSecurityGroupRuleId.NotFound: ")


def test_the_same_description_is_no_change(anywhere: Scene) -> None:
    """What is described as it was leaves nothing to tell (inferred)."""
    anywhere.authorize(tcp(22, (BLOCK, "old")))
    before = anywhere.wall.app.revision()
    describe(anywhere, tcp(22, (BLOCK, "old")))
    assert anywhere.wall.app.revision() == before
