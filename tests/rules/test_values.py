"""The nouns of the core print and tell themselves apart."""

from __future__ import annotations

import pytest
from hypothesis import given

from groupwall.rules.values import Direction, Peer, PeerKind, PortRange
from tests import strategies


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        (PortRange(-1, -1), "*"),
        (PortRange(0, 65535), "*"),
        (PortRange(22, 22), "22"),
        (PortRange(23, 24), "23-24"),
        (PortRange(0, 0), "0"),
        (PortRange(8, -1), "8-*"),
    ],
)
def test_a_port_range_prints_itself(ports: PortRange, text: str) -> None:
    """A range is told as people write it; inferred."""
    assert str(ports) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("10.0.0.0/8", PeerKind.IPV4),
        ("0.0.0.0/0", PeerKind.IPV4),
        ("::/0", PeerKind.IPV6),
        ("2001:db8::/64", PeerKind.IPV6),
        ("pl-63a5400b", PeerKind.PREFIX_LIST),
        ("sg-0a5a005489115aac6", PeerKind.GROUP),
    ],
)
def test_a_canonical_text_tells_its_kind(text: str, kind: PeerKind) -> None:
    """The four kinds of peer of reference 3.1 [model] are told apart by their text."""
    assert Peer.of(text) == Peer(kind, text)


@given(peer=strategies.peers)
def test_every_peer_is_found_again_from_its_text(peer: Peer) -> None:
    """The text of a peer alone is enough to have the peer."""
    assert Peer.of(peer.text) == peer


def test_only_egress_is_egress() -> None:
    """Replies tell the direction as IsEgress: reference 4.5 [recorded]."""
    assert [direction.is_egress for direction in (Direction.INGRESS, Direction.EGRESS)] == [False, True]
