"""How one table becomes another: the changes of one transaction, in an order that the kernel takes.

What others stand on is made first and removed last. An element is removed before others of its set are added, since a
set bears no two with the same key, and one of intervals none that overlap. Maps come last of what is added, so that
what they lead to is whole, when a large table comes in several transactions.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from operator import attrgetter

from groupwall.enforce.kernel.messages import (
    Awakened,
    Change,
    GoneChain,
    GoneElements,
    GoneObject,
    GoneSet,
    NewChain,
    NewElements,
    NewSet,
    NewTimeout,
    Rewritten,
    Shortened,
)
from groupwall.enforce.kernel.table import Element, Flag, Hook, NftRule, Table


class Unlike(Exception):
    """A name stands for different things before and after: only a new table can follow."""


def difference(before: Table, after: Table, elsewhere: Container[str] = ()) -> list[Change]:
    """Return the changes that make ``after`` of ``before``, none if they are equal.

    elsewhere: names that are there before and after because of what is in neither of the two.
    Raise Unlike if a set has another shape afterwards, a chain another hook, or a timeout other seconds.
    """
    _check(before, after)
    return [
        *_set_back(before, after),
        *_made(before, after, elsewhere),
        *_rewritten(before, after),
        *_elements(before, after),
        *_removed(before, after, elsewhere),
    ]


def _check(before: Table, after: Table) -> None:
    unlike = [name for name, one in after.sets.items() if before.sets.get(name, one) != one]
    unlike += [name for name, one in after.chains.items() if _place(before.chains.get(name, one)) != _place(one)]
    unlike += [name for name, one in after.timeouts.items() if before.timeouts.get(name, one) != one]
    if unlike:
        raise Unlike(*sorted(unlike))


def _place(hook: Hook | None) -> tuple[int, int] | None:
    return hook and (hook.place, hook.priority)


def _set_back(before: Table, after: Table) -> Iterator[Change]:
    """Give the table its flags, and chains that are there their policies."""
    if before.flags != after.flags:
        yield Awakened()
    for name in sorted(after.chains.keys() & before.chains.keys()):
        if before.chains[name] != after.chains[name]:
            yield NewChain(name, after.chains[name])


def _made(before: Table, after: Table, elsewhere: Container[str]) -> Iterator[Change]:
    for name in sorted(after.sets.keys() - before.sets.keys()):
        if name not in elsewhere:
            yield NewSet(name, after.sets[name])
    for name in sorted(after.chains.keys() - before.chains.keys()):
        if name not in elsewhere:
            yield NewChain(name, after.chains[name])
    for name in sorted(after.timeouts.keys() - before.timeouts.keys()):
        if name not in elsewhere:
            yield NewTimeout(name, after.timeouts[name])


def _rewritten(before: Table, after: Table) -> Iterator[Change]:
    """Write every chain anew that has other rules; one that only loses some loses those."""
    for chain in sorted(before.rules.keys() | after.rules.keys()):
        old, new = before.rules.get(chain, ()), after.rules.get(chain, ())
        if old == new:
            continue
        gone = _left_out(old, new)
        yield Shortened(chain, gone) if new and gone else Rewritten(chain, new)


def _left_out(old: Sequence[NftRule], new: Sequence[NftRule]) -> tuple[int, ...]:
    """Return the places of the old rules without which they are the new ones; none if that is not so."""
    kept = set(new)
    gone = tuple(place for place, rule in enumerate(old) if rule not in kept)
    return gone if tuple(rule for rule in old if rule in kept) == tuple(new) else ()


def _elements(before: Table, after: Table) -> Iterator[Change]:
    """Change what is in sets. A set that goes is emptied too: a map would hold on to chains that go before it."""
    shapes = {**before.sets, **after.sets}
    none: frozenset[Element] = frozenset()
    for name in sorted(
        before.elements.keys() | after.elements.keys(), key=lambda one: (shapes[one].flags & Flag.MAP, one)
    ):
        old, new = before.elements.get(name, none), after.elements.get(name, none)
        if old - new:
            yield GoneElements(name, tuple(sorted(old - new, key=_key)))
        if new - old:
            yield NewElements(name, tuple(sorted(new - old, key=_key)))


def _removed(before: Table, after: Table, elsewhere: Container[str]) -> Iterator[Change]:
    for name in sorted(before.chains.keys() - after.chains.keys()):
        if name not in elsewhere:
            yield GoneChain(name)
    for name in sorted(before.sets.keys() - after.sets.keys()):
        if name not in elsewhere:
            yield GoneSet(name)
    for name in sorted(before.timeouts.keys() - after.timeouts.keys()):
        if name not in elsewhere:
            yield GoneObject(name)
    for name, kind in sorted(before.strange - after.strange):
        yield GoneObject(name, kind)


_key = attrgetter("key")
