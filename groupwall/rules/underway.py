"""Flows under way at a gate, as hosts tell them to a server and a server to people.

A told flow names its interface and the direction of the gate, its ends as they were when it began, and what tells it
from others: ports, or an ICMP type and code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from groupwall.rules.flows import IPV4, PORTS, address_number, address_text, services_text
from groupwall.rules.spans import Span
from groupwall.rules.values import Direction
from groupwall.rules.verdict import Flow

if TYPE_CHECKING:
    from collections.abc import Mapping

_ICMP = {1, 58}
_PROTOCOLS = _CODES = 256


class UnderWay(NamedTuple):
    """A flow that is under way at the gate of an interface. source_port: 0 for none.

    stops: whether it would end though the change asks for no cut, as it is untracked, or cut by the tag of a group.
    by_tag: whether such a tag ends it.
    """

    interface_id: str
    direction: Direction
    flow: Flow
    source_port: int = 0
    stops: bool = False
    by_tag: bool = False

    @property
    def peer(self) -> int:
        """The address of the other end."""
        return self.flow.destination if self.direction.is_egress else self.flow.source

    def __str__(self) -> str:
        """Return ``tcp 10.0.0.5:40000 -> 10.0.0.9:22``, or ``icmp 8/0 10.0.0.5 -> 10.0.0.9``."""
        source, destination, service = self.flow
        name, _, rest = services_text((Span(service, service),)).partition(" ")
        if service // PORTS in _ICMP:
            return f"{name} {rest} {address_text(source)} -> {address_text(destination)}"
        ends = _end(source, self.source_port), _end(destination, service % PORTS)
        return f"{name} {' -> '.join(ends)}"


def _end(address: int, port: int) -> str:
    text = address_text(address)
    if not port:
        return text
    return f"{text}:{port}" if address < IPV4 else f"[{text}]:{port}"


def told(one: UnderWay) -> dict[str, Any]:
    """Return a flow as it is told."""
    source, destination, service = one.flow
    protocol, rest = divmod(service, PORTS)
    ends = {"Source": address_text(source), "Destination": address_text(destination), "Protocol": protocol}
    if protocol in _ICMP:
        ends |= {"IcmpType": rest // _CODES, "IcmpCode": rest % _CODES}
    elif rest or one.source_port:
        ends |= {"SourcePort": one.source_port, "DestinationPort": rest}
    gate = {"InterfaceId": one.interface_id, "IsEgress": one.direction.is_egress}
    return {**gate, **ends, "Stops": one.stops, "ByTag": one.by_tag}


def read(given: Mapping[str, Any]) -> UnderWay:
    """Return the flow that ``told`` told. ValueError for what is none."""
    source, destination = address_number(given["Source"]), address_number(given["Destination"])
    if (source < IPV4) is not (destination < IPV4):
        message = "the ends of a flow are of one family"
        raise ValueError(message)
    protocol = _within(_PROTOCOLS, given["Protocol"])
    if protocol in _ICMP:
        port, rest = 0, _within(_CODES, given.get("IcmpType", 0)) * _CODES + _within(_CODES, given.get("IcmpCode", 0))
    else:
        port, rest = (_within(PORTS, given.get(end, 0)) for end in ("SourcePort", "DestinationPort"))
    direction = Direction.EGRESS if given["IsEgress"] else Direction.INGRESS
    flow = Flow(source, destination, protocol * PORTS + rest)
    return UnderWay(given["InterfaceId"], direction, flow, port, given.get("Stops", False), given.get("ByTag", False))


def _within(end: int, number: int) -> int:
    if not 0 <= number < end:
        message = f"{number} is not below {end}"
        raise ValueError(message)
    return number
