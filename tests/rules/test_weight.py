"""What rules cost against the quota: the rows of reference 21."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.values import Peer, PeerKind
from groupwall.rules.weight import weights
from tests import strategies

LISTS = {"pl-00000004": (61, 0), "pl-00000006": (0, 5)}


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ([], (0, 0)),
        (["10.0.0.0/8", "10.0.0.0/9"], (2, 0)),  # 21 [docs]
        (["::/0"], (0, 1)),  # 21 [docs]
        (["sg-00000001"], (1, 1)),  # 21 [docs][moto-test]
        (["pl-00000004"], (61, 0)),  # 21 [docs]
        (["pl-00000006", "pl-00000006"], (0, 10)),  # 21 [docs]: each rule that names the list
        (["10.0.0.0/8", "::/0", "sg-00000001", "pl-00000004"], (63, 2)),
    ],
)
def test_each_kind_of_peer_has_its_weight(peers: list[str], expected: tuple[int, int]) -> None:
    """A CIDR counts in its family, a group in both, a prefix list with its size: reference 21."""
    assert weights(map(Peer.of, peers), LISTS.__getitem__) == expected


@given(peers=st.lists(strategies.peers))
def test_no_rule_is_free(peers: list[Peer]) -> None:
    """Both families together count at least one for each rule, and one more for each group."""
    groups = sum(peer.kind is PeerKind.GROUP for peer in peers)
    assert sum(weights(peers, lambda _: (1, 0))) == len(peers) + groups
