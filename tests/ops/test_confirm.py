"""Changes that undo themselves unless they are confirmed in time [inferred]."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

import groupwall
from groupwall.store.sqlite import open_beside
from tests.driver import NOW, Wall
from tests.law import breaches
from tests.ops.test_apply import asked
from tests.scenes import EVERYWHERE, Json, create_group, held, refusal, rules_of, tcp
from tests.undoing import held as all_held

MINUTE = 60


def _open(group: str, port: int) -> Json:
    return asked("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, EVERYWHERE)])


def _apply(wall: Wall, group: str, port: int, seconds: int = MINUTE) -> int:
    revision: int = wall.call("ApplyChanges", Calls=[_open(group, port)], ConfirmWithin=seconds)["Revision"]
    return revision


def _ports(wall: Wall, group: str) -> list[int]:
    return [held(rule).first for rule in rules_of(wall, group)]


def _states(wall: Wall) -> dict[int, str]:
    told = wall.call("DescribeConfirmations")["Confirmations"]
    return {one["Revision"]: one["State"] for one in told}


def _changes(wall: Wall) -> list[Json]:
    changes: list[Json] = wall.call("DescribeChanges")["Changes"]
    return changes


def test_a_change_waits_until_its_time(wall: Wall) -> None:
    """A change stands until its deadline, which the answer and the list of confirmations tell."""
    group = create_group(wall)
    made = wall.call("ApplyChanges", Calls=[_open(group, 22)], ConfirmWithin=MINUTE)
    deadline = datetime.fromtimestamp(NOW / 1000 + MINUTE, UTC)
    assert made["ConfirmBy"] == deadline
    wall.clock.advance(MINUTE - 0.001)
    assert _ports(wall, group) == [22]
    assert wall.call("DescribeConfirmations")["Confirmations"] == [
        {"Revision": made["Revision"], "Deadline": deadline, "State": "waiting"}
    ]


def test_at_its_time_it_is_undone(wall: Wall, tmp_path: Path) -> None:
    """At the deadline the change is undone, by a change of groupwall's own; a read sees it at once."""
    group = create_group(wall)
    before = all_held(wall)
    revision = _apply(wall, group, 22)
    wall.clock.advance(MINUTE)
    assert _ports(wall, group) == []
    assert all_held(wall) == before
    assert _states(wall) == {revision: "undone"}
    last = _changes(wall)[-1]
    assert (last["Revision"], last["Operation"]) == (revision + 1, "UndoChange")
    assert last["Caller"] == f"arn:aws:groupwall:us-east-1:123456789012:confirmation/{revision}"
    assert last["Time"] == datetime.fromtimestamp(NOW / 1000 + MINUTE, UTC)
    assert json.loads(last["Request"]) == {"Revision": revision, "Reason": "It was not confirmed in time."}
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def test_a_write_finds_it_undone(wall: Wall) -> None:
    """What is due is done before a call that writes, too: its change is the later one."""
    group = create_group(wall)
    _apply(wall, group, 22)
    wall.clock.advance(MINUTE)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE)])
    assert _ports(wall, group) == [22]
    assert [change["Operation"] for change in _changes(wall)][-3:] == [
        "ApplyChanges", "UndoChange", "AuthorizeSecurityGroupIngress",
    ]  # fmt: skip


def test_a_confirmed_change_stays(wall: Wall) -> None:
    """Confirmed in time, a change stays; to confirm it again is no change."""
    group = create_group(wall)
    revision = _apply(wall, group, 22)
    assert wall.call("ConfirmChange", Revision=revision) == {"Revision": revision}
    at = wall.app.revision()
    wall.clock.advance(10 * MINUTE)
    assert wall.call("ConfirmChange", Revision=revision) == {"Revision": revision}
    assert (_ports(wall, group), _states(wall), wall.app.revision()) == ([22], {revision: "confirmed"}, at)


def test_too_late_is_too_late(wall: Wall) -> None:
    """After the deadline there is nothing to confirm; a change that was never to be confirmed is not found."""
    group = create_group(wall)
    revision = _apply(wall, group, 22)
    wall.clock.advance(MINUTE)
    assert refusal(wall, "ConfirmChange", Revision=revision).startswith("IncorrectState: ")
    assert refusal(wall, "ConfirmChange", Revision=revision - 1).startswith("InvalidConfirmation.NotFound: ")
    assert refusal(wall.elsewhere("111122223333"), "ConfirmChange", Revision=revision).startswith("InvalidConfirm")


def test_undone_by_hand_is_undone(wall: Wall) -> None:
    """A waiting change that somebody undoes is undone, and its deadline has no effect; a redo waits for none."""
    group = create_group(wall)
    revision = _apply(wall, group, 22)
    again = wall.call("UndoChange", Revision=revision)["Revision"]
    assert _states(wall) == {revision: "undone"}
    wall.call("UndoChange", Revision=again)
    at = wall.app.revision()
    wall.clock.advance(MINUTE)
    assert (_ports(wall, group), wall.app.revision(), _states(wall)) == ([22], at, {revision: "undone"})


