"""What a user attached on a host: bindings, each with the post of its namespace, kept in the agent's folder.

A namespace with a name may go and come again, as a container does that is started anew; a device may be given another
name, be put into a bridge, or go. What is bound follows, and meanwhile it is told that it is not enforced, and why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.bindings import Binding, Unbound, Wanted
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.devices import Devices, Known, amiss, found
from groupwall.enforce.dataplane.owner import known_owner
from groupwall.enforce.dataplane.posts import UNDONE, Post, new_post, remove_table, told
from groupwall.enforce.kernel.conntrack import track
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import Link
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import NotOurs
from groupwall.enforce.kernel.sockets import connections
from groupwall.enforce.policy.compile import is_device
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
        self._devices: dict[int, Devices] = {}
        self._numbers: dict[str, int] = {}
        self._amiss: dict[str, str] = {}
        self._is_kept = True
        self._unkept = ""

    @property
    def interfaces(self) -> list[str]:
        """The interfaces that are enforced."""
        return [one for one in self._bound if one not in self._amiss]

    @property
    def faults(self) -> list[str]:
        """Why others are not, for now: of a few of them. What a post tells of is not among it."""
        known = [f"{one}: {why}" for one, why in self._amiss.items() if why]
        more = [f"and {len(known) - _TOLD} more"] if len(known) > _TOLD else []
        return [*known[:_TOLD], *more, *([self._unkept] if self._unkept else [])]

    @property
    def devices(self) -> Collection[Devices]:
        """The devices of all namespaces that something is attached in, to hear of them."""
        return self._devices.values()

    @property
    def posts(self) -> Collection[Post]:
        """The posts of all namespaces that something is attached in."""
        return self._posts.values()

    @property
    def trials(self) -> dict[str, int]:
        """Until when this machine is on trial as which interface, in milliseconds since 1970; empty if it is not."""
        return {one.interface_id: one.own.until for one in self._bound.values() if one.own and one.own.until}

    def begin(self) -> list[str]:
        """Take up the bindings of before; return what became of them, as ``look``.

        Until the first answer nothing passes them but what passed before. What was not confirmed in time is undone.
        """
        self._bound = {one.interface_id: one for one in map(bindings.waiting, self._in_time())}
        return self.look(NOTHING)

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
        known = interface_of(desired.facts, wanted.interface_id)
        if known is None:
            raise Unbound(f"{wanted.interface_id} is no interface that the server tells of")
        one = bindings.binding(wanted, known.vpc_id, self._owner)
        self._refuse(one)
        _follow_older(one)
        post = self._bind(one, desired)
        self._keep()  # first, since whoever comes after a crash has to know what to undo
        post.bring_up(desired.revision)
        if why := post.fault:
            self._unbind(one, desired)
            self._keep()
            raise Unbound(why)
        self._devices[one.number].doubt()
        list(self._followed(one.number, desired))
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
            with Namespace.at(Path(one.place)) as namespace:
                self._devices[one.number] = Devices(namespace)
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
        others = [each for each in self._bound.values() if each.interface_id != one.interface_id]
        post = self._posts.get(one.number)
        if post and any(each.number == one.number for each in others):
            post.unbind(one.interface_id, desired.facts)
            post.bring_up(desired.revision)
        elif post:
            self._leave(one.number)
        elif all(each.place != one.place for each in others):
            with suppress(*UNDONE):  # the namespace is not there, or could not be entered
                _free(bindings.again(one), self._owner)
        for known in (self._bound, self._numbers, self._amiss):
            known.pop(one.interface_id, None)

    def _leave(self, number: int) -> None:
        """Remove the table of a namespace, and watch it no longer. OSError if the table stays."""
        self._posts[number].free()
        self._posts.pop(number).close()
        self._devices.pop(number).close()

    # ---- what becomes of namespaces and devices

    def look(self, desired: Desired) -> list[str]:
        """Follow what became of namespaces and devices since the last look; return that, for a person.

        A namespace that cannot be found any more and lives on all the same, as one whose process has ended or whose
        name was taken away, is free. What could not be kept is told by ``faults``, and tried again.
        """
        before, news = dict(self._bound), []
        self._unkept = ""
        try:
            news += self._let_go(desired)
            for number in self._taken_up(desired):
                self._posts[number].close_first()
            news += [told for number in list(self._posts) for told in self._followed(number, desired)]
            if before != self._bound or not self._is_kept:
                self._keep()
        except OSError as error:
            self._unkept = f"{error.filename or TABLE}: {told(error)}"
        return news

    def _let_go(self, desired: Desired) -> list[str]:
        """Let go of namespaces that will not come again; tell of them."""
        gone = [one for one in self._waiting() if not one.is_lasting and not bindings.is_there(one)]
        for one in gone:
            self._unbind(one, desired)
        return [f"{one.interface_id}: its network namespace is gone" for one in gone]

    def _waiting(self) -> list[Binding]:
        """Return the bindings whose namespace is not watched, or cannot be found any more."""
        # A thousand devices of one namespace cost one look, since this is done before each change.
        places = {(one.place, one.number): one for one in self._bound.values()}
        there = {place for place, one in places.items() if one.number in self._posts and bindings.is_there(one)}
        return [one for one in self._bound.values() if (one.place, one.number) not in there]

    def _taken_up(self, desired: Desired) -> set[int]:
        """Bind again what waits for its namespace, where that is there; return the numbers of those namespaces."""
        waiting = self._waiting()
        for number in {one.number for one in waiting} & self._posts.keys():
            self._leave(number)
        taken = set()
        for one in waiting:
            self._numbers.pop(one.interface_id, None)
            self._bound[one.interface_id] = bindings.waiting(one)
            try:
                taken.add(self._bind(bindings.again(one), desired).number)
                if one.own:
                    self._amiss.pop(one.interface_id, None)
            except FileNotFoundError:
                self._amiss[one.interface_id] = _WAITS
            except OSError as error:
                self._amiss[one.interface_id] = told(error)
        return taken

    def _followed(self, number: int, desired: Desired) -> Iterator[str]:
        """Have a table follow the devices of its namespace; yield what became of them."""
        post, devices = self._posts[number], self._devices[number]
        if not desired.revision or not devices.changed():
            return
        try:
            there = devices.there()
        except OSError:
            devices.doubt()
            return
        before, whys = self._here(number), self._placed(number, there, desired)
        post.bring_up(desired.revision)
        if post.fault:
            devices.doubt()
        for one in before:
            yield from self._judged(one, whys[one.interface_id], fails=bool(post.fault))

    def _here(self, number: int) -> list[Binding]:
        """Return the devices that are bound in a namespace."""
        return [one for one in self._bound.values() if one.number == number and one.own is None]

    def _placed(self, number: int, there: list[Link], desired: Desired) -> dict[str, str]:
        """Hold each device under the name that it has by now; return what is amiss with each."""
        here = self._here(number)
        known = {one.interface_id: Known(one.device, self._numbers.get(one.interface_id, 0)) for one in here}
        links = found(known, there)
        names = {link.name for link in links.values()}
        for one in here:
            link = links.get(one.interface_id)
            self._numbers[one.interface_id] = link.number if link else 0
            if link and is_device(link.name):
                self._name(one, link.name, desired)
            elif one.device in names:
                self._posts[number].unbind(one.interface_id, desired.facts)
        return {one.interface_id: amiss(links.get(one.interface_id), one.device, there) for one in here}

    def _name(self, one: Binding, name: str, desired: Desired) -> None:
        if name != one.device or one.interface_id not in self._posts[one.number].interfaces:
            self._bind(one._replace(device=name), desired)

    def _judged(self, before: Binding, why: str, *, fails: bool) -> Iterator[str]:
        """Keep what is amiss with a device, or that nothing is; yield what is new about it. fails: whether its post."""
        one = self._bound[before.interface_id]
        if one.device != before.device:
            yield f"{one.interface_id}: {before.device} is called {one.device} by now"
        if why or fails:
            self._amiss[one.interface_id] = why
        elif self._amiss.pop(one.interface_id, None) is not None:
            yield f"{one.interface_id}: {one.device} is held again"

    def _keep(self) -> None:
        self._is_kept = False
        bindings.write(self._folder, list(self._bound.values()))
        self._is_kept = True


_TOLD = 3
"""How many interfaces faults name."""

_WAITS = "its network namespace is gone; one of that name will be held"


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
