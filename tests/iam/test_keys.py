"""Access keys in the store: each step is one change, which tells everything but the secret."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from groupwall.errors import ApiError
from groupwall.iam import keys
from groupwall.store.entities import AccessKey
from groupwall.store.transaction import Transaction
from groupwall.units import Ids
from tests.driver import NOW, Wall

ACCOUNT = "123456789012"
Step = Callable[[Transaction, Ids, int, str], AccessKey]


def changes(wall: Wall) -> list[tuple[str, str, list[tuple[object, object]]]]:
    """Return what the history tells of keys, which belong to no world: operation, request, before and after."""
    found = wall.store.read(lambda tx: tx.changes(0, (), 100))
    return [
        (change.operation, change.request, [(read(one.before), read(one.after)) for one in deltas])
        for change, deltas in found
    ]


def read(columns: str | None) -> object:
    """Return the columns of a delta."""
    return columns and json.loads(columns)


def test_each_step_is_one_change(wall: Wall) -> None:
    """Making, disabling, enabling and deleting a key leave a change each, with the key before and after (inferred)."""
    key, secret = wall.store.run(lambda tx: keys.create(tx, Ids(5), NOW, keys.Wanted(ACCOUNT, "alice")))
    wall.store.run(lambda tx: keys.set_status(tx, Ids(6), NOW, key.id, keys.INACTIVE))
    wall.store.run(lambda tx: keys.set_status(tx, Ids(7), NOW, key.id, keys.ACTIVE))
    wall.store.run(lambda tx: keys.delete(tx, Ids(8), NOW, key.id))
    active = {"id": key.id, "account": ACCOUNT, "user": "alice", "status": "Active", "created": NOW, "expires": 0}
    inactive = active | {"status": "Inactive"}
    told = changes(wall)
    assert [operation for operation, _, _ in told] == [
        "CreateAccessKey", "UpdateAccessKey", "UpdateAccessKey", "DeleteAccessKey",
    ]  # fmt: skip
    assert [deltas for *_, deltas in told] == [
        [(None, active)], [(active, inactive)], [(inactive, active)], [(active, None)],
    ]  # fmt: skip
    assert secret not in str(told)
    assert wall.store.access_key(key.id) is None


def test_what_is_disabled_twice_changes_once(wall: Wall) -> None:
    """Disabling a disabled key is no change (inferred)."""
    key, _ = wall.store.run(lambda tx: keys.create(tx, Ids(5), NOW, keys.Wanted(ACCOUNT)))
    for _ in range(2):
        disabled = wall.store.run(lambda tx: keys.set_status(tx, Ids(6), NOW, key.id, keys.INACTIVE))
        assert disabled.status == "Inactive"
    assert [operation for operation, *_ in changes(wall)] == ["CreateAccessKey", "UpdateAccessKey"]


def test_no_two_keys_are_alike() -> None:
    """Ids and secrets of keys come from the system's randomness, and have the form of AWS's (inferred)."""
    with Wall() as wall:
        made = [wall.store.run(lambda tx: keys.create(tx, Ids(), NOW, keys.Wanted(ACCOUNT))) for _ in range(50)]
    assert len({key.id for key, _ in made}) == len({secret for _, secret in made}) == 50
    assert {(len(key.id), key.id[:4], len(secret)) for key, secret in made} == {(20, "AKIA", 40)}


@pytest.mark.parametrize("user", ["", "a", "alice+bob=c,d.e@f_g-h", "x" * 64])
def test_names_that_iam_allows_are_taken(wall: Wall, user: str) -> None:
    """A user's name is up to 64 of the characters that IAM allows, or none: IAM's rule [docs]."""
    key, _ = wall.store.run(lambda tx: keys.create(tx, Ids(), NOW, keys.Wanted(ACCOUNT, user)))
    assert key.user == user


@pytest.mark.parametrize("user", ["a b", "a/b", "a\n", "ä", "x" * 65, "<script>"])
def test_other_names_are_refused(wall: Wall, user: str) -> None:
    """Any other name is refused, and nothing is kept: IAM's rule [docs]."""
    with pytest.raises(ApiError, match="ValidationError"):
        wall.store.run(lambda tx: keys.create(tx, Ids(), NOW, keys.Wanted(ACCOUNT, user)))
    assert changes(wall) == []


def disabled(tx: Transaction, ids: Ids, now: int, key_id: str) -> AccessKey:
    """Disable a key."""
    return keys.set_status(tx, ids, now, key_id, keys.INACTIVE)


@pytest.mark.parametrize("step", [disabled, keys.delete])
def test_a_key_that_is_not_there_cannot_be_changed(wall: Wall, step: Step) -> None:
    """An unknown id is refused, as IAM does (inferred)."""
    with pytest.raises(ApiError, match="NoSuchEntity: The Access Key with id AKIANONE cannot be found"):
        wall.store.run(lambda tx: step(tx, Ids(), NOW, "AKIANONE"))
