"""The routers of a host's instances, each with its post, and the instances that hang on them.

In this order, so that nothing is ever open that is not told: tables know a new interface before its links are there,
and forget an old one when its links are gone. Where a table could not be brought up to what is desired no instance is
made.

An instance takes milliseconds to make or to remove, so that hundreds are made one by one, and rules that change
meanwhile do not wait for them. Links are removed many at once, since the kernel takes as long for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from groupwall.enforce.dataplane import instances
from groupwall.enforce.dataplane.instances import Instances, Made
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.posts import UNDONE, Post, apply_due, new_post, told
from groupwall.enforce.dataplane.wiring import Interface, device
from groupwall.enforce.policy.desired import NOTHING, Desired
from groupwall.enforce.policy.policy import Policy
from groupwall.enforce.policy.timeouts import AWS


class Routers:
    """Routers by VPC, for as long as an instance lies in it."""

    def __init__(self, namespaces: Namespaces, owner: str) -> None:
        """Take up what was made before. owner: whose tables these are."""
        self._owner = owner
        self._made = Made(namespaces)
        self._posts: dict[str, Post] = {}
        self._desired = NOTHING
        self._wanted: Instances = {}
        self._left: Iterator[Literal[True]] = iter(())
        self.faults: list[str] = []
        """What could not be done of what was planned last."""

    @property
    def posts(self) -> Collection[Post]:
        """Their posts."""
        return self._posts.values()

    @property
    def interfaces(self) -> Iterator[str]:
        """The interfaces of the instances that are there."""
        return (each.id for some in self._made.instances.values() for each in some)

    def plan(self, desired: Desired) -> None:
        """Find out which instances to make and which to remove, and have all tables know those to make."""
        self._desired, self._wanted, self.faults = desired, instances.running(desired.facts), []
        vpc_ids = instances.vpcs_of(self._wanted.values())
        with self._telling("routers"):
            for vpc_id in sorted(vpc_ids - self._posts.keys()):
                policy = Policy(vpc_id, timeouts=AWS)
                self._posts[vpc_id] = new_post(self._made.router(vpc_id), policy, desired.facts, self._owner)
        peerings = instances.peerings(desired.facts, vpc_ids)
        with self._telling("routers"):
            self._made.part(peerings)
        self._bind()
        apply_due(self.posts, desired.revision)
        with self._telling("routers"):
            self._made.join({one: each for one, each in peerings.items() if not any(map(self._is_due, each.vpc_ids))})
        self._left = self._steps(self._made.to_do(self._wanted))

    def step(self) -> bool:
        """Do one of the things that are left to do, such as to make an instance; tell whether there was one."""
        return next(self._left, False)

    def _steps(self, to_do: Sequence[str]) -> Iterator[Literal[True]]:
        """Make instances, then remove others, with a step for each; their links go before that, many with each step."""
        for instance_id in (one for one in to_do if one in self._wanted):
            with self._telling(instance_id):
                self._make(instance_id, self._wanted[instance_id])
            yield True
        gone = [one for one in to_do if one not in self._wanted]
        if gone:
            with self._telling("routers"):
                for _ in self._made.cut_off(self._wanted):
                    yield True
        for instance_id in gone:
            with self._telling(instance_id):
                self._made.remove(instance_id)
            yield True
        with self._telling("routers"):
            self._end()
        yield True

    @contextmanager
    def _telling(self, whose: str) -> Iterator[None]:
        try:
            yield
        except UNDONE as error:
            self.faults.append(f"{whose}: {told(error)}")

    def _make(self, instance_id: str, interfaces: tuple[Interface, ...]) -> None:
        vpc_ids = instances.vpcs_of([interfaces])
        if any(map(self._is_due, vpc_ids)):
            raise ValueError("its rules do not hold yet")
        self._made.make(instance_id, interfaces)

    def _is_due(self, vpc_id: str) -> bool:
        return vpc_id not in self._posts or self._posts[vpc_id].is_due()

    def _end(self) -> None:
        """Have tables forget what is gone, and remove the routers that nothing hangs on."""
        here = {each.id for some in self._wanted.values() for each in some}
        for post in self.posts:
            for interface_id in post.interfaces - here:
                post.unbind(interface_id, self._desired.facts)
        for vpc_id in self._made.remove_routers(instances.vpcs_of(self._wanted.values())) & self._posts.keys():
            self._posts.pop(vpc_id).close()
        apply_due(self.posts, self._desired.revision)

    def _bind(self) -> None:
        for each in (each for some in self._wanted.values() for each in some):
            post = self._posts.get(each.vpc_id)
            if post and each.id not in post.interfaces:
                post.bind(each.id, device("gwe", each.id), self._desired.facts)
