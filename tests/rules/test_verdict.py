"""The verdict, against a naive evaluator that knows no traffic: it asks each rule about each flow."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.flows import address_number, block_span, service_number
from groupwall.rules.spans import Spans, spans
from groupwall.rules.values import Direction, Peer, PeerKind, PortRange, Properties, Rule
from groupwall.rules.verdict import Flow, admitted, grant, verdict

HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.9", "192.0.2.1", "2001:db8::1")
MEMBERS = {"sg-1": ["10.0.0.1", "2001:db8::1"], "sg-2": [], "pl-1": ["10.0.0.0/30"]}
"""What a group's members, or a prefix list's entries, are."""

ports = st.integers(20, 24)
properties = st.one_of(
    st.builds(
        lambda protocol, first, last, peer: Properties(protocol, PortRange(min(first, last), max(first, last)), peer),
        st.sampled_from(["tcp", "udp"]), ports, ports, peers := st.sampled_from(
            [Peer.of(text) for text in ("10.0.0.0/29", "10.0.0.2/32", "0.0.0.0/0", "::/0", *MEMBERS)]
        ),
    ),
    st.builds(lambda kind, peer: Properties("icmp", PortRange(kind, -1), peer), st.integers(0, 2), peers),
    st.builds(lambda kind, peer: Properties(kind, PortRange(-1, -1), peer), st.sampled_from(["-1", "47"]), peers),
)  # fmt: skip
rules = st.lists(st.builds(lambda some: Rule("sgr-1", "sg-0", Direction.INGRESS, some, None), properties), max_size=5)
services = st.one_of(
    st.tuples(st.sampled_from(["tcp", "udp"]), ports.map(lambda port: PortRange(port, port))),
    st.tuples(st.just("icmp"), st.builds(PortRange, st.integers(0, 2), st.integers(0, 1))),
    st.just(("47", PortRange(-1, -1))),
)


def addresses_of(peer: Peer) -> Spans:
    """Return the addresses of the groups and lists above."""
    blocks = (text if "/" in text else f"{text}/{128 if ':' in text else 32}" for text in MEMBERS[peer.text])
    return spans(tuple(block_span(block) for block in blocks))


def naively(rule: Rule, host: str, protocol: str, number: PortRange) -> bool:
    """Tell whether a rule admits a service for a host, by comparing one member after the other."""
    wanted, (first, last), peer = rule.properties
    texts = MEMBERS[peer.text] if peer.kind in (PeerKind.GROUP, PeerKind.PREFIX_LIST) else [peer.text]
    if not any(ip_address(host) in ip_network(text) for text in texts):
        return False
    if wanted == "-1":
        return True
    if wanted != protocol:
        return False
    if protocol == "icmp":
        return first in (-1, number.first) and last in (-1, number.last)
    return protocol == "47" or first <= number.first <= last


@given(rules, rules, st.sampled_from(HOSTS), st.sampled_from(HOSTS), services)
def test_the_verdict_is_the_naive_one(
    out: list[Rule], into: list[Rule], source: str, destination: str, service: tuple[str, PortRange]
) -> None:
    """A flow passes when each gate has a rule for it, and exactly those rules are named [reference 17, docs]."""
    flow = Flow(address_number(source), address_number(destination), service_number(*service))
    egress, ingress = ([grant(rule, addresses_of) for rule in some] for some in (out, into))
    told = verdict(flow, egress, ingress)
    assert told.egress == tuple(rule for rule in out if naively(rule, destination, *service))
    assert told.ingress == tuple(rule for rule in into if naively(rule, source, *service))
    assert told.accept == (bool(told.egress) and bool(told.ingress))
    assert admitted(ingress).holds(flow.source, flow.service) == bool(told.ingress)


@given(rules, st.sampled_from(HOSTS), services)
def test_an_end_without_a_gate_admits_all(into: list[Rule], source: str, service: tuple[str, PortRange]) -> None:
    """An address that is no interface of ours is not asked (inferred)."""
    flow = Flow(address_number(source), address_number("10.0.0.2"), service_number(*service))
    ingress = [grant(rule, addresses_of) for rule in into]
    told = verdict(flow, None, ingress)
    assert told.egress is None
    assert told.accept == bool(told.ingress)
    assert verdict(flow, None, None).accept


def test_a_gate_without_rules_admits_nothing() -> None:
    """Without a rule nothing passes: there are only allow rules [reference 17, docs]."""
    flow = Flow(address_number("10.0.0.1"), address_number("10.0.0.2"), service_number("tcp", PortRange(22, 22)))
    assert not verdict(flow, [], None).accept
    assert not verdict(flow, None, []).accept
