"""What passes two gates, against single flows: counted out on small planes of both families."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.flows import IPV4
from groupwall.rules.passages import Passage, by_destination, canonical, passages, refused
from groupwall.rules.spans import Span, Spans, holds, spans
from groupwall.rules.traffic import Box, Traffic, traffic

NUMBERS = range(4)
ADDRESSES = [*NUMBERS, IPV4 - 1, *(IPV4 + number for number in NUMBERS)]
"""The first of each family, and the last of IPv4, which lies next to the first of IPv6 in the plane."""

Flow = tuple[int, int, int]
EVERY = list(product(ADDRESSES, ADDRESSES, NUMBERS))

services = st.sets(st.sampled_from(NUMBERS)).map(lambda some: spans(tuple(Span(one, one) for one in some)))
addresses = st.sets(st.sampled_from(ADDRESSES)).map(lambda some: spans(tuple(Span(one, one) for one in some)))
gates = st.none() | st.lists(st.builds(Box, addresses, services), max_size=4).map(traffic)
asked = st.builds(Passage, addresses, addresses, services)


def _is_ipv6(address: int) -> bool:
    return address >= IPV4


def _in(one: Passage, flow: Flow) -> bool:
    return all(holds(some, number) for some, number in zip(one, flow, strict=True))


def _counted(some: Iterable[Passage]) -> list[Flow]:
    """Return the flows of passages, those of two of them twice."""
    return sorted(flow for one in some for flow in EVERY if _in(one, flow))


def _of_one_family(one: Passage) -> set[Flow]:
    return {flow for flow in EVERY if _in(one, flow) and _is_ipv6(flow[0]) == _is_ipv6(flow[1])}


@given(gates, gates, asked)
def test_what_passes_is_what_both_gates_admit(egress: Traffic | None, ingress: Traffic | None, one: Passage) -> None:
    """A flow passes when it is asked for, of one family, and admitted at each gate; none is told twice: 17 [docs]."""
    expected = {
        (source, destination, service)
        for source, destination, service in _of_one_family(one)
        if (egress is None or egress.holds(destination, service))
        and (ingress is None or ingress.holds(source, service))
    }
    assert _counted(passages(egress, ingress, one)) == sorted(expected)


@given(gates, gates, asked)
def test_what_is_refused_is_the_rest(egress: Traffic | None, ingress: Traffic | None, one: Passage) -> None:
    """What passes and what is refused are together what was asked for, and share no flow (inferred)."""
    passing = passages(egress, ingress, one)
    assert sorted(_counted(passing) + _counted(refused(one, passing))) == sorted(_of_one_family(one))


@given(gates, gates, asked)
def test_a_passage_is_of_one_family(egress: Traffic | None, ingress: Traffic | None, one: Passage) -> None:
    """No passage, nor what is refused, holds an address of each family (inferred)."""
    passing = passages(egress, ingress, one)
    for some in (passing, refused(one, passing), canonical(passing)):
        assert all(len({_is_ipv6(span.first) for span in (*each.sources, *each.destinations)}) == 1 for each in some)


@given(gates, gates, asked, st.randoms(use_true_random=False))
def test_the_canonical_form_depends_on_the_flows_alone(
    egress: Traffic | None, ingress: Traffic | None, one: Passage, random: Random
) -> None:
    """The same flows have one form, however they were cut; it holds them all, each once (inferred)."""
    passing = passages(egress, ingress, one)
    pieces = [_single(flow) for flow in _counted(passing)]
    random.shuffle(pieces)
    assert _counted(canonical(passing)) == _counted(passing)
    assert canonical(pieces) == canonical(passing)


def _single(flow: Flow) -> Passage:
    source, destination, service = ((Span(number, number),) for number in flow)
    return Passage(source, destination, service)


@given(gates, gates, asked)
def test_either_end_sees_its_own(egress: Traffic | None, ingress: Traffic | None, one: Passage) -> None:
    """A receiver sees what comes from which address, a sender what leaves for which (inferred)."""
    passing = passages(egress, ingress, one)
    flows = _counted(passing)
    received = traffic(Box(one.sources, one.services) for one in passing)
    assert _seen(received) == {(source, service) for source, _, service in flows}
    assert _seen(by_destination(passing)) == {(destination, service) for _, destination, service in flows}


def _seen(some: Traffic) -> set[tuple[int, int]]:
    return {(address, service) for address, service in product(ADDRESSES, NUMBERS) if some.holds(address, service)}


def test_no_end_without_an_address_of_the_family() -> None:
    """An end of IPv4 alone reaches none of IPv6, whatever the gates admit: 3.1 [model]."""
    fourth: Spans = (Span(1, 1),)
    sixth: Spans = (Span(IPV4 + 1, IPV4 + 1),)
    one = Passage(fourth, sixth, (Span(0, 9),))
    assert passages(None, None, one) == []
    assert refused(one, []) == []
