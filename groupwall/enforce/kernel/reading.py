"""What the kernel holds of a table, read back: reference dataplane-nftables 4.5 [measured]."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterable

from groupwall.enforce.kernel.messages import GENERAL, INET, OURS, Number, asked, asked_elements
from groupwall.enforce.kernel.netlink import Connection, Refused, text
from groupwall.enforce.kernel.table import Flag, NftRule, Table
from groupwall.enforce.kernel.telling import (
    Told,
    chain_told,
    elements_told,
    handle_told,
    is_timeout,
    mark_told,
    name_told,
    object_told,
    paired,
    rule_chain,
    rule_told,
    set_told,
    timeout_told,
    told,
)

_TABLE = 1
_FLAGS = 2
_NAME = 2
_FAMILIES = {INET: "inet", 2: "ip", 10: "ip6"}


class NotOurs(Exception):
    """A table of our name is there that somebody else made: it is not touched. The text tells whose it is."""


def any_of_ours(mark: str) -> bool:
    """Tell whether a mark is of any of our tables."""
    return mark == OURS or mark.startswith(f"{OURS} ")


def read_table(connection: Connection, name: str, is_ours: Callable[[str], bool] = any_of_ours) -> Table | None:
    """Return a table, None if there is none of that name. Raise NotOurs if its mark is not ours.

    What is in sets whose elements go by themselves is left out.
    It is of one moment only if nobody changed it meanwhile, which the number of the last transaction tells.
    """
    flags = _flags(connection, name, is_ours)
    if flags is None:
        return None
    sets = dict(set_told(found) for found in _listed(connection, Number.GET_SET, name))
    chains = dict(chain_told(found) for found in _listed(connection, Number.GET_CHAIN, name))
    rules: dict[str, list[NftRule]] = {}
    for found in _listed(connection, Number.GET_RULE, name):
        chain, rule = rule_told(found)
        rules.setdefault(chain, []).append(rule)
    lasting = [one for one, shape in sets.items() if not shape.flags & Flag.TIMED]
    elements = {one: paired(sets[one], some) for one, some in read_elements(connection, name, lasting).items()}
    objects = _listed(connection, Number.GET_OBJECT, name)
    return Table(
        sets,
        {one: some for one, some in elements.items() if some},
        chains,
        {chain: tuple(some) for chain, some in rules.items()},
        dict(timeout_told(found) for found in objects if is_timeout(found)),
        frozenset(object_told(found) for found in objects if not is_timeout(found)),
        flags,
    )


def read_hooked(connection: Connection, name: str, places: Collection[int]) -> list[str]:
    """Return the tables but that of a name, as nft has them, that packets come by at some steps of their way, in order.

    Whether they stop any is not looked at. What does not go through nftables, such as old iptables, is not seen.
    """
    message = asked(Number.GET_CHAIN)
    found = [(answer.body[0], told(answer)[1]) for answer in connection.dump(message._replace(body=bytes(GENERAL)))]
    hooked = {(family, name_told(one[_TABLE])) for family, one in found if _place(one) in places} - {(INET, name)}
    return sorted(f"{_FAMILIES[family]} {table}" for family, table in hooked if family in _FAMILIES)


def _place(found: dict[int, bytes]) -> int | None:
    _, hook = chain_told(found)
    return hook and hook.place


def read_handles(connection: Connection, name: str, chain: str) -> list[bytes]:
    """Return the handles of the rules of a chain, in their order."""
    listed = _listed(connection, Number.GET_RULE, name, text(_NAME, chain))
    return [handle_told(found) for found in listed if rule_chain(found) == chain]


def read_elements(connection: Connection, name: str, sets: Iterable[str]) -> dict[str, list[Told]]:
    """Return the elements of some sets of a table, by set."""
    return {
        one: [
            element
            for found in _listed(connection, Number.GET_ELEMENT, name, text(_NAME, one))
            for element in elements_told(found)
        ]
        for one in sets
    }


def read_packets(connection: Connection, name: str, set_name: str, keys: Iterable[bytes]) -> dict[bytes, int]:
    """Return how many packets some elements of a set have matched. Raise Refused (ENOENT) if one is not there."""
    return {
        element.key: element.packets
        for question in asked_elements(name, set_name, keys)
        for answer in connection.gather(question)
        for element in elements_told(told(answer)[1])
    }


def _flags(connection: Connection, name: str, is_ours: Callable[[str], bool]) -> int | None:
    """Return the flags of a table, None if there is none of that name. Raise NotOurs if its mark is not ours."""
    try:
        _, found = told(connection.ask(asked(Number.GET_TABLE, text(_TABLE, name))))
    except Refused as refused:
        if refused.errno == errno.ENOENT:
            return None
        raise
    mark = mark_told(found)
    if not is_ours(mark):
        raise NotOurs("another agent of this machine" if any_of_ours(mark) else "somebody else")
    return int.from_bytes(found.get(_FLAGS, b""))


def _listed(connection: Connection, kind: Number, name: str, *more: bytes) -> list[dict[int, bytes]]:
    """Return what a list tells of a table; some kernels tell of all tables."""
    found = [told(answer)[1] for answer in connection.dump(asked(kind, text(_TABLE, name), *more))]
    return [one for one in found if name_told(one[_TABLE]) == name]
