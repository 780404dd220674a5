"""A host: every post on it, and what each answer of the server makes of them.

In this order, so that nothing is ever open that is not told: tables know a new interface before its links are there,
and forget an old one when its links are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from groupwall.enforce import bindings, instances
from groupwall.enforce.bindings import Binding, Unbound, Wanted
from groupwall.enforce.desired import NOTHING, Answer, folded, interface_of
from groupwall.enforce.entering import Namespace
from groupwall.enforce.instances import Instances, Made
from groupwall.enforce.namespaces import Namespaces
from groupwall.enforce.policy import Policy
from groupwall.enforce.posts import Post, remove_table
from groupwall.enforce.wiring import device


class Host:
    """What one agent enforces. Not for several threads at once.

    folder: where bindings are kept. namespaces: where instances are made, None where none are to be.
    """

    def __init__(self, folder: Path, namespaces: Namespaces | None = None) -> None:
        self._folder = folder
        self._made = Made(namespaces) if namespaces else None
        self._desired = NOTHING
        self._is_done = False
        self._routers: dict[str, Post] = {}
        self._bound: dict[str, Binding] = {}
        self._posts: dict[int, Post] = {}
        self.faults: list[str] = []
        """What could not be done of what was told last."""

    @property
    def revision(self) -> int:
        """The revision that everything here stands for, 0 if all is to be told."""
        return self._desired.revision if self._is_done else 0

    @property
    def interfaces(self) -> list[str]:
        """The interfaces that are enforced here, in order."""
        return sorted(interface_id for post in self.posts() for interface_id in post.interfaces)

    def posts(self) -> Iterator[Post]:
        """Yield every post."""
        yield from self._routers.values()
        yield from self._posts.values()

    def follow(self, answer: Answer) -> None:
        """Make what an answer says so; returns once the kernel has it. After an OSError all has to be told again."""
        was_done, self._is_done = self._is_done and not self.faults, False
        self._desired, changed = folded(self._desired, answer)
        self.faults = []
        self._forget_gone()
        for post in self.posts():
            post.follow(self._desired.facts, changed)
        if self._made and (instances.concerns(changed) or not was_done):
            self._wire(self._made)
        self._apply()
        self._is_done = True

    def repaired(self) -> int:
        """Set right what somebody disturbed; return how many tables that were."""
        return sum(post.repaired() for post in self.posts())

    def close(self) -> None:
        """Watch no longer; all tables stay."""
        for post in self.posts():
            post.close()

    def _apply(self) -> None:
        for post in self.posts():
            if post.is_due():
                post.apply(self._desired.revision)

    def _new_post(self, namespace: Namespace, policy: Policy) -> Post:
        with namespace:
            post = Post(namespace, policy)
        post.follow(self._desired.facts, self._desired.facts.keys())
        return post

    # ---- instances

    def _wire(self, made: Made) -> None:
        wanted = instances.running(self._desired.facts)
        vpc_ids = instances.vpcs_of(wanted)
        for vpc_id in sorted(vpc_ids - self._routers.keys()):
            self._routers[vpc_id] = self._new_post(made.router(vpc_id), Policy(vpc_id))
        self._bind_instances(wanted)
        self._apply()
        self.faults += made.make(wanted)
        for vpc_id in made.remove_others({*wanted, *vpc_ids}) & self._routers.keys():
            self._routers.pop(vpc_id).close()
        made.join(instances.peerings(self._desired.facts, vpc_ids))
        self._unbind_instances(wanted)

    def _bind_instances(self, wanted: Instances) -> None:
        for each in (each for some in wanted.values() for each in some):
            post = self._routers[each.vpc_id]
            if each.id not in post.interfaces:
                post.bind(each.id, device("gwe", each.id), self._desired.facts)

    def _unbind_instances(self, wanted: Instances) -> None:
        here = {each.id for some in wanted.values() for each in some}
        for post in self._routers.values():
            for interface_id in post.interfaces - here:
                post.unbind(interface_id, self._desired.facts)

    # ---- what the user has

    def begin(self) -> None:
        """Take up the bindings of before. Until the first answer nothing passes them but what passed before."""
        for one in bindings.read(self._folder):
            try:
                now = bindings.again(one)
            except FileNotFoundError:
                self.faults.append(f"{one.interface_id}: its network namespace is gone")
            else:
                self._bind(now)
        for post in self._posts.values():
            post.close_first()

    def attach(self, wanted: Wanted) -> Binding:
        """Hold a device to an interface's policy, from now on until it is detached. Raise Unbound, with the reason."""
        found = interface_of(self._desired.facts, wanted.interface_id)
        if found is None:
            raise Unbound(f"{wanted.interface_id} is no interface that the server tells of")
        one = bindings.binding(wanted, found.vpc_id)
        self._refuse(one)
        self._bind(one)
        self._apply()
        self._keep()
        return one

    def _refuse(self, one: Binding) -> None:
        if one.interface_id in self.interfaces:
            raise Unbound(f"{one.interface_id} is bound here already")
        there = [each for each in self._bound.values() if each.number == one.number]
        if any(each.device == one.device for each in there):
            raise Unbound(f"{one.device} is bound to another interface")
        if any(each.inside != one.inside for each in there):
            raise Unbound("a namespace is either one whose own packets are judged, or one that passes them on")
        if any(each.vpc_id != one.vpc_id for each in there):
            raise Unbound(f"the namespace has interfaces of {there[0].vpc_id}, and its table can be of one VPC only")

    def _bind(self, one: Binding) -> None:
        if one.number not in self._posts:
            policy = Policy(one.vpc_id, inside=one.inside)
            self._posts[one.number] = self._new_post(Namespace.at(Path(one.place)), policy)
        self._posts[one.number].bind(one.interface_id, one.device, self._desired.facts)
        self._bound[one.interface_id] = one

    def detach(self, interface_id: str) -> Binding:
        """Let a device go, so that it is as if it had never been bound. Raise Unbound if it is not."""
        one = self._bound.pop(interface_id, None)
        if one is None:
            raise Unbound(f"{interface_id} is not bound here")
        self._keep()
        post = self._posts[one.number]
        post.unbind(interface_id, self._desired.facts)
        if post.interfaces:
            self._apply()
        else:
            self._posts.pop(one.number).close()
            _free(one)
        return one

    def _forget_gone(self) -> None:
        """Let go of namespaces that are gone for everyone but us."""
        gone = [one for one in self._bound.values() if not bindings.is_there(one)]
        for one in gone:
            self.detach(one.interface_id)
        self.faults += [f"{one.interface_id}: its network namespace is gone" for one in gone]

    def _keep(self) -> None:
        bindings.write(self._folder, list(self._bound.values()))


def _free(one: Binding) -> None:
    """Remove the table of a binding's namespace, if that is still there."""
    if bindings.is_there(one):
        with Namespace.at(Path(one.place)) as namespace:
            remove_table(namespace)


def let_go(folder: Path) -> list[str]:
    """Remove the tables of the bindings that are kept in a folder, and the bindings; return what went."""
    kept = bindings.read(folder)
    for one in kept:
        _free(one)
    if kept:
        bindings.write(folder, [])
    return [one.interface_id for one in kept]
