"""UndoChange and ConfirmChange of a caller who may not touch all that the change touched."""

from __future__ import annotations

import json

import pytest

from groupwall.errors import ApiError
from tests.bound import allow, as_root, bound, deny, refused
from tests.driver import Wall
from tests.scenes import create_group, tcp

ARN = "arn:aws:ec2:us-east-1:123456789012:"
SSH = tcp(22, "192.0.2.0/24")
PROD = [{"Key": "Env", "Value": "prod"}]


def last_change(wall: Wall) -> int:
    """Return the revision of the last change."""
    return int(wall.call("DescribeChanges", NewestFirst=True, MaxResults=1)["Changes"][0]["Revision"])


def refused_on(wall: Wall, name: str, revision: int) -> str:
    """Return the resource that a call lacks permission on, which leaves nothing."""
    with pytest.raises(ApiError) as caught:
        wall.call(name, Revision=revision)
    return refused(caught.value).resource


def test_what_was_done_to_a_group_is_not_undone_past_a_deny(wall: Wall) -> None:
    """A Deny of a group, by its id or by its tag, holds for the undo of what others did to it (inferred)."""
    root = as_root(wall)
    group = create_group(root)
    root.call("CreateTags", Resources=[group], Tags=PROD)
    root.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[SSH])
    root.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[SSH])
    revoked, arn = last_change(root), f"{ARN}security-group/{group}"
    assert refused_on(bound(wall, allow(), deny("*", arn)), "UndoChange", revoked) == arn
    tagged = deny(StringEquals={"aws:ResourceTag/Env": "prod"})
    assert refused_on(bound(wall, allow(), tagged), "UndoChange", revoked) == arn
    assert bound(wall, allow("groupwall:UndoChange")).call("UndoChange", Revision=revoked)["Entities"]


def test_tags_are_not_undone_past_a_deny(wall: Wall) -> None:
    """Nobody gets at a resource by the undo of the tag that keeps it away (inferred)."""
    root = as_root(wall)
    group = create_group(root)
    root.call("CreateTags", Resources=[group], Tags=PROD)
    tagged = deny(StringEquals={"aws:ResourceTag/Env": "prod"})
    assert refused_on(bound(wall, allow(), tagged), "UndoChange", last_change(root)).endswith(group)


def test_a_change_is_not_confirmed_past_a_deny(wall: Wall) -> None:
    """A change of what a caller may not touch is not made to stay by it (inferred)."""
    root = as_root(wall)
    group = create_group(root)
    call = {"Operation": "CreateTags", "Parameters": json.dumps({"Resources": [group], "Tags": PROD})}
    made = root.call("ApplyChanges", Calls=[call], ConfirmWithin=60)["Revision"]
    arn = f"{ARN}security-group/{group}"
    assert refused_on(bound(wall, allow(), deny("*", arn)), "ConfirmChange", made) == arn
    assert bound(wall, allow("groupwall:ConfirmChange", arn)).call("ConfirmChange", Revision=made)


@pytest.mark.parametrize("name", ["UndoChange", "ConfirmChange"])
def test_a_change_that_is_not_there(wall: Wall, name: str) -> None:
    """Only who may undo any change learns that there is none of a revision (inferred)."""
    assert refused_on(bound(wall, allow("*", f"{ARN}security-group/*")), name, 99) == "*"
    with pytest.raises(ApiError, match=r"NotFound"):
        bound(wall, allow()).call(name, Revision=99)
