"""Which bytes count for which rules: those that are seen, once for each rule that admits their flow [inferred]."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.enforce.agent.volumes import Volumes
from groupwall.enforce.dataplane.posts import Post
from groupwall.enforce.policy.compile import Interface, State
from groupwall.rules.flows import address_number
from groupwall.rules.values import NO_PORTS, Direction, Peer, PortRange, Properties, Rule
from groupwall.rules.verdict import Flow
from tests.strategies import EXAMPLES

GROUP = "sg-00000001"
HERE, OUTSIDE = address_number("10.0.0.1"), address_number("192.0.2.1")


def _rule(rule_id: str, direction: Direction, ports: PortRange = NO_PORTS) -> Rule:
    properties = Properties("-1" if ports is NO_PORTS else "tcp", ports, Peer.of("0.0.0.0/0"))
    return Rule(rule_id, GROUP, direction, properties, None)


OUT, WEB = _rule("out", Direction.EGRESS), _rule("web", Direction.INGRESS, PortRange(80, 80))
WIDE = _rule("wide", Direction.INGRESS, PortRange(1, 1000))
ENTERS, LEAVES = Flow(OUTSIDE, HERE, 6 << 16 | 80), Flow(HERE, OUTSIDE, 6 << 16 | 443)


class Seen(NamedTuple):
    """In the place of a flow that the kernel tells of."""

    id: bytes
    bytes: int
    flow: Flow


class Told:
    """In the place of a post: the flows that a kernel would tell of, up to where it fails."""

    def __init__(self, *rules: Rule) -> None:
        self.version = 0
        self.flows: list[Seen] = []
        self.fails_after: int | None = None
        self.hold(*rules)

    def hold(self, *rules: Rule) -> None:
        """Have these rules hold."""
        self.version += 1
        interface = Interface("eth0", frozenset({"10.0.0.1"}), frozenset({GROUP}))
        self.state = State({GROUP: rules}, {}, {}, {"eni-00000001": interface})

    def volumes(self) -> Iterator[Seen]:
        """Yield the flows."""
        yield from self.flows[: self.fails_after]
        if self.fails_after is not None:
            raise OSError("no more of them")

    def look(self, volumes: Volumes) -> dict[str, int]:
        """Return what an agent finds."""
        return dict(asyncio.run(volumes.more(cast("Post", self))))


def test_bytes_count_for_every_rule_that_admits_the_flow() -> None:
    """Bytes count for all rules of the gate that a flow passes, by the rules of now, and only what came since."""
    post, volumes = Told(OUT, WEB), Volumes(new=True)
    post.flows = [Seen(b"1", 100, ENTERS), Seen(b"2", 10, LEAVES)]
    assert post.look(volumes) == {"web": 100, "out": 10}
    assert post.look(volumes) == {}
    post.hold(OUT, WEB, WIDE)
    post.flows = [Seen(b"1", 130, ENTERS), Seen(b"2", 10, LEAVES), Seen(b"3", 7, ENTERS)]
    assert post.look(volumes) == {"web": 37, "wide": 37}


def test_what_was_there_before_is_not_new() -> None:
    """Of flows that an agent finds at its start it is not known what was told of them: they count from then on."""
    post, volumes = Told(WEB), Volumes(new=False)
    post.flows = [Seen(b"1", 100, ENTERS)]
    assert post.look(volumes) == {}
    post.flows = [Seen(b"1", 101, ENTERS), Seen(b"2", 5, ENTERS)]
    assert post.look(volumes) == {"web": 6}


def test_a_number_may_be_of_another_flow_later() -> None:
    """A flow with fewer bytes than before is another one, that the kernel calls the same."""
    post, volumes = Told(WEB), Volumes(new=True)
    for size in (100, 30):
        post.flows = [Seen(b"1", size, ENTERS)]
        assert post.look(volumes) == {"web": size}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=4), st.sampled_from([None, None, 1])
        ),
        max_size=8,
    )
)
def test_nothing_is_counted_twice(looks: list[tuple[list[tuple[int, int]], int | None]]) -> None:
    """Flows that the kernel does not tell of once, since it fails, are no new ones when it does: their sum is right."""
    post, volumes = Told(WEB), Volumes(new=True)
    sizes: Counter[int] = Counter()
    found: Counter[str] = Counter()
    for grown, post.fails_after in [*looks, ([], None)]:
        sizes.update(dict(grown))
        post.flows = [Seen(bytes((number,)), size, ENTERS) for number, size in sorted(sizes.items())]
        found.update(post.look(volumes))
    assert found["web"] == sizes.total()
