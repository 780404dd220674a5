"""What goes of the history goes into a checkpoint: the law, the chain and every answer about what is kept go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from groupwall.store import retention
from groupwall.store.folder import StoreError
from groupwall.store.retention import FOR_EVER, MILESTONE, PORTION, Retention
from groupwall.store.verify import verify
from tests.driver import Wall
from tests.law import breaches
from tests.tampering import assert_found, copy_of
from tests.worlds import make_random_call, random_world, seeded

HOUR = 3_600_000
AGE = Retention(age=10 * HOUR)


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Wall]:
    """A wall on the disk with some forty changes, an hour between each two."""
    with Wall(data=str(tmp_path)) as wall:
        _fill(wall)
        yield wall


def _fill(wall: Wall, calls: int = 40) -> None:
    scene, chance = random_world(wall, seeded(2)), seeded(3)
    for _ in range(calls):
        make_random_call(scene, chance)
        wall.clock.advance(HOUR / 1000)


def _forget(wall: Wall, kept: Retention = AGE) -> int:
    """Let all go that can; return the horizon."""
    while wall.app.forget(kept):
        pass
    return wall.store.read(lambda tx: tx.horizon())


def _told(wall: Wall, after: int = 0) -> list[int]:
    return [one["Revision"] for one in wall.call("DescribeChanges", After=after, MaxResults=1000)["Changes"]]


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def test_old_changes_go_and_the_law_holds(wall: Wall, tmp_path: Path) -> None:
    """Changes that are older than is kept are gone, younger ones stay, and all still adds up (inferred)."""
    before = _told(wall)
    assert not breaches(tmp_path)
    horizon = _forget(wall)
    assert 0 < horizon < before[-1]
    assert _told(wall) == [revision for revision in before if revision > horizon]
    limit = wall.clock.now() - 10 * HOUR
    assert all(_ms(one["Time"]) >= limit for one in wall.call("DescribeChanges")["Changes"])
    assert not breaches(tmp_path)
    found = wall.call("VerifyHistory")
    assert (found["Intact"], found["First"]["Revision"]) == (True, horizon + 1)


def test_what_is_missing_is_told(wall: Wall) -> None:
    """DescribeChanges and ExportHistory tell the oldest change that is kept, once one is not (inferred)."""
    for operation in ("DescribeChanges", "ExportHistory"):
        assert "Oldest" not in wall.call(operation)
    horizon = _forget(wall)
    for operation in ("DescribeChanges", "ExportHistory"):
        assert [wall.call(operation, After=after)["Oldest"] for after in (0, horizon)] == [horizon + 1] * 2
    assert wall.call("DescribeChanges", NewestFirst=True)["Oldest"] == horizon + 1
    _forget(wall, Retention(most=0))
    assert wall.call("DescribeChanges")["Oldest"] == wall.app.revision() + 1


def test_heads_of_changes_that_are_gone(wall: Wall) -> None:
    """A head is compared as long as something is left to compare it with; one that cannot be is told (inferred)."""
    heads = [{"Revision": one["Revision"], "Hash": one["Hash"]} for one in wall.call("DescribeChanges")["Changes"]]
    horizon = _forget(wall)
    told = wall.call("VerifyHistory", Heads=heads)
    assert (told["Intact"], told["Unchecked"]) == (True, heads[: horizon - 1])
    assert wall.call("VerifyHistory", Heads=heads[horizon - 1 :])["Unchecked"] == []
    twice = [heads[0], heads[0] | {"Hash": "00" * 32}]
    assert [one["Revision"] for one in wall.call("VerifyHistory", Heads=twice)["Faults"]] == [1]
    forged = heads[horizon - 1] | {"Hash": "00" * 32}
    assert [one["Revision"] for one in wall.call("VerifyHistory", Heads=[forged])["Faults"]] == [horizon]


def test_the_horizon_moves_on(wall: Wall, tmp_path: Path) -> None:
    """A checkpoint is folded into the next, until no change is left; a new change follows its head (inferred)."""
    first = _forget(wall)
    wall.clock.advance(5 * HOUR / 1000)
    second = _forget(wall)
    assert first < second
    assert not breaches(tmp_path)
    wall.clock.advance(1000 * HOUR / 1000)
    newest = wall.app.revision()
    assert _forget(wall) == newest
    assert _told(wall) == []
    assert wall.call("VerifyHistory")["Head"]["Revision"] == newest
    assert [one["Revision"] for one in wall.call("DescribeHeads")["Heads"]] == [newest]
    wall.call("CreateSecurityGroup", GroupName="new", Description="after all else")
    assert _told(wall) == [newest + 1]
    assert not breaches(tmp_path)


def test_it_stays_so_after_a_restart(wall: Wall, tmp_path: Path) -> None:
    """A store with a checkpoint opens again and adds up (inferred)."""
    horizon = _forget(wall)
    wall.close()
    with Wall(data=str(tmp_path)) as again:
        assert again.call("VerifyHistory")["Intact"]
        with pytest.raises(ApiError, match=f"kept from revision {horizon} on"):
            again.call("DescribeFindings", AtRevision=horizon - 1)


@pytest.mark.parametrize("cut", ["_HEADS", "_FOLDED"])
def test_a_portion_goes_whole_or_not_at_all(
    wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """What fails between the checkpoint and the deletion leaves both undone: one transaction (inferred)."""
    before = _told(wall)
    monkeypatch.setattr(retention, cut, "no SQL")
    with pytest.raises(StoreError):
        wall.store.forget(AGE, wall.clock.now())
    assert not wall.app.forget(AGE)
    assert _told(wall) == before
    assert not breaches(tmp_path)


def test_nothing_goes_that_is_kept_for_ever(wall: Wall) -> None:
    """Without an age or a number all changes stay (inferred)."""
    wall.clock.advance(1e9)
    assert _forget(wall, FOR_EVER) == 0


def test_so_many_changes_are_kept(wall: Wall, tmp_path: Path) -> None:
    """A number of changes keeps the newest of them (inferred)."""
    newest = wall.app.revision()
    assert _forget(wall, Retention(most=7)) == newest - 7
    assert not breaches(tmp_path)


def test_portions_and_milestones(tmp_path: Path) -> None:
    """A portion takes so many changes at most; of every thousandth the head stays, and the horizon's (inferred)."""
    with Wall(data=str(tmp_path)) as wall:
        vpc_id = wall.call("DescribeVpcs")["Vpcs"][0]["VpcId"]
        for number in range(MILESTONE + PORTION // 2):
            wall.ask("CreateTags", Resources=[vpc_id], Tags=[{"Key": "k", "Value": str(number)}])
        heads = wall.call("DescribeHeads")["Heads"]
        assert wall.app.forget(Retention(most=0))
        assert wall.store.read(lambda tx: tx.horizon()) == PORTION
        newest = wall.app.revision()
        assert _forget(wall, Retention(most=0)) == newest
        assert wall.call("DescribeHeads")["Heads"] == heads
        assert [head["Revision"] for head in heads] == [MILESTONE, newest]
        kept = [{"Revision": head["Revision"], "Hash": head["Hash"]} for head in heads]
        assert wall.call("VerifyHistory", Heads=kept)["Intact"]
        assert not wall.call("VerifyHistory", Heads=[kept[0] | {"Hash": "00" * 32}])["Intact"]
        assert not breaches(tmp_path)


def test_the_past_is_known_from_the_horizon_on(wall: Wall) -> None:
    """What is still known is answered as before; what is not is refused, and the oldest is named (inferred)."""
    times = {one["Revision"]: one["Time"] for one in wall.call("DescribeChanges", MaxResults=1000)["Changes"]}
    newest = wall.app.revision()
    before = {at: wall.call("DescribeFindings", AtRevision=at) for at in range(newest - 5, newest + 1)}
    horizon = _forget(wall, Retention(most=5))
    assert before == {at: wall.call("DescribeFindings", AtRevision=at) for at in range(horizon, newest + 1)}
    assert wall.call("DescribeFindings", At=_ms(times[horizon])) == before[horizon]
    forgotten = f"kept from revision {horizon} on"
    for name, params in (
        ("DescribeFindings", {"AtRevision": horizon - 1}),
        ("DescribeFindings", {"At": _ms(times[min(times)])}),
        ("DescribeDifference", {"FromRevision": horizon - 1}),
        ("BisectFlow", {"From": "10.0.0.1", "To": "10.0.0.2", "UntilRevision": horizon - 1}),
    ):
        with pytest.raises(ApiError, match=forgotten):
            wall.call(name, **params)
    wall.call("DescribeReceipt", Revision=horizon + 1)
    for name in ("DescribeReceipt", "UndoChange"):
        with pytest.raises(ApiError, match=f"no longer kept. The oldest that can be asked for is {horizon + 1}"):
            wall.call(name, Revision=horizon)


def test_changes_after_what_is_forgotten(wall: Wall) -> None:
    """A list from a revision that is forgotten begins with the oldest that is kept (inferred)."""
    horizon = _forget(wall)
    assert _told(wall, after=1) == _told(wall) == _told(wall, after=horizon)


_TAMPERINGS = (
    "DELETE FROM checkpoint",
    "UPDATE checkpoint SET hash = zeroblob(32)",
    "UPDATE checkpoint SET revision = revision - 1",
    "INSERT INTO checkpoint SELECT revision + 1, time, hash FROM checkpoint",
    "DELETE FROM checkpoint_entity",
    "INSERT INTO checkpoint_entity VALUES (1, 'vpc', 'vpc-1', '{}')",
    "INSERT INTO checkpoint_entity VALUES (1, 'unknown', 'x', '{}')",
    "INSERT INTO change SELECT 1, 1, 'a', 'b', 1, 'c', 'd', 'e', '{}', hash, hash FROM checkpoint",
    "DELETE FROM change WHERE revision = (SELECT min(revision) FROM change)",
    "DELETE FROM delta WHERE revision = (SELECT min(revision) FROM delta)",
)


@pytest.mark.parametrize("tampering", _TAMPERINGS)
def test_tampering_with_a_checkpoint_is_found(wall: Wall, tampering: str) -> None:
    """A checkpoint that is altered leads neither to the chain nor to the tables (inferred)."""
    _forget(wall)
    connection = copy_of(wall)
    assert verify(connection, {}).faults == []
    assert_found(connection, tampering)


def test_every_entity_of_a_checkpoint_counts(wall: Wall) -> None:
    """Whichever entity of it is removed, renamed, moved or altered, that is found (inferred)."""
    _forget(wall)
    rows = copy_of(wall).execute("SELECT world, kind, id FROM checkpoint_entity").fetchall()
    assert len(rows) > PORTION // 10
    for row in rows[::7]:
        for tampering in (
            "DELETE FROM checkpoint_entity",
            "UPDATE checkpoint_entity SET id = id || 'x'",
            "UPDATE checkpoint_entity SET world = world + 1",
            "UPDATE checkpoint_entity SET columns = replace(replace(columns, '0', '7'), 'a', 'b')",
        ):
            assert_found(copy_of(wall), f"{tampering} WHERE world = ? AND kind = ? AND id = ?", row)


def test_what_was_altered_is_not_folded_away(wall: Wall) -> None:
    """Changes that do not follow from each other stay, so that what was done to them is found (inferred)."""
    wall.store._connection.execute("UPDATE change SET caller = 'nobody' WHERE revision = 5")  # noqa: SLF001 - tampering
    assert not wall.app.forget(AGE)
    assert wall.call("VerifyHistory")["Faults"][0]["Revision"] == 5


def test_what_waits_for_its_confirmation_stays(wall: Wall) -> None:
    """A change that may yet undo itself is kept, with all after it, until it is confirmed (inferred)."""
    group = wall.call("CreateSecurityGroup", GroupName="late", Description="late")["GroupId"]
    parameters = json.dumps({"GroupId": group})
    calls = [{"Operation": "DeleteSecurityGroup", "Parameters": parameters}]
    revision = wall.call("ApplyChanges", Calls=calls, ConfirmWithin=86_400)["Revision"]
    wall.clock.advance(20 * HOUR / 1000)
    assert _forget(wall) == revision - 1
    wall.call("ConfirmChange", Revision=revision)
    assert _forget(wall) >= revision
