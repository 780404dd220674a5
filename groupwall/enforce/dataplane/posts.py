"""Posts: where packets are stopped. Each is a network namespace, the policy of what is in it, and the table there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from typing import Self

from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.dataplane.foreseen import Foreseen
from groupwall.enforce.kernel import conntrack
from groupwall.enforce.kernel.conntrack import Volume
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import ROUTES, addresses
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import NotOurs
from groupwall.enforce.policy.compile import Part, State, compiled
from groupwall.enforce.policy.desired import Facts, Key
from groupwall.enforce.policy.ending import Ending
from groupwall.enforce.policy.frame import REVISION
from groupwall.enforce.policy.own import Own
from groupwall.enforce.policy.policy import Policy
from groupwall.rules.spans import Spans, union
from groupwall.rules.values import Rule
from groupwall.units import SystemClock

UNDONE = (OSError, NotOurs, ValueError)
"""Why a table cannot be brought up to its policy: the kernel does not take it, it is not ours, or what is told is no id
or address."""

_NAMED = 3
"""How many interfaces a fault names."""


class Post:
    """A policy, and the table of one namespace that follows it."""

    def __init__(self, namespace: Namespace, policy: Policy, owner: str | None = None) -> None:
        """Speak to a namespace, which need not be held open afterwards. OSError if it cannot be spoken to.

        owner: whose the table is; without, it is anyone's.
        """
        self._dataplane = Dataplane.inside(namespace, owner)
        self._flows = namespace.within(lambda: Connection(NETFILTER))
        self._links = namespace.within(lambda: Connection(ROUTES))
        self._accounts = namespace.within(lambda: Connection(NETFILTER))
        self.version = 0
        """A number that is another once the policy is another."""
        self.number = os.fstat(namespace.descriptor).st_ino
        """The number that the kernel gave the namespace."""
        self._listing = namespace.within(lambda: Connection(NETFILTER))
        self._policy = policy
        self._due: set[Part] = set()
        self._cuts: set[Key] = set()
        self._left: Spans = ()
        self._loaded = False
        self._why = ""
        self.is_lost = False
        """Whether the table is known not to hold, such as where somebody put another in its place."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Watch no longer; the table stays as it is."""
        self._dataplane.close()
        self._flows.close()
        self._accounts.close()
        self._links.close()
        self._listing.close()

    def fileno(self) -> int:
        """Return a descriptor that can be read when something may have disturbed the table."""
        return self._dataplane.fileno()

    @property
    def vpc_id(self) -> str:
        """The VPC of all interfaces here."""
        return self._policy.vpc_id

    @property
    def interfaces(self) -> AbstractSet[str]:
        """The ids of the interfaces here."""
        return self._policy.interfaces

    @property
    def state(self) -> State:
        """What the table follows from; it changes with the policy."""
        return self._policy.state

    @property
    def fault(self) -> str:
        """Why the table could not be brought up to the policy, and whose it is; empty once it could be."""
        whose = ", ".join(sorted(self.interfaces)[:_NAMED]) or self.vpc_id
        return self._why and f"{whose}: {self._why}"

    @property
    def is_new(self) -> bool:
        """Whether the table was made here, and not taken up with what it had counted before."""
        return self._dataplane.is_new

    def admitted(self, rules: Iterable[Rule]) -> dict[str, int]:
        """Return how many packets that began a flow each rule let in here; see ``Dataplane``. Raise OSError."""
        return self._dataplane.admitted(rules)

    def volumes(self) -> Iterator[Volume]:
        """Yield the flows whose bytes are accounted for here; see ``conntrack.volumes``. Raise OSError."""
        return conntrack.volumes(self._accounts)

    def bind(self, interface_id: str, device: str, known: Facts, own: Own | None = None) -> None:
        """Hold a device, or this machine's own traffic, to an interface's policy, from the next ``apply`` on."""
        self._due |= self._policy.bind(interface_id, device, known, own)

    def unbind(self, interface_id: str, known: Facts) -> None:
        """Let a device go, from the next ``apply`` on."""
        self._due |= self._policy.unbind(interface_id, known)

    def follow(self, known: Facts, changed: Iterable[Key], cuts: AbstractSet[Key] = frozenset()) -> None:
        """Take over what changed, from the next ``apply`` on. cuts: what was altered so that flows are to end."""
        parts = self._policy.follow(known, changed)
        self._due |= parts
        self._cuts |= cuts if parts else frozenset()

    def leave(self, addresses: Spans) -> None:
        """End the flows with addresses that are no longer whose they were, with the next ``apply``."""
        self._left = union(self._left, addresses)

    def foreseen(self, known: Facts, changed: Iterable[Key], cuts: AbstractSet[Key]) -> Foreseen | None:
        """Return what finds the flows that would end if something changed; None if none can. Nothing changes."""
        policy = self._policy.copied()
        ending = self._ending(policy, cuts) if policy.follow(known, changed) else None
        return Foreseen(self._listing, ending) if ending else None

    def is_due(self) -> bool:
        """Tell whether the table is behind the policy."""
        return bool(self._due or self._left) or not self._loaded

    def apply(self, revision: int) -> None:
        """Bring the table up to the policy: what is due as one transaction, or all of it the first time.

        Returns once the kernel has it. Raise one of UNDONE; the table is then loaded whole the next time.
        """
        state, loaded, due = self._policy.state, self._loaded, self._due
        self.version += 1
        self._loaded, self._due = False, set()
        if loaded:
            self._dataplane.apply(compiled(state, due), revision)
        else:
            self._dataplane.load(compiled(state), revision)
        self._cut()
        self._try_on()
        self._loaded = True

    def _try_on(self) -> None:
        """Let what is on trial hold for what is left of its time: a table that was made anew has forgotten it."""
        own = self._policy.own
        if own and (left := own.until - SystemClock().now()) > 0:
            self._dataplane.try_for(left)

    def _cut(self) -> None:
        """End the flows under way that are to end, now that the table lets none of them begin again."""
        ending = self._ending(self._policy, self._cuts, self._left)
        if ending:
            conntrack.cut(self._flows, ending.ends)
        self._cuts, self._left = set(), ()
        self._policy.settle()

    def _ending(self, policy: Policy, cuts: AbstractSet[Key], left: Spans = ()) -> Ending | None:
        if policy.own is not None:
            policy.see(map(str, addresses(self._links)))
        return policy.ending(cuts, left)

    def bring_up(self, revision: int) -> None:
        """Apply what is due, if anything is. What stands in the way is told by ``fault``."""
        with self._telling():
            if self.is_due():
                self.apply(revision)

    def close_first(self) -> None:
        """Let nothing pass until the first ``apply``, unless a whole table is there, which then decides until then.

        What stands in the way is told by ``fault``.
        """
        with self._telling():
            holds = self._dataplane.read()
            if holds is None or not holds.elements.get(REVISION):
                self.apply(0)
                self._loaded = False

    def repaired(self, revision: int) -> bool:
        """Set the table right if somebody disturbed it, and tell whether that was needed.

        What stands in the way is told by ``fault``; as soon as that goes, which is a disturbance too, the table is
        made again. revision: what was told last, 0 before the first answer, until when the table stays closed.
        """
        if not self._dataplane.disturbed():  # asked first, as what it tells would wake whoever waits for ever
            return False
        repaired = False
        if self._loaded:
            with self._telling(lost=True):
                repaired = self._repaired()
        elif not revision:
            self.close_first()
        elif self.is_lost:
            self.bring_up(revision)
            repaired = not self.is_lost
        return repaired

    def _repaired(self) -> bool:
        self._loaded = False
        repaired = self._dataplane.repair()
        self._try_on()
        self._loaded = True
        return repaired

    @contextmanager
    def _telling(self, *, lost: bool = False) -> Iterator[None]:
        """Keep why it did not work. lost: whether the table then does not hold, whatever the reason."""
        try:
            yield
        except UNDONE as error:
            self._why = told(error)
            self.is_lost |= lost or isinstance(error, NotOurs)
        else:
            self._why, self.is_lost = "", False

    def free(self) -> None:
        """Remove the table, so that packets pass as if it had never been; somebody else's is not touched. OSError.

        It is done through what was opened when the namespace could still be found: one that has lost its name, or the
        process that it was known by, may live on.
        """
        with suppress(NotOurs):
            self._dataplane.remove()


def new_post(namespace: Namespace, policy: Policy, known: Facts, owner: str | None) -> Post:
    """Return the post of a namespace, which is closed here, with a policy that is told all that is known. OSError."""
    with namespace:
        post = Post(namespace, policy, owner)
    post.follow(known, known.keys())
    return post


def apply_due(posts: Iterable[Post], revision: int) -> None:
    """Bring every table that is behind up to its policy, whatever stands in the way of some: each tells its fault."""
    for post in posts:
        post.bring_up(revision)


def told(error: Exception) -> str:
    """Return why something could not be done."""
    if isinstance(error, NotOurs):
        return f"{error} has a table named groupwall, which is not touched"
    return getattr(error, "strerror", None) or str(error)


def remove_table(namespace: Namespace, owner: str | None = None) -> None:
    """Remove a table, so that packets pass as if it had never been. Raise NotOurs if it is somebody else's.

    owner: whose it is to be; without, that of any agent goes.
    """
    with Dataplane.inside(namespace, owner) as dataplane:
        dataplane.remove()
