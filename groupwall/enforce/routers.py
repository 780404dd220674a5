"""The routers of a host's instances, each with its post, and the instances that hang on them.

In this order, so that nothing is ever open that is not told: tables know a new interface before its links are there,
and forget an old one when its links are gone. Where a table could not be brought up to what is desired no instance is
made.
"""

from __future__ import annotations

from collections.abc import Collection

from groupwall.enforce import instances
from groupwall.enforce.desired import Desired
from groupwall.enforce.instances import Instances, Made
from groupwall.enforce.namespaces import Namespaces
from groupwall.enforce.policy import Policy
from groupwall.enforce.posts import UNDONE, Post, apply_due, new_post, told
from groupwall.enforce.wiring import device


class Routers:
    """Routers by VPC, for as long as an instance lies in it."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._made = Made(namespaces)
        self._posts: dict[str, Post] = {}

    @property
    def posts(self) -> Collection[Post]:
        """Their posts."""
        return self._posts.values()

    def wire(self, desired: Desired) -> list[str]:
        """Make the instances that run, and remove all others; return what could not be done, with the reason."""
        faults: list[str] = []
        try:
            self._wire(desired, instances.running(desired.facts), faults)
        except UNDONE as error:
            faults.append(f"instances: {told(error)}")
        return faults

    def _wire(self, desired: Desired, wanted: Instances, faults: list[str]) -> None:
        vpc_ids = instances.vpcs_of(wanted.values())
        for vpc_id in sorted(vpc_ids - self._posts.keys()):
            self._posts[vpc_id] = new_post(self._made.router(vpc_id), Policy(vpc_id), desired.facts)
        self._bind(desired, wanted)
        faults += apply_due(self.posts, desired.revision)
        behind = {vpc_id for vpc_id, post in self._posts.items() if post.is_due()}
        faults += self._made.make(
            {one: some for one, some in wanted.items() if behind.isdisjoint(instances.vpcs_of([some]))}
        )
        for vpc_id in self._made.remove_others({*wanted, *vpc_ids}) & self._posts.keys():
            self._posts.pop(vpc_id).close()
        self._made.join(instances.peerings(desired.facts, vpc_ids))
        self._unbind(desired, wanted)

    def _bind(self, desired: Desired, wanted: Instances) -> None:
        for each in (each for some in wanted.values() for each in some):
            post = self._posts[each.vpc_id]
            if each.id not in post.interfaces:
                post.bind(each.id, device("gwe", each.id), desired.facts)

    def _unbind(self, desired: Desired, wanted: Instances) -> None:
        here = {each.id for some in wanted.values() for each in some}
        for post in self.posts:
            for interface_id in post.interfaces - here:
                post.unbind(interface_id, desired.facts)
