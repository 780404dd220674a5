"""Flows worth asking about: at the edges of what rules say."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.naive import ANY, Flow, Interface, Picture, Rule, address_of, block_of, blocks
from tests.worlds.values import BLOCKS, OTHER_PROTOCOLS


def flows(seen: Picture, random: Random, count: int = 40, about: Sequence[Rule] = ()) -> list[Flow]:
    """Return flows at the edges of what rules say: an interface at one end at least, none to itself.

    about: the rules that most flows are about, which the picture need not have; else those of any interface.
    """
    if not seen.interfaces:
        return []
    return [_flow(seen, about, random) for _ in range(count)]


def changed(before: Picture, after: Picture) -> list[Rule]:
    """Return the rules that came, went, stand for other addresses now, or are of groups that an interface changed."""
    regrouped = {
        group
        for one in before.interfaces.values()
        if one.id in after.interfaces
        for group in one.groups ^ after.interfaces[one.id].groups
    }
    vpcs = {one.vpc for one in before.interfaces.values()}
    found = set(before.rules) ^ set(after.rules)
    for rule in set(before.rules) & set(after.rules):
        moved = any(blocks(before, rule, vpc) != blocks(after, rule, vpc) for vpc in vpcs)
        if moved or rule.group in regrouped:
            found.add(rule)
    return sorted(found)


def _flow(seen: Picture, about: Sequence[Rule], random: Random) -> Flow:
    one, direction, rule = _subject(seen, about, random)
    others = [other.id for other in seen.interfaces.values() if other.id != one.id]
    if others and random.random() < 0.2:
        there, version = random.choice(others), 4
    else:
        there = _address(seen, one, rule, random)
        version = address_of(there).version
    service = _near(rule, version, random) if rule and random.random() < 0.8 else _service(version, random)
    ends = (one.id, there) if direction == "egress" else (there, one.id)
    return Flow(*ends, *service)


def _subject(seen: Picture, about: Sequence[Rule], random: Random) -> tuple[Interface, str, Rule | None]:
    """Return an interface, one of its gates, and most of the time a rule that counts there."""
    interfaces = list(seen.interfaces.values())
    pairs = [(one, rule) for rule in about for one in interfaces if rule.group in one.groups]
    if pairs and random.random() < 0.8:
        one, rule = random.choice(pairs)
        return one, rule.direction, rule
    one, direction = random.choice(interfaces), random.choice(("egress", "ingress"))
    own = [rule for rule in seen.rules if rule.group in one.groups and rule.direction == direction]
    return one, direction, random.choice(own) if own and random.random() < 0.7 else None


def _address(seen: Picture, one: Interface, rule: Rule | None, random: Random) -> str:
    """Return an address at an edge of a block, or one of another interface."""
    named = blocks(seen, rule, one.vpc) if rule else ()
    addresses = [address for other in seen.interfaces.values() for address in other.addresses]
    if not named:
        named = random.choice(((*BLOCKS,), addresses))
    block = block_of(random.choice(named))
    if random.random() < 0.3:
        inside = [address for address in addresses if address_of(address) in block]
        found = random.choice(inside) if inside else str(block[0])
    else:
        last = 2**block.max_prefixlen - 1
        edges = (int(block[0]), int(block[-1]), max(0, int(block[0]) - 1), min(last, int(block[-1]) + 1))
        found = str(type(block[0])(random.choice(edges)))
    return found if found not in one.addresses else _other_address(block_of(found).version)


def _other_address(version: int) -> str:
    return "198.51.100.1" if version == 4 else "2001:db8:ffff::1"


def _near(rule: Rule, version: int, random: Random) -> tuple[str, int, int]:
    """Return a service at an edge of a rule's."""
    if rule.protocol in ("tcp", "udp"):
        port = random.choice((rule.first, rule.last, rule.first - 1, rule.last + 1))
        return rule.protocol, min(max(port, 0), 65535), ANY
    if rule.protocol == {4: "icmp", 6: "icmpv6"}[version]:
        kind, code = max(rule.first, 0) + random.choice((0, 0, 0, 1)), max(rule.last, 0) + random.choice((0, 0, 1))
        return rule.protocol, kind, code
    return (rule.protocol, ANY, ANY) if rule.protocol in OTHER_PROTOCOLS else _service(version, random)


def _service(version: int, random: Random) -> tuple[str, int, int]:
    icmp = {4: "icmp", 6: "icmpv6"}[version]
    protocol = random.choice(("tcp", "tcp", "udp", icmp, icmp, *OTHER_PROTOCOLS, "132"))
    if protocol in ("tcp", "udp"):
        return protocol, random.choice((0, 19, 22, 23, 79, 80, 81, 442, 443, 444, 65535)), ANY
    if protocol in ("icmp", "icmpv6"):
        return protocol, random.choice((0, 3, 8, 255)), random.choice((0, 1, 255))
    return protocol, ANY, ANY
