"""The routers of a host's instances, each with its post, and the instances that hang on them.

In this order, so that nothing is ever open that is not told: tables know a new interface before its links are there,
and forget an old one when its links are gone. Where a table could not be brought up to what is desired no instance is
made.

An instance takes milliseconds to make or to remove, so that hundreds are made one by one, and rules that change
meanwhile do not wait for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from groupwall.enforce import instances
from groupwall.enforce.desired import NOTHING, Desired
from groupwall.enforce.instances import Instances, Made
from groupwall.enforce.namespaces import Namespaces
from groupwall.enforce.policy import Policy
from groupwall.enforce.posts import UNDONE, Post, apply_due, new_post, told
from groupwall.enforce.timeouts import AWS
from groupwall.enforce.wiring import device


class Routers:
    """Routers by VPC, for as long as an instance lies in it."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._made = Made(namespaces)
        self._posts: dict[str, Post] = {}
        self._desired = NOTHING
        self._wanted: Instances = {}
        self._left: deque[str] = deque()
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
        try:
            for vpc_id in sorted(vpc_ids - self._posts.keys()):
                self._posts[vpc_id] = new_post(self._made.router(vpc_id), Policy(vpc_id, timeouts=AWS), desired.facts)
            self._made.join(instances.peerings(desired.facts, vpc_ids))
        except UNDONE as error:
            self.faults.append(f"routers: {told(error)}")
        self._bind()
        self.faults += apply_due(self.posts, desired.revision)
        self._left = deque(self._made.to_do(self._wanted))

    def step(self) -> bool:
        """Make or remove one of the instances that are left to; tell whether there was one."""
        if not self._left:
            return False
        instance_id = self._left.popleft()
        try:
            self._do(instance_id)
        except UNDONE as error:
            self.faults.append(f"{instance_id}: {told(error)}")
        if not self._left:
            self._end()
        return True

    def _do(self, instance_id: str) -> None:
        interfaces = self._wanted.get(instance_id, ())
        vpc_ids = instances.vpcs_of([interfaces])
        if any(vpc_id not in self._posts or self._posts[vpc_id].is_due() for vpc_id in vpc_ids):
            raise ValueError("its rules do not hold yet")
        if interfaces:
            self._made.make(instance_id, interfaces)
        else:
            self._made.remove(instance_id)

    def _end(self) -> None:
        """Have tables forget what is gone, and remove the routers that nothing hangs on."""
        here = {each.id for some in self._wanted.values() for each in some}
        for post in self.posts:
            for interface_id in post.interfaces - here:
                post.unbind(interface_id, self._desired.facts)
        for vpc_id in self._made.remove_routers(instances.vpcs_of(self._wanted.values())) & self._posts.keys():
            self._posts.pop(vpc_id).close()
        self.faults += apply_due(self.posts, self._desired.revision)

    def _bind(self) -> None:
        for each in (each for some in self._wanted.values() for each in some):
            post = self._posts.get(each.vpc_id)
            if post and each.id not in post.interfaces:
                post.bind(each.id, device("gwe", each.id), self._desired.facts)