def test_what_cannot_be_undone_says_why(wall: Wall) -> None:
    """When a later change stands in the way the change stays, and the confirmation tells why; so does the history."""
    group = create_group(wall)
    call = asked("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "1"}])
    revision = wall.call("ApplyChanges", Calls=[call], ConfirmWithin=MINUTE)["Revision"]
    wall.call("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "2"}])
    wall.clock.advance(MINUTE)
    [told] = wall.call("DescribeConfirmations")["Confirmations"]
    assert told["State"] == "refused"
    assert told["Message"] == (
        f"The change '{revision}' cannot be undone: tag {group}/a was altered since, by the change {revision + 1};"
        " undoing that one first would help."
    )
    last = _changes(wall)[-1]
    assert (last["Operation"], [delta["Kind"] for delta in last["Deltas"]]) == ("UndoChange", ["confirmation"])
    assert json.loads(last["Deltas"][0]["After"])["message"] == told["Message"]
    at = wall.app.revision()
    wall.call("DescribeVpcs")
    assert wall.app.revision() == at
    wall.call("UndoChange", Revision=revision + 1)
    wall.call("UndoChange", Revision=revision)
    assert _states(wall) == {revision: "undone"}


def test_several_are_undone_in_the_order_of_their_deadlines(wall: Wall, tmp_path: Path) -> None:
    """Of changes that build on each other the one that ends first is undone first, the newest where they end alike."""
    group = create_group(wall)
    before = all_held(wall)
    first = _apply(wall, group, 22)
    [rule] = rules_of(wall, group)
    tag = asked("CreateTags", Resources=[rule["SecurityGroupRuleId"]], Tags=[{"Key": "a", "Value": "1"}])
    second = wall.call("ApplyChanges", Calls=[tag], ConfirmWithin=MINUTE)["Revision"]
    other = wall.elsewhere("111122223333")
    theirs = _apply(other, create_group(other), 22, 2 * MINUTE)
    wall.clock.advance(MINUTE)
    assert all_held(wall)[1] == before[1]
    assert _states(wall) == {first: "undone", second: "undone"}
    assert _states(other) == {theirs: "waiting"}
    wall.clock.advance(MINUTE)
    wall.call("DescribeVpcs")
    assert _states(other) == {theirs: "undone"}
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def test_a_refused_call_leaves_no_deadline(wall: Wall) -> None:
    """A change that was refused waits for nothing."""
    group = create_group(wall)
    refusal(wall, "ApplyChanges", Calls=[_open(group, 22), _open(group, 22)], ConfirmWithin=MINUTE)
    at = wall.app.revision()
    wall.clock.advance(MINUTE)
    assert (_states(wall), wall.app.revision()) == ({}, at)


def test_the_list_has_pages(wall: Wall) -> None:
    """Confirmations are listed by revision, as numbers, page by page."""
    group = create_group(wall)
    made = [_apply(wall, group, port) for port in range(12)]
    assert list(_states(wall)) == made
    page = wall.call("DescribeConfirmations", MaxResults=7)
    rest = wall.call("DescribeConfirmations", MaxResults=7, NextToken=page["NextToken"])
    assert [one["Revision"] for one in page["Confirmations"] + rest["Confirmations"]] == made
    assert "NextToken" not in rest


def test_it_survives_a_restart(tmp_path: Path) -> None:
    """A deadline that passes while nobody runs counts from the next start on."""
    with Wall(data=str(tmp_path)) as wall:
        group = create_group(wall)
        revision = _apply(wall, group, 22)
    with Wall(data=str(tmp_path)) as wall:
        assert _ports(wall, group) == [22]
    with Wall(data=str(tmp_path)) as wall:
        wall.clock.advance(MINUTE)
        assert _ports(wall, group) == []
        assert _states(wall) == {revision: "undone"}
    assert breaches(tmp_path) == []


def test_a_reader_settles_nothing(tmp_path: Path) -> None:
    """A process that only reads leaves what is due to the server."""
    with Wall(data=str(tmp_path)) as wall:
        group = create_group(wall)
        _apply(wall, group, 22)
        wall.clock.advance(MINUTE)
        at = wall.app.revision()
        with Wall() as reader:
            reader.app.store = open_beside(str(tmp_path), read_only=True)
            reader.clock.advance(MINUTE)
            assert _ports(reader, group) == [22]
            reader.app.store.close()
        assert wall.app.revision() == at
        assert _ports(wall, group) == []


def test_what_nobody_waits_for_costs_nothing(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing waits, a call does not ask the store for deadlines."""
    create_group(wall)
    wall.call("DescribeVpcs")
    monkeypatch.setattr("groupwall.store.reads.Reads.next_deadline", None)
    wall.call("DescribeVpcs")
    create_group(wall, "other")


def test_a_fault_of_ours_is_told_once(
    wall: Wall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault while a change is undone refuses it for good, so that it does not come back with every call."""
    group = create_group(wall)
    _apply(wall, group, 22)
    monkeypatch.setattr("groupwall.settling.undo_unconfirmed", None)
    wall.clock.advance(MINUTE)
    assert _ports(wall, group) == [22]
    [told] = wall.call("DescribeConfirmations")["Confirmations"]
    assert (told["State"], told["Message"]) == (
        "refused", "an internal error has occurred; the server's log tells more",
    )  # fmt: skip
    assert len(caplog.records) == 1


def test_in_process_it_goes_by_the_clock() -> None:
    """A wall in this process undoes by its own clock, at the next call, whichever it is."""
    with groupwall.local(now=datetime.fromtimestamp(NOW / 1000, UTC)) as wall:
        ec2 = boto3.client("ec2")
        group = ec2.create_security_group(GroupName="web", Description="x")["GroupId"]
        groupwall.client().apply_changes(Calls=[_open(group, 22)], ConfirmWithin=MINUTE)
        assert len(ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]) == 1
        wall.clock.advance(MINUTE)
        assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []
