"""A host: all that is enforced on it, and what each answer of the server makes of that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from groupwall.enforce.dataplane import instances
from groupwall.enforce.dataplane.attached import Attached
from groupwall.enforce.dataplane.bindings import Binding, Wanted
from groupwall.enforce.dataplane.devices import Devices
from groupwall.enforce.dataplane.foreseen import Foreseen
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.owner import owner_of
from groupwall.enforce.dataplane.posts import Post, apply_due
from groupwall.enforce.dataplane.routers import Routers
from groupwall.enforce.policy.desired import NOTHING, Answer, Desired, Key, cuts, folded, interface_of
from groupwall.enforce.policy.leaving import left
from groupwall.rules.spans import Spans


class Host:
    """What one agent enforces. Not for several threads at once.

    folder: where bindings are kept. namespaces: where instances are made, None where none are to be.
    """

    def __init__(self, folder: Path, namespaces: Namespaces | None = None) -> None:
        self._owner = owner_of(folder)
        self._attached = Attached(folder, self._owner)
        self._namespaces = namespaces
        self.makes_instances = namespaces is not None
        self._routers: Routers | None = None
        self._desired = NOTHING
        self._applied = 0
        self._missed: set[Key] = set()
        self._cuts: set[Key] = set()
        self._left: list[Mapping[str, Spans]] = []

    @property
    def faults(self) -> list[str]:
        """What is not enforced here that should be, and what could not be done of what was told last: each with why."""
        return [*self._attached.faults, *self._undone]

    @property
    def _undone(self) -> list[str]:
        at_posts = [post.fault for post in self.posts() if post.fault]
        return [*(self._routers.faults if self._routers else ()), *at_posts]

    @property
    def applied(self) -> int:
        """The revision that everything here stands for, 0 before the first, and while a table is known not to hold."""
        return 0 if any(post.is_lost for post in self.posts()) else self._applied

    @property
    def revision(self) -> int:
        """The revision that was told last, 0 before the first, and where all has to be told again."""
        return self._desired.revision

    @property
    def interfaces(self) -> list[str]:
        """The interfaces that are enforced here, in order."""
        return sorted([*self._attached.interfaces, *(self._routers.interfaces if self._routers else ())])

    def knows(self, interface_id: str) -> bool:
        """Tell whether the server told of an interface."""
        return interface_of(self._desired.facts, interface_id) is not None

    def posts(self) -> Iterator[Post]:
        """Yield every post."""
        yield from self._attached.posts
        if self._routers:
            yield from self._routers.posts

    def devices(self) -> Collection[Devices]:
        """Return the devices to hear of: when something becomes of one, it is time for a ``look``."""
        return self._attached.devices

    def begin(self) -> list[str]:
        """Take up what was made and attached before; return what became of it, as ``look``.

        Until the first answer nothing passes but what passed before.
        """
        self._routers = Routers(self._namespaces, self._owner) if self._namespaces else None
        return self._attached.begin()

    def look(self) -> list[str]:
        """Follow what became of the namespaces and devices that are attached; return what is new, for a person.

        Those that are not there, or cannot be held as they are, are in ``faults`` and not in ``interfaces`` meanwhile.
        """
        return self._attached.look(self._desired)

    def follow(self, answer: Answer) -> None:
        """Have every table say what an answer says; returns once the kernel has it. Instances are made by ``step``.

        What cannot be done is told in ``faults``, and tried again with the next answer, while all else is done. An
        answer that is none raises ValueError or LookupError, and nothing has changed. After any other error all has to
        be told again, and what posts may have missed of this answer they take over then.
        """
        desired, changed = folded(self._desired, answer)
        self._missed |= changed
        self._cuts |= cuts(answer)
        self._left.append(left(self._desired.facts, desired.facts, changed))
        self._desired = desired._replace(revision=0)
        self._follow(desired, again=bool(self._undone) or answer["Whole"])
        self._desired, self._missed, self._cuts, self._left = desired, set(), set(), []

    def _follow(self, desired: Desired, *, again: bool) -> None:
        """Have posts follow, then instances. again: make instances anew that could not be made."""
        for post in self.posts():
            post.follow(desired.facts, self._missed, self._cuts)
            for some in self._left:
                post.leave(some.get(post.vpc_id, ()))
        if self._routers and (again or instances.concerns(self._missed)):
            self._routers.plan(desired)
        apply_due(self.posts(), desired.revision)
        if not any(post.is_due() for post in self.posts()):
            self._applied = desired.revision

    def foreseen(self, answer: Answer) -> list[Foreseen]:
        """Return what finds the flows here that would end if an answer were true, of which nothing is done.

        It may be asked in another thread, for one answer after the other. ValueError and LookupError as ``follow``.
        """
        desired, changed = folded(self._desired, answer)
        found = (post.foreseen(desired.facts, changed, cuts(answer)) for post in self.posts())
        return [one for one in found if one]

    def step(self) -> bool:
        """Do one of the things that answers left to do, such as to make an instance; tell whether there was one."""
        return self._routers is not None and self._routers.step()

    def repaired(self) -> int:
        """Set right what somebody disturbed; return how many tables that were."""
        return sum(post.repaired(self.revision) for post in self.posts())

    def attach(self, wanted: Wanted) -> Binding:
        """Hold a device to an interface's policy, from now on until it is detached. Raise Unbound, with the reason."""
        return self._attached.attach(wanted, self._desired)

    @property
    def trials(self) -> dict[str, int]:
        """Until when this machine is on trial as which interface, in milliseconds since 1970; empty if it is not."""
        return self._attached.trials

    def confirm(self, interface_id: str) -> Binding:
        """Let this machine's rules hold from now on until it is detached. Raise Unbound, with the reason."""
        return self._attached.confirm(interface_id, self._desired)

    def detach(self, interface_id: str) -> Binding:
        """Let a device go, so that it is as if it had never been bound. Raise Unbound if it is not; OSError."""
        return self._attached.detach(interface_id, self._desired)

    def close(self) -> None:
        """Watch no longer; all tables stay."""
        for post in self.posts():
            post.close()
        for each in self.devices():
            each.close()
