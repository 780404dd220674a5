"""A host goes on where something is in the way: its files, somebody else's table, a namespace that nobody can find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.bindings import Unbound
from groupwall.enforce.dataplane.posts import Post, remove_table
from groupwall.enforce.kernel import entering
from groupwall.enforce.kernel.messages import GoneTable
from tests.enforce.answers import changes, whole
from tests.enforce.bed import Bed
from tests.enforce.placed import PORT, SSH, VPC, Placed
from tests.enforce.test_host import by_hand, table, take_name


@pytest.fixture
def placed(tmp_path: Path) -> Iterator[Placed]:
    """Three instances and a host between them, two of which are attached, and all may reach by SSH."""
    with Bed({VPC: 3}) as bed:
        made = Placed(bed, tmp_path)
        made.follow(whole(1, made.world(SSH)))
        made.attach_container(1)
        made.attach_container(2)
        yield made
        made.host.close()


def test_a_full_disk_delays_no_revoke(placed: Placed) -> None:
    """What cannot be written is told and tried again, and rules are revoked all the same (inferred)."""
    beside = placed.folder / f".{bindings.FILE}"
    beside.mkdir()
    placed.bed.namespaces.remove(placed.bed.hosts[2].id)
    placed.follow(changes(2, placed.world(SSH), placed.world()))
    assert not placed.connects()
    placed.look()
    gone, unwritten = placed.host.faults
    assert gone.startswith(f"{placed.enis[2]}: its network namespace is gone")
    assert unwritten == f"{beside}: Is a directory"
    placed.look()
    assert placed.host.faults == [gone, unwritten]
    beside.rmdir()
    placed.look()
    assert placed.host.faults == [gone]
    assert {one.interface_id: bool(one.number) for one in bindings.read(placed.folder)} == {
        placed.enis[1]: True,
        placed.enis[2]: False,
    }


def test_what_was_missed_is_told_again(placed: Placed, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error that nobody foresaw all is asked for anew, and what posts have missed reaches them (inferred)."""

    def fail(*_: object) -> None:
        raise LookupError("unforeseen")

    with monkeypatch.context() as broken:
        broken.setattr(Post, "follow", fail)
        with pytest.raises(LookupError, match="unforeseen"):
            placed.follow(changes(2, placed.world(SSH), placed.world()))
    assert (placed.host.revision, placed.host.applied, placed.connects()) == (0, 1, True)
    placed.follow(whole(2, placed.world()))
    assert (placed.host.revision, placed.host.applied, placed.connects()) == (2, 2, False)


def test_another_table_in_place_of_ours_is_told(placed: Placed) -> None:
    """While somebody's table stands in the place of ours nothing is told as applied; ours is back at once (users 5.5).

    Nobody needs to tell anything: that the other one goes is heard of.
    """
    placed.follow(changes(2, placed.world(SSH), placed.world()))
    with placed.bed.namespaces.opened(placed.bed.hosts[1].id) as namespace:
        remove_table(namespace)
        take_name(namespace)
        assert (placed.host.repaired(), placed.host.applied, placed.host.revision) == (0, 0, 2)
        assert placed.connects()
        assert placed.host.faults == [
            f"{placed.enis[1]}: somebody else has a table named groupwall, which is not touched"
        ]
        by_hand(namespace, GoneTable())
    assert (placed.host.repaired(), placed.host.applied, placed.host.faults) == (1, 2, [])
    assert not placed.connects()


@pytest.mark.parametrize("port", [PORT, PORT + 1])
def test_what_is_let_go_is_free(placed: Placed, port: int) -> None:
    """A namespace that lost its name and lives on has no table of ours, which nobody would change (inferred)."""
    entering.forget(placed.bed.namespaces.name(placed.bed.hosts[1].id))
    placed.look()
    assert placed.connects(port)
    assert table(placed.bed.hosts[1].namespace) is None


def test_this_machine_is_not_a_container(placed: Placed) -> None:
    """The network that the agent is in is held with --host alone, which is on trial first (inferred)."""
    with pytest.raises(Unbound, match="this machine's own network: use --host"):
        placed.attach(0, netns=placed.bed.namespaces.name(VPC))
    assert placed.enis[0] not in placed.host.interfaces


@pytest.mark.parametrize("written", ['[["eni-1", ', "{}1", "[1]", '[["eni-1"]]'])
def test_bindings_that_are_none_are_told(placed: Placed, written: str) -> None:
    """A file of bindings that a crash or a person left in pieces is named, with what to do (inferred)."""
    file = placed.folder / bindings.FILE
    file.write_text(written)
    with pytest.raises(OSError, match=f"{file} does not say what is attached"):
        placed.within(Host)
