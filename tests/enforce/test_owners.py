"""Whose what is: two agents of one machine never undo each other's work."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane.bindings import Unbound
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.owner import NOBODY, known_owner, owner_of
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.kernel.entering import Namespace, forget
from groupwall.enforce.kernel.reading import NotOurs
from tests.enforce.answers import changes, whole
from tests.enforce.bed import Bed
from tests.enforce.servers import enforcing_on
from tests.enforce.test_host import VPC, Placed

_NUMBERS = count()


@pytest.fixture
def prefix() -> Iterator[str]:
    """What names begin with that are all gone at the end."""
    made = f"gwt-{os.getpid()}-o{next(_NUMBERS)}"
    yield made
    Namespaces(made).remove_all()


def test_an_agent_keeps_its_name(tmp_path: Path) -> None:
    """The name of a folder's agent is drawn once, and is no other folder's; where none was, it is nobody (inferred)."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert known_owner(one) == known_owner(tmp_path / "none") == NOBODY
    assert owner_of(one) == owner_of(one) == known_owner(one) != owner_of(other)


def test_what_another_agent_made_is_not_touched(prefix: str) -> None:
    """A namespace of another agent, or of nobody's, is no agent's to take up, to change or to remove (inferred)."""
    one, other = Namespaces(prefix, "agent-1"), Namespaces(prefix, "agent-2")
    one.make_router("vpc-1")
    with Namespace.new() as theirs:
        theirs.name(one.name("vpc-2"))
    for vpc_id, by in (("vpc-1", other), ("vpc-2", other), ("vpc-2", one)):
        with pytest.raises(FileExistsError, match=f"made {prefix}-{vpc_id}, which is not touched"):
            by.make_router(vpc_id)
    assert (other.ids(), other.others(), other.remove_all()) == ([], [f"{prefix}-vpc-1"], [])
    assert (one.ids(), one.others(), Namespaces(prefix).ids()) == (["vpc-1"], [], ["vpc-1"])
    one.make_router("vpc-1")
    assert one.remove_all() == ["vpc-1"]
    forget(one.name("vpc-2"))


def test_what_is_older_than_names_is_anyones(prefix: str) -> None:
    """What was made before agents had names is taken up by whoever comes first (inferred)."""
    Namespaces(prefix).make_router("vpc-1")
    one = Namespaces(prefix, "agent-1")
    one.make_router("vpc-1")
    assert (one.others(), one.remove_all()) == ([], ["vpc-1"])


@pytest.fixture
def placed(tmp_path: Path) -> Iterator[Placed]:
    """Two instances and a host between them, which holds the device of the first."""
    (tmp_path / "one").mkdir()
    with Bed({VPC: 2}) as bed:
        made = Placed(bed, tmp_path / "one")
        made.follow(whole(1, made.world()))
        made.attach(0)
        yield made
        made.host.close()


def test_a_namespace_has_one_agent(placed: Placed, tmp_path: Path) -> None:
    """A second agent attaches nothing where the first has its table; the first has nothing to repair (inferred)."""
    (tmp_path / "two").mkdir()
    other = Host(tmp_path / "two")
    other.follow(whole(1, placed.world()))
    first, placed.host = placed.host, other
    with pytest.raises(Unbound, match="another agent of this machine has a table named groupwall"):
        placed.attach(1)
    placed.host = first
    assert (other.interfaces, other.faults) == ([], [])
    other.close()
    assert (placed.host.repaired(), placed.host.interfaces) == (0, [placed.enis[0]])
    with pytest.raises(NotOurs):
        remove_table(placed.router, "agent-2")
    placed.follow(changes(2, placed.world(), placed.world()))
    assert (placed.host.applied, placed.host.faults) == (2, [])


def test_what_an_agent_made_has_no_bindings(tmp_path: Path) -> None:
    """An agent refuses to attach what is inside of an instance or a router of its own (inferred)."""
    with Bed({VPC: 1}) as bed:
        one = Placed(bed, tmp_path)
        one.follow(whole(1, one.world()))
        own = Namespaces(f"{bed.namespaces.name('vpc-0')}", owner_of(tmp_path))
        own.make_router("vpc-9")
        with pytest.raises(Unbound, match="was made by this agent, and is held to rules already"):
            one.attach(0, netns=own.name("vpc-9"))
        assert (own.remove_all(), one.host.interfaces) == (["vpc-9"], [])
        one.host.close()


def test_two_servers_share_a_machine(prefix: str) -> None:
    """A second server with folders of its own makes its instances beside those of the first, which stay (users 5.5)."""
    folders = [Path(tempfile.mkdtemp(prefix="groupwall-")) for _ in range(2)]
    try:
        for folder in folders:
            folder.chmod(0o755)
        with enforcing_on(folders[0], prefix) as one, enforcing_on(folders[1], prefix) as other:
            [first] = one.run_instances(1)
            [second] = other.run_instances(1)
            assert {first["InstanceId"], second["InstanceId"]} <= one.made()
            [third] = one.run_instances(1)
            with one.listening(third, 80):
                assert one.reaches(first, third, 80)
            assert {each["InstanceId"] for each in (first, second, third)} <= one.made()
    finally:
        for folder in folders:
            shutil.rmtree(folder)
