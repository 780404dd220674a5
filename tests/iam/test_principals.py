"""Users and roles in the store: each step is one change, and nothing is kept that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groupwall.errors import ApiError
from groupwall.iam.callers import ROLE, USER
from groupwall.iam.principals import MOST_POLICIES, MOST_TAGS, Given, Who, kept, policies_of, put, remove
from groupwall.store.entities import Principal
from groupwall.units import Ids
from tests.driver import NOW, Wall
from tests.signing import ALLOW_ALL, trust

ACCOUNT = "123456789012"
ALICE, DEPLOY = Who(ACCOUNT, USER, "alice"), Who(ACCOUNT, ROLE, "deploy")


def keep(wall: Wall, who: Who, **given: Any) -> Principal:  # noqa: ANN401 - the parts of Given
    """Keep a principal."""
    return wall.store.run(lambda tx: put(tx, Ids(5), NOW, who, Given(**given)))


def history(wall: Wall) -> list[tuple[str, str]]:
    """Return operation and request of each change."""
    return [(one.operation, one.request) for one, _ in wall.store.read(lambda tx: tx.changes(0, (), 100))]


def test_each_step_is_one_change(wall: Wall) -> None:
    """Keeping, changing and forgetting a user leave a change each; to keep what is kept leaves none (inferred)."""
    first = keep(wall, ALICE, policies={"all": ALLOW_ALL}, tags={"team": "net"})
    assert keep(wall, ALICE, policies={"all": ALLOW_ALL}) == first
    second = keep(wall, ALICE, boundary=ALLOW_ALL)
    assert second == first._replace(boundary=ALLOW_ALL)
    assert wall.store.read(lambda tx: kept(tx, ALICE)) == second
    assert wall.store.run(lambda tx: remove(tx, Ids(6), NOW, ALICE)) == second
    request = json.dumps({"AccountId": ACCOUNT, "UserName": "alice"})
    assert history(wall) == [("CreateUser", request), ("UpdateUser", request), ("DeleteUser", request)]
    assert wall.store.read(lambda tx: tx.principals()) == []


def test_what_is_given_replaces_its_part(wall: Wall) -> None:
    """Policies, boundary, trust and tags are parts; the others stay as they were (inferred)."""
    keep(wall, DEPLOY, trust=trust("*"), policies={"a": ALLOW_ALL}, tags={"x": "y"}, boundary=ALLOW_ALL)
    after = keep(wall, DEPLOY, policies={"b": ALLOW_ALL, "c": ALLOW_ALL}, boundary="")
    assert list(policies_of(after)) == ["b", "c"]
    assert (after.boundary, after.trust, json.loads(after.tags)) == ("", trust("*"), {"x": "y"})


def test_users_and_roles_have_names_of_their_own(wall: Wall) -> None:
    """A user and a role of one name are two principals; ARN and unique id are as IAM's [docs: IAM identifiers]."""
    user, role = Who(ACCOUNT, USER, "x"), Who(ACCOUNT, ROLE, "x")
    keep(wall, user)
    keep(wall, role, trust=trust("*"))
    assert [one.id[:4] for one in wall.store.read(lambda tx: tx.principals())] == ["AIDA", "AROA"]
    assert (user.arn("aws"), role.arn("aws-cn")) == (
        f"arn:aws:iam::{ACCOUNT}:user/x",
        f"arn:aws-cn:iam::{ACCOUNT}:role/x",
    )


REFUSED: dict[str, tuple[Who, dict[str, Any], str]] = {
    "no name": (Who(ACCOUNT, USER, ""), {}, "ValidationError"),
    "a path": (Who(ACCOUNT, USER, "a/b"), {}, "ValidationError"),
    "a long name": (Who(ACCOUNT, USER, "a" * 65), {}, "ValidationError"),
    "a role without trust": (DEPLOY, {}, "ValidationError"),
    "a user with trust": (ALICE, {"trust": trust("*")}, "ValidationError"),
    "a policy that is none": (ALICE, {"policies": {"a": "{"}}, "MalformedPolicyDocument"),
    "a boundary that is none": (ALICE, {"boundary": "{"}, "MalformedPolicyDocument"),
    "a trust that is none": (DEPLOY, {"trust": ALLOW_ALL}, "MalformedPolicyDocument"),
    "a policy without a name": (ALICE, {"policies": {"": ALLOW_ALL}}, "ValidationError"),
    "too many policies": (ALICE, {"policies": {f"p{n}": ALLOW_ALL for n in range(MOST_POLICIES + 1)}}, "LimitExceeded"),
    "too many tags": (ALICE, {"tags": {f"t{n}": "" for n in range(MOST_TAGS + 1)}}, "LimitExceeded"),
    "a tag without a key": (ALICE, {"tags": {"": "x"}}, "ValidationError"),
    "a tag twice": (ALICE, {"tags": {"Team": "x", "team": "y"}}, "ValidationError"),
    "a long tag": (ALICE, {"tags": {"x" * 129: ""}}, "ValidationError"),
    "a long value": (ALICE, {"tags": {"x": "x" * 257}}, "ValidationError"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_iam_does_not_take_is_refused(wall: Wall, what: str) -> None:
    """Names, documents and their number are IAM's: its quotas and its errors [docs]; nothing is kept then."""
    who, given, code = REFUSED[what]
    with pytest.raises(ApiError) as caught:
        keep(wall, who, **given)
    assert caught.value.code == code
    assert history(wall) == []


def test_who_is_not_kept_is_told(wall: Wall) -> None:
    """To forget nobody is NoSuchEntity [docs: IAM's errors]."""
    with pytest.raises(ApiError, match="NoSuchEntity: The role with name deploy cannot be found"):
        wall.store.run(lambda tx: remove(tx, Ids(6), NOW, DEPLOY))
