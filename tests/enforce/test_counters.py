"""What each rule has let in, with real packets."""

from __future__ import annotations

from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.policy.compile import Kind, Part, compiled
from groupwall.rules.values import NO_PORTS, Direction, Peer, PortRange, Properties, Rule
from tests.enforce.bed import Bed, Probe
from tests.enforce.enforced import Enforced
from tests.enforce.policies import Policy, state

GROUP = "sg-00000001"


def _rule(name: str, direction: Direction, peer: str, port: int | None = None) -> Rule:
    ports, protocol = (PortRange(port, port), "udp") if port else (NO_PORTS, "-1")
    return Rule(name, GROUP, direction, Properties(protocol, ports, Peer.of(peer)), None)


OUT = _rule("sgr-out", Direction.EGRESS, "0.0.0.0/0")
WEB = _rule("sgr-web", Direction.INGRESS, "10.0.0.0/8", 80)
OWN = _rule("sgr-own", Direction.INGRESS, GROUP, 22)
WIDE = _rule("sgr-wide", Direction.INGRESS, "10.0.0.0/9", 80)


def test_rules_count_what_they_let_in(bed: Bed) -> None:
    """Each rule counts the packets that it let in, and keeps its count when others come and go (issue 6)."""
    one, other = bed.hosts[:2]
    vpc_id = one.interface.vpc_id
    groups = {host.id: frozenset({GROUP}) for host in bed.hosts}
    with Enforced(bed) as enforced:
        plane = enforced.planes[vpc_id]
        policy = Policy(groups, (OUT, WEB, OWN))
        enforced.load(policy)
        ports = [(UDP, 80), (UDP, 80), (UDP, 22), (UDP, 23), (TCP, 80)]
        sent = [Probe(one, other, 4, protocol, port, 40000 + place) for place, (protocol, port) in enumerate(ports)]
        assert bed.arrived(sent) == [True, True, True, False, False]
        assert plane.admitted(policy.rules) == {"sgr-out": 5, "sgr-web": 2, "sgr-own": 1}
        wider = Policy(groups, (OUT, WEB, OWN, WIDE))
        plane.apply(compiled(state(wider, bed.hosts, vpc_id), [Part(Kind.INGRESS, GROUP)]), 100)
        counts = plane.admitted(wider.rules)
        assert counts == {"sgr-out": 5, "sgr-web": 2, "sgr-own": 1, "sgr-wide": 0}


def test_what_has_begun_is_not_counted(bed: Bed) -> None:
    """A flow that is established asks no rule any more, so that it counts its first packets only (issue 6)."""
    one, other = bed.hosts[:2]
    with Enforced(bed) as enforced:
        policy = Policy({host.id: frozenset({GROUP}) for host in bed.hosts}, (OUT, WEB))
        enforced.load(policy)
        probe = Probe(one, other, 4, UDP, 80, 40000)
        assert bed.arrived([probe, probe.answer(), probe, probe, probe]) == [True] * 5
        plane = enforced.planes[one.interface.vpc_id]
        assert plane.admitted(policy.rules) == {"sgr-out": 1, "sgr-web": 1}
