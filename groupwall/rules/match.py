"""Which stored rules a request means: reference 4.3 and 5.3.

Equality of canonical properties decides, nothing wider or narrower: a request for all protocols does not mean the rule
for TCP 22, nor 10.0.0.0/8 the one for 10.1.0.0/16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from groupwall import errors
from groupwall.rules.values import ALL_PROTOCOLS, Asked, Properties, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Match(NamedTuple):
    """The stored rules that a request means, and what it names that is not stored; both in the request's order."""

    found: tuple[Rule, ...]
    unknown: tuple[Asked, ...]


def match(asked: Sequence[Asked], existing: Iterable[Rule]) -> Match:
    """Return which of the existing rules are asked for. ``existing``: rules of one group and one direction.

    The properties must be equal. A description takes part only if the request gives one (reference 4.3 [docs]); an
    empty one means a rule that has none [inferred].
    """
    stored = {rule.properties: rule for rule in existing}
    found: list[Rule] = []
    unknown: list[Asked] = []
    for one in asked:
        rule = stored.get(one.properties)
        if rule is None or one.description not in (None, rule.description or ""):
            unknown.append(one)
        else:
            found.append(rule)
    return Match(tuple(found), tuple(unknown))


def new_or_refuse(asked: Iterable[Asked], existing: Iterable[Rule]) -> None:
    """Raise InvalidPermission.Duplicate for the first asked rule that exists, whatever its description.

    ``existing``: rules of one group and one direction. Reference 5.3 [recorded][issue].
    """
    stored = {rule.properties for rule in existing}
    for one in asked:
        if one.properties in stored:
            raise errors.permission_duplicate(duplicate_text(one.properties))


def duplicate_text(properties: Properties) -> str:
    """Return a rule as the Duplicate error names it: ``peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW``.

    Reference 5.3 [recorded] for TCP, UDP, all protocols and all of ICMP; the other forms are [inferred].
    """
    parts = (f"peer: {properties.peer.text}", *_protocol_and_ports(properties), "ALLOW")
    return ", ".join(parts)


def _protocol_and_ports(properties: Properties) -> tuple[str, ...]:
    protocol, (first, last), _ = properties
    if protocol == ALL_PROTOCOLS:
        return ("ALL",)
    if protocol in ("tcp", "udp"):
        return protocol.upper(), f"from port: {first}", f"to port: {last}"
    if protocol in ("icmp", "icmpv6"):
        return protocol.upper(), f"type: {_number_or_all(first)}", f"code: {_number_or_all(last)}"
    return (protocol,)


def _number_or_all(number: int) -> str:
    return "ALL" if number == -1 else str(number)
