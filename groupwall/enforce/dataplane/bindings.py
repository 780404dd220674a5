"""Bindings: what the user has, held to an interface's policy, and kept in the agent's folder over its end.

A binding names a device in a network namespace. The namespace is known by a file and by the number that the kernel gave
it, so that a process that has the pid of an earlier one is not taken for it.
"""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any, NamedTuple

from groupwall.enforce.dataplane.devices import belongs
from groupwall.enforce.dataplane.owner import MADE, marked, replace
from groupwall.enforce.kernel import links
from groupwall.enforce.kernel.entering import NAMED, Namespace
from groupwall.enforce.kernel.links import Link
from groupwall.enforce.kernel.netlink import Connection
from groupwall.enforce.policy.own import Kept, Own
from groupwall.rules.values import Direction

FILE = "bindings.json"
HERE = Path("/proc/thread-self/ns/net")


class Binding(NamedTuple):
    """A device that is held to the policy of an interface, which lies in a VPC.

    number: the kernel's of the namespace. inside: whether packets of the namespace's own programs are meant, and not
    those that it passes on. own: in place of a device, where all of this machine's own traffic is meant.
    """

    interface_id: str
    vpc_id: str
    device: str
    place: str
    number: int
    inside: bool
    own: Own | None = None

    @property
    def told(self) -> str:
        """What is held, for a person."""
        return self.device if self.own is None else "this machine"

    @property
    def is_lasting(self) -> bool:
        """Whether its namespace may come again: one that has a name, and not that of a process."""
        return not self.place.startswith("/proc/") or self.place == str(HERE)


class Unbound(Exception):
    """Something that cannot be bound; the message says why."""


class Wanted(NamedTuple):
    """What a user wants to bind: a device, in a namespace given by name or pid, else in the agent's own.

    device: None for the only one that the namespace has beside its loopback. own: in place of both, where all of this
    machine's own traffic is to be held.
    """

    interface_id: str
    device: str | None = None
    netns: str | None = None
    own: Own | None = None


def binding(wanted: Wanted, vpc_id: str, owner: str | None = None) -> Binding:
    """Return the binding that is wanted. Raise Unbound where there is no such device, or none that can be held.

    owner: the agent's, which has no bindings in what it made itself.
    """
    if wanted.own is not None:
        return Binding(wanted.interface_id, vpc_id, "", str(HERE), number_of(HERE), inside=False, own=wanted.own)
    place, inside = _place(wanted.netns), wanted.netns is not None
    if inside and _is_here(place):
        raise Unbound(
            f"{wanted.netns} is in this machine's own network: use --host, which keeps you from being shut out"
        )
    try:
        with Namespace.at(place) as namespace:
            there = _links(namespace)
            if owner and marked(MADE, owner) in {link.alias for link in there}:
                raise Unbound(f"{wanted.netns or 'this'} was made by this agent, and is held to rules already")
            found = _device([link for link in there if link.name != "lo"], wanted.device)
    except FileNotFoundError:
        raise Unbound(f"there is no network namespace {wanted.netns}") from None
    return Binding(wanted.interface_id, vpc_id, found.name, str(place), number_of(place), inside)


def _place(netns: str | None) -> Path:
    if netns is None:
        return HERE
    if "/" in netns or netns in {"", ".", ".."}:
        raise Unbound(f"{netns!r} is neither a name nor a pid")
    return Path("/proc", netns, "ns/net") if netns.isdecimal() else NAMED / netns


def _is_here(place: Path) -> bool:
    try:
        return number_of(place) == number_of(HERE)
    except OSError:
        return False


def _links(namespace: Namespace) -> list[Link]:
    with namespace.within(lambda: Connection(links.ROUTES)) as kernel:
        return list(links.links(kernel))


def _device(there: list[Link], name: str | None) -> Link:
    """Return the device of a name, or the only one."""
    if name is None:
        if len(there) != 1:
            raise Unbound(f"the namespace has {len(there)} devices: name one with --interface")
        return there[0]
    found = next((link for link in there if link.name == name), None)
    if found is None:
        raise Unbound(f"there is no device {name}")
    if found.master:
        raise Unbound(f"{name} {belongs(found, there)}")
    return found


def number_of(place: Path) -> int:
    """Return the number that the kernel gave a namespace. Raise FileNotFoundError."""
    return place.stat().st_ino


def is_there(one: Binding) -> bool:
    """Tell whether the namespace of a binding still is the one that was bound."""
    try:
        return number_of(Path(one.place)) == one.number
    except OSError:
        return False


def waiting(one: Binding) -> Binding:
    """Return a binding that waits for its namespace: one with a name has no number until it is there again."""
    return one._replace(number=0) if one.is_lasting else one


def again(one: Binding) -> Binding:
    """Return a binding as it is now: a name stands for the namespace that has it, a pid for the one that was bound.

    Raise FileNotFoundError where the namespace is gone.
    """
    now = number_of(Path(one.place))
    if now != one.number and not one.is_lasting:
        raise FileNotFoundError(one.place)
    return one._replace(number=now)


def read(folder: Path) -> list[Binding]:
    """Return the bindings that are kept in a folder. OSError, which names the file, for what nobody of ours wrote."""
    file = folder / FILE
    try:
        return [_read(*each) for each in json.loads(file.read_text())] if file.exists() else []
    except (ValueError, TypeError) as error:
        why = f"{file} does not say what is attached ({error}): remove it, start the agent, and attach again"
        raise OSError(errno.EINVAL, why) from None


def _read(*told: Any) -> Binding:  # noqa: ANN401 - as JSON gives it
    """Return a binding as it was kept; one of an older agent has nothing of a machine's own."""
    one = Binding(*told)
    if one.own is None:
        return one
    kept, until = told[-1]
    return one._replace(own=Own(tuple(Kept(Direction(way), *rest) for way, *rest in kept), until))


def write(folder: Path, bindings: list[Binding]) -> None:
    """Keep bindings, all at once: a reader sees those of before or these."""
    replace(folder / FILE, json.dumps(bindings))
