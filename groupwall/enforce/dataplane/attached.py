"""What a user attached on a host: bindings, each with the post of its namespace, kept in the agent's folder."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.bindings import Binding, Unbound, Wanted
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.owner import known_owner
from groupwall.enforce.dataplane.posts import UNDONE, Post, new_post, remove_table, told
from groupwall.enforce.kernel.conntrack import track
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import NotOurs
from groupwall.enforce.kernel.sockets import connections
from groupwall.enforce.policy.desired import NOTHING, Desired, interface_of
from groupwall.enforce.policy.policy import Policy
from groupwall.units import SystemClock


class Attached:
    """Bindings by interface, and posts by the number of their namespace.

    folder: where they are kept. owner: whose tables these are.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self._folder = folder
        self._owner = owner
        self._bound: dict[str, Binding] = {}
        self._posts: dict[int, Post] = {}
        self._is_kept = True

    @property
    def posts(self) -> Collection[Post]:
        """The posts of all namespaces that something is attached in."""
        return self._posts.values()

    @property
    def trials(self) -> dict[str, int]:
        """Until when this machine is on trial as which interface, in milliseconds since 1970; empty if it is not."""
        return {one.interface_id: one.own.until for one in self._bound.values() if one.own and one.own.until}

    def begin(self) -> list[str]:
        """Take up the bindings of before; return what cannot be taken up, with the reason.

        Until the first answer nothing passes them but what passed before. What was not confirmed in time is undone.
        """
        faults = []
        for one in self._in_time():
            try:
                self._bind(bindings.again(one), NOTHING)
            except OSError as error:
                faults.append(f"{one.interface_id}: {told(error)}")
        for post in self.posts:
            post.close_first()
        return faults

    def _in_time(self) -> list[Binding]:
        """Return the bindings that are kept, and forget those that should have been confirmed by now."""
        kept, now = bindings.read(self._folder), SystemClock().now()
        late = [one for one in kept if one.own and 0 < one.own.until <= now]
        there = [one for one in kept if one not in late]
        for one in late:
            if all(other.place != one.place for other in there):  # else what is late is no part of the next load
                with suppress(*UNDONE):  # somebody else's table by now
                    _free(one, self._owner)
        if late:
            bindings.write(self._folder, there)
        return there

    def attach(self, wanted: Wanted, desired: Desired) -> Binding:
        """Hold a device to an interface's policy, from now on until it is detached. Raise Unbound, with the reason."""
        found = interface_of(desired.facts, wanted.interface_id)
        if found is None:
            raise Unbound(f"{wanted.interface_id} is no interface that the server tells of")
        one = bindings.binding(wanted, found.vpc_id, self._owner)
        self._refuse(one)
        _follow_older(one)
        post = self._bind(one, desired)
        self._keep()  # first, since whoever comes after a crash has to know what to undo
        post.bring_up(desired.revision)
        if why := post.fault:
            self._unbind(one, desired)
            self._keep()
            raise Unbound(why)
        return one

    def confirm(self, interface_id: str, desired: Desired) -> Binding:
        """Let this machine's rules hold from now on until it is detached. Raise Unbound, with the reason."""
        one = self._bound.get(interface_id)
        if one is None or one.own is None:
            raise Unbound(f"this machine is not attached as {interface_id}: nothing is there to confirm")
        if 0 < one.own.until <= SystemClock().now():
            raise Unbound("it is too late to confirm: attach it again")
        confirmed = one._replace(own=one.own._replace(until=0))
        post = self._bind(confirmed, desired)
        post.bring_up(desired.revision)
        if why := post.fault:
            self._bind(one, desired)
            raise Unbound(why)
        self._keep()
        return confirmed

    def _refuse(self, one: Binding) -> None:
        if one.interface_id in self._bound:
            raise Unbound(f"{one.interface_id} is attached here already")
        there = [each for each in self._bound.values() if each.number == one.number]
        if any(each.device == one.device for each in there):
            raise Unbound(f"{one.told} is attached as another interface")
        if any(each.inside != one.inside for each in there):
            raise Unbound("a namespace is either one whose own packets are judged, or one that passes them on")
        if any(each.vpc_id != one.vpc_id for each in there):
            raise Unbound(f"the namespace has interfaces of {there[0].vpc_id}, and its table can be of one VPC only")

    def _bind(self, one: Binding, desired: Desired) -> Post:
        if one.number not in self._posts:
            policy = Policy(one.vpc_id, inside=one.inside)
            self._posts[one.number] = new_post(Namespace.at(Path(one.place)), policy, desired.facts, self._owner)
        self._posts[one.number].bind(one.interface_id, one.device, desired.facts, one.own)
        self._bound[one.interface_id] = one
        return self._posts[one.number]

    def detach(self, interface_id: str, desired: Desired) -> Binding:
        """Let a device go, so that it is as if it had never been bound. Raise Unbound if it is not; OSError."""
        one = self._bound.get(interface_id)
        if one is None:
            raise Unbound(f"{interface_id} is not attached here")
        self._unbind(one, desired)
        self._keep()
        return one

    def _unbind(self, one: Binding, desired: Desired) -> None:
        """Let a device go, and the table if nothing else has it. OSError if that stays."""
        post = self._posts[one.number]
        post.unbind(one.interface_id, desired.facts)
        if post.interfaces:
            post.bring_up(desired.revision)
        else:
            post.free()
            self._posts.pop(one.number).close()
        del self._bound[one.interface_id]

    def forget_gone(self, desired: Desired) -> list[str]:
        """Let go of namespaces that cannot be found any more; tell of them, and of what could not be kept.

        A namespace that lives on all the same, as one whose process has ended or whose name was taken away, is free.
        """
        # A thousand devices of one namespace cost one look, since this is done before each change.
        places = {(one.place, one.number): one for one in self._bound.values()}
        there = {place for place, one in places.items() if bindings.is_there(one)}
        gone = [one for one in self._bound.values() if (one.place, one.number) not in there]
        faults = [f"{one.interface_id}: its network namespace is gone" for one in gone]
        try:
            for one in gone:
                self._unbind(one, desired)
            if gone or not self._is_kept:
                self._keep()
        except OSError as error:  # it is tried again with the next answer
            faults.append(f"{error.filename or TABLE}: {told(error)}")
        return faults

    def _keep(self) -> None:
        self._is_kept = False
        bindings.write(self._folder, list(self._bound.values()))
        self._is_kept = True


def _follow_older(one: Binding) -> None:
    """Have the connections of a namespace's own programs tracked that have begun before any table of ours. OSError."""
    if one.inside or one.own is not None:
        with Namespace.at(Path(one.place)) as namespace:
            kernel, there = namespace.within(lambda: (Connection(NETFILTER), connections()))
        with kernel:
            track(kernel, (each for each in there if not each.own.address.is_loopback))


def _free(one: Binding, owner: str) -> None:
    """Remove the table of a binding's namespace, if that is still there."""
    if bindings.is_there(one):
        with Namespace.at(Path(one.place)) as namespace:
            remove_table(namespace, owner)


def let_go(folder: Path) -> list[str]:
    """Remove the tables of the bindings that are kept in a folder, and the bindings; return what went.

    What stands there by now and is somebody else's is left.
    """
    kept = bindings.read(folder)
    for one in kept:
        with suppress(NotOurs):
            _free(one, known_owner(folder))
    if kept:
        bindings.write(folder, [])
    return [one.interface_id for one in kept]
