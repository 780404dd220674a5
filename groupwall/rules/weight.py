"""What rules cost against the quota of a group: reference 21."""

from __future__ import annotations

from typing import TYPE_CHECKING

from groupwall.rules.values import Peer, PeerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WEIGHTS = {PeerKind.IPV4: (1, 0), PeerKind.IPV6: (0, 1), PeerKind.GROUP: (1, 1)}


def weights(peers: Iterable[Peer], prefix_list_weight: Callable[[str], tuple[int, int]]) -> tuple[int, int]:
    """Return the rules that these peers count as in IPv4 and in IPv6; each is held against the quota by itself.

    A CIDR block counts once in its family, a group once in both [docs][moto-test]. prefix_list_weight: a prefix list's
    id to its own pair, MaxEntries in the family that it has and 0 in the other [docs].
    """
    ipv4 = ipv6 = 0
    for peer in peers:
        pair = prefix_list_weight(peer.text) if peer.kind is PeerKind.PREFIX_LIST else _WEIGHTS[peer.kind]
        ipv4 += pair[0]
        ipv6 += pair[1]
    return ipv4, ipv6
