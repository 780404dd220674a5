"""A bed with a table at each of its routers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from typing import Self

from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.dataplane.foreseen import Foreseen, would_end
from groupwall.enforce.dataplane.wiring import GATEWAYS
from groupwall.enforce.kernel import conntrack
from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.policy.compile import compiled
from groupwall.enforce.policy.ending import Ending
from groupwall.enforce.policy.gates import Gates
from groupwall.rules.flows import address_number
from groupwall.rules.underway import UnderWay
from tests.enforce.bed import Bed
from tests.enforce.policies import Policy, state


class Enforced:
    """A bed whose routers hold to a policy; to none at first, so that all passes."""

    def __init__(self, bed: Bed) -> None:
        self.bed = bed
        self._revisions = count(1)
        self._held = ExitStack()
        self.planes: dict[str, Dataplane] = {}
        self._kernels: list[Connection] = []

    def __enter__(self) -> Self:
        for vpc_id, router in self.bed.routers.items():
            self.planes[vpc_id] = self._held.enter_context(Dataplane.inside(router))
            self._kernels.append(self._held.enter_context(router.within(lambda: Connection(NETFILTER))))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def load(self, policy: Policy) -> None:
        """Have a policy hold."""
        revision = next(self._revisions)
        for vpc_id, plane in self.planes.items():
            plane.load(compiled(state(policy, self.bed.hosts, vpc_id)), revision)

    def tracked(self) -> list[Tracked]:
        """Return the flows that are tracked, at every router, but for the bed's own to the gateway."""
        gateway = address_number(str(GATEWAYS[0]))
        found = [one for kernel in self._kernels for one in conntrack.tracked(kernel)]
        return [one for one in found if one.flow.destination != gateway]

    def cut(self, policy: Policy) -> list[Tracked]:
        """End the flows that a policy does not permit."""
        found: list[Tracked] = []
        for vpc_id, kernel in zip(self.planes, self._kernels, strict=True):
            found += conntrack.cut(kernel, _not_permitted(Gates(state(policy, self.bed.hosts, vpc_id))))
        return found

    def would_end(self, policy: Policy) -> list[UnderWay]:
        """Return the flows that a policy would not permit, each at the gates that would not."""
        kernels = zip(self.planes, self._kernels, strict=True)
        states = ((kernel, state(policy, self.bed.hosts, vpc_id)) for vpc_id, kernel in kernels)
        return would_end(Foreseen(kernel, Ending(judged, None)) for kernel, judged in states)

    def forget_flows(self) -> None:
        """Track nothing that is tracked now."""
        for kernel in self._kernels:
            conntrack.end(kernel, conntrack.tracked(kernel))


def _not_permitted(gates: Gates) -> Callable[[Tracked], bool]:
    return lambda one: not gates.permit(one.flow)
