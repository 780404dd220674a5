"""The policy of one network namespace: the facts that its table follows from, kept up to date fact by fact.

A change costs what it changes, however much is known: only the parts that follow from a changed fact are named, and
only they are compiled again.
"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import replace

from groupwall.enforce.policy import compile as compiling
from groupwall.enforce.policy.compile import Part, State
from groupwall.enforce.policy.desired import Facts, Key, Kind, group_of, interface_of, texts_of
from groupwall.enforce.policy.ending import Ending
from groupwall.enforce.policy.own import Own, Spared
from groupwall.enforce.policy.stopping import Stopping, stopping
from groupwall.enforce.policy.timeouts import Timeouts
from groupwall.rules.flows import address_number
from groupwall.rules.spans import Span, Spans, difference, spans
from groupwall.rules.tracking import opened
from groupwall.rules.values import Rule

CLOSED: frozenset[str] = frozenset()
"""The groups of an interface that nothing is known of: none, so that nothing passes (users 5.5)."""


class Policy:
    """What the interfaces of one VPC in one network namespace are held to. inside, timeouts: as of a ``State``."""

    def __init__(self, vpc_id: str, *, inside: bool = False, timeouts: Timeouts | None = None) -> None:
        self.vpc_id = vpc_id
        self._inside = inside
        self._timeouts = timeouts
        self._groups: dict[str, tuple[Rule, ...]] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        self._entries: dict[str, tuple[str, ...]] = {}
        self._interfaces: dict[str, compiling.Interface] = {}
        self._used: Counter[str] = Counter()
        self._devices: dict[str, str] = {}
        self._own: dict[str, Own] = {}
        self._addresses: frozenset[str] = frozenset()
        self._cutting: set[str] = set()
        self._cutting_before: set[str] = set()
        self._groups_before: dict[str, tuple[Rule, ...]] = {}
        self._interfaces_before: dict[str, compiling.Interface | None] = {}

    @property
    def state(self) -> State:
        """All of it, as the compiler takes it; it changes with the policy."""
        there = self._groups, self._members, self._entries, self._interfaces
        return State(*there, inside=self._inside, timeouts=self._timeouts)

    @property
    def interfaces(self) -> AbstractSet[str]:
        """The ids of the interfaces that are held to it."""
        return self._devices.keys()

    @property
    def own(self) -> Own | None:
        """What is particular to this machine, if its own traffic is held to one of them."""
        return next(iter(self._own.values()), None)

    def see(self, addresses: Iterable[str]) -> None:
        """Take these for the addresses of this machine, which has others than the interface that it is held to."""
        self._addresses = frozenset(addresses)
        for interface_id in self._own:
            self._interfaces[interface_id] = replace(self._interfaces[interface_id], addresses=self._addresses)

    def bind(self, interface_id: str, device: str, known: Facts, own: Own | None = None) -> set[Part]:
        """Hold a device, or this machine's own traffic, to what an interface may do; return what changed."""
        self._devices[interface_id] = device
        if own is not None:
            self._own[interface_id] = own
        return set(self._interface(interface_id, known))

    def unbind(self, interface_id: str, known: Facts) -> set[Part]:
        """Hold a device to nothing any more; return what changed."""
        self._devices.pop(interface_id, None)
        self._own.pop(interface_id, None)
        return set(self._interface(interface_id, known))

    def follow(self, known: Facts, changed: Iterable[Key]) -> set[Part]:
        """Take over what changed in what is known; return the parts that follow from it."""
        return {part for key in changed for part in self._followed(known, key)}

    def ending(self, altered: AbstractSet[Key], left: Spans = ()) -> Ending | None:
        """Return which flows under way end by what was altered; None if none can. See ``judged`` and ``stopping``.

        left: addresses that are no longer whose they were; those of this machine, if it is held itself, stay its own.
        """
        judged, stopping, here = self.judged(altered), self.stopping(), map(address_number, self._addresses)
        gone = difference(left, spans(tuple(Span(number, number) for number in here)))
        if not (judged.interfaces or stopping or gone):
            return None
        spared = Spared(self.own, self._addresses) if self.own else None
        return Ending(judged, stopping, self.judged(frozenset()), spared, gone)

    def copied(self) -> Policy:
        """Return one like it, which may follow something else."""
        other = copy(self)
        vars(other).update({name: copy(part) for name, part in vars(self).items()})
        return other

    def judged(self, altered: AbstractSet[Key]) -> State:
        """Return the state with those interfaces alone whose flows under way are judged anew.

        Those in a group that says so, those that have left one since the last ``settle``, and those that follow from
        what was altered by a change which says so.
        """
        groups = self._cutting | {key.id for key in altered if key.kind is Kind.GROUP} | self._referring(altered)
        ids = {key.id for key in altered if key.kind is Kind.INTERFACE} | self._leaving()
        there = self._interfaces.items() if ids or groups else ()
        some = {one: each for one, each in there if one in ids or not groups.isdisjoint(each.groups)}
        return replace(self.state, interfaces=some)

    def _leaving(self) -> set[str]:
        """Return the interfaces that have left a group which asks for a cut, or did before what was altered."""
        asking = self._cutting | self._cutting_before
        before = ((one, was) for one, was in self._interfaces_before.items() if was and one in self._interfaces)
        return {one for one, was in before if not asking.isdisjoint(was.groups - self._interfaces[one].groups)}

    def _referring(self, altered: AbstractSet[Key]) -> set[str]:
        """Return the groups with rules whose peer is a group or list of which the members or entries were altered."""
        peers = {key.id for key in altered if key.kind in (Kind.MEMBERS, Kind.LIST)}
        return {
            group_id
            for group_id, rules in (self._groups.items() if peers else ())
            if any(rule.properties.peer.text in peers for rule in rules)
        }

    def stopping(self) -> Stopping | None:
        """Return which flows under way stop by what was altered since the last ``settle``; None if none can.

        Only interfaces are looked at that have left a group, or are in one which has lost a rule for everyone.
        """
        less = {one for one, was in self._groups_before.items() if opened(was) - opened(self._groups.get(one, ()))}
        some = {one for one, now in (self._interfaces.items() if less else ()) if not less.isdisjoint(now.groups)}
        some |= self._interfaces_before.keys() & self._interfaces.keys()
        before = {one: was for one in some if (was := self._interfaces_before.get(one, self._interfaces[one]))}
        groups = ChainMap(self._groups_before, self._groups)
        return stopping(replace(self.state, groups=groups, interfaces=before), self.state) if before else None

    def settle(self) -> None:
        """Take what holds now for what later changes alter."""
        self._groups_before, self._interfaces_before, self._cutting_before = {}, {}, set()

    def _followed(self, known: Facts, key: Key) -> Iterator[Part]:
        match key.kind:
            case Kind.INTERFACE if key.id in self._devices:
                yield from self._interface(key.id, known)
            case Kind.GROUP if self._used[key.id]:
                yield from self._group(key.id, known)
            case Kind.MEMBERS if key.vpc_id == self.vpc_id:
                yield _kept(self._members, key, known, compiling.Kind.MEMBERS)
            case Kind.LIST:
                yield _kept(self._entries, key, known, compiling.Kind.ENTRIES)
            case _:
                pass

    def _interface(self, interface_id: str, known: Facts) -> Iterator[Part]:
        before = self._interfaces.pop(interface_id, None)
        self._interfaces_before.setdefault(interface_id, before)
        if interface_id in self._devices:
            self._interfaces[interface_id] = self._told(interface_id, known)
        after = self._interfaces.get(interface_id)
        groups_before, groups_after = (one.groups if one else CLOSED for one in (before, after))
        self._used.update(groups_after)
        self._used.subtract(groups_before)
        for group_id in groups_before ^ groups_after:
            if bool(self._used[group_id]) != (group_id in self._groups):
                yield from self._group(group_id, known)
        yield Part(compiling.Kind.INTERFACE, interface_id)
        if _timing(before) != _timing(after):
            yield Part(compiling.Kind.TIMEOUTS)

    def _told(self, interface_id: str, known: Facts) -> compiling.Interface:
        """Return an interface as it is told; closed if it is not, or lies in another VPC than all that is here."""
        device, found = self._devices[interface_id], interface_of(known, interface_id)
        own = self._own.get(interface_id)
        if found is None or found.vpc_id != self.vpc_id:
            return compiling.Interface(device, CLOSED, CLOSED, own=own)
        there = device, frozenset(found.addresses) if own is None else self._addresses, found.groups, found.checked
        return compiling.Interface(*there, timeouts=found.timeouts, own=own)

    def _group(self, group_id: str, known: Facts) -> Iterator[Part]:
        self._cutting_before |= self._cutting & {group_id}
        self._cutting.discard(group_id)
        self._groups_before.setdefault(group_id, self._groups.get(group_id, ()))
        if self._used[group_id]:
            found = group_of(known, group_id)
            self._groups[group_id] = found.rules
            if found.cuts:
                self._cutting.add(group_id)
        else:
            self._groups.pop(group_id, None)
            del self._used[group_id]
        yield Part(compiling.Kind.INGRESS, group_id)
        yield Part(compiling.Kind.EGRESS, group_id)


def _timing(one: compiling.Interface | None) -> tuple[str, Timeouts] | None:
    return (one.device, one.timeouts) if one else None


def _kept(kept: dict[str, tuple[str, ...]], key: Key, known: Facts, kind: compiling.Kind) -> Part:
    if key in known:
        kept[key.id] = texts_of(known, key)
    else:
        kept.pop(key.id, None)
    return Part(kind, key.id)
