"""Making, naming and entering network namespaces."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupwall.enforce.kernel.entering import NAMED, Namespace, forget, names

NAME = f"gwt-{os.getpid()}-entering"
SO_NETNS_COOKIE = 71


@pytest.fixture
def new() -> Iterator[Namespace]:
    """A namespace without a name, whose name is taken away in the end if a test gives it one."""
    with Namespace.new() as made:
        yield made
    forget(NAME)


def _here() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def _cookie() -> bytes:
    with socket.socket() as one:
        return one.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)


def test_only_what_is_asked_is_done_inside(new: Namespace) -> None:
    """What is done inside is inside, with its sockets and its children; the caller stays where it is (inferred)."""
    outside, inside = _here(), os.fstat(new.descriptor).st_ino
    assert new.within(_here) == inside
    assert new.within(_cookie) != _cookie()
    with new.within(lambda: subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)) as child:
        assert Path(f"/proc/{child.pid}/ns/net").stat().st_ino == inside
    assert _here() == outside


def test_errors_come_out(new: Namespace) -> None:
    """An error inside is the caller's (inferred)."""
    with pytest.raises(ZeroDivisionError):
        new.within(lambda: 1 // 0)


def test_a_name_opens_what_it_was_given_to(new: Namespace) -> None:
    """A namespace is found by its name, among all names, until the name is taken away (inferred)."""
    new.name(NAME)
    assert NAME in names()
    with Namespace.named(NAME) as found:
        assert os.fstat(found.descriptor).st_ino == os.fstat(new.descriptor).st_ino
    with pytest.raises(FileExistsError):
        new.name(NAME)
    forget(NAME)
    assert NAME not in names()
    with pytest.raises(FileNotFoundError):
        Namespace.named(NAME)
    forget(NAME)


def test_a_name_without_a_namespace_is_none(new: Namespace) -> None:
    """The file of a name that a crash left without a namespace is no name, and may be given (inferred)."""
    NAMED.mkdir(exist_ok=True)
    (NAMED / NAME).touch()
    assert NAME not in names()
    new.name(NAME)
    assert NAME in names()
