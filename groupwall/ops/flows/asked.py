"""Which services a call asks about."""

from __future__ import annotations

from typing import Any

from groupwall.ops.operation import Params
from groupwall.rules import parsing
from groupwall.rules.flows import SERVICES, services
from groupwall.rules.spans import Spans
from groupwall.rules.values import NO_PORTS, PortRange


def properties_asked(params: Params) -> tuple[str, PortRange]:
    """Return the protocol and ports that ``Protocol``, ``FromPort`` and ``ToPort`` name, in a rule's canonical form.

    TCP where only ports are given, every port where none are, one port where only the first is; every ICMP type where
    none is given, every code of a type where no code is (inferred). Raises what rules.parsing raises for a rule.
    """
    first, last = params.get("FromPort"), params.get("ToPort")
    given: Any = params.get("Protocol") or ("-1" if first is None and last is None else "tcp")
    protocol = parsing.protocol(given)
    if protocol in ("tcp", "udp") and first is None and last is None:
        first, last = 0, 65535
    if protocol in ("tcp", "udp"):
        last = first if last is None else last
    if protocol in ("icmp", "icmpv6"):
        every = NO_PORTS.first
        first, last = every if first is None else first, every if last is None else last
    return protocol, parsing.ports(protocol, first, last)


def services_asked(params: Params) -> Spans:
    """Return the services that a call asks about, all of them where it names none."""
    protocol, ports = properties_asked(params)
    return SERVICES if protocol == "-1" else services(protocol, ports)
