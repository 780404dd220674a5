"""What nft says of the same objects: what it writes is what we write, and it reads what we wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from groupwall.enforce.dataplane.dataplane import TABLE, Dataplane
from groupwall.enforce.kernel import expressions as nft
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.messages import Change, NewChain, NewElements, NewSet, NewTable, Rewritten, transaction
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, text
from groupwall.enforce.kernel.reading import read_table
from groupwall.enforce.kernel.table import (
    DEVICE,
    EMPTY,
    IPV4_ADDRESS,
    IPV6_ADDRESS,
    PROTOCOL,
    SERVICE,
    Element,
    Flag,
    Hook,
    Table,
    shape,
)
from groupwall.enforce.policy.compile import compiled
from tests.enforce.test_dataplane import SIMPLE

IS_IPV4 = (nft.LoadMeta(0, nft.Meta.FAMILY), nft.Compare(0, nft.Is.EQUAL, b"\x02"))
IS_IPV6 = (nft.LoadMeta(0, nft.Meta.FAMILY), nft.Compare(0, nft.Is.EQUAL, b"\x0a"))
SOURCE = nft.LoadPacket(0, nft.Header.NETWORK, 12, 4)
PORT = nft.LoadPacket(0, nft.Header.TRANSPORT, 2, 2)
PROTOCOL_ = nft.LoadMeta(0, nft.Meta.PROTOCOL)
IS_NEW = (nft.LoadState(0), nft.Mask(0, b"\x08\0\0\0"), nft.Compare(0, nft.Is.OTHER, bytes(4)))

RULES = {
    "accept": (nft.ACCEPT,),
    "drop": (nft.DROP,),
    "jump other": (nft.jump("other"),),
    "goto other": (nft.goto("other"),),
    "ct state new accept": (*IS_NEW, nft.ACCEPT),
    "ip saddr 10.0.0.1 drop": (*IS_IPV4, SOURCE, nft.Compare(0, nft.Is.EQUAL, bytes((10, 0, 0, 1))), nft.DROP),
    "ip saddr & 255.254.0.0 == 10.2.0.0 accept": (
        *IS_IPV4, SOURCE, nft.Mask(0, bytes((255, 254, 0, 0))), nft.Compare(0, nft.Is.EQUAL, bytes((10, 2, 0, 0))),
        nft.ACCEPT,
    ),
    "ip saddr @hosts accept": (*IS_IPV4, SOURCE, nft.InSet(0, "hosts"), nft.ACCEPT),
    "ip saddr != @hosts accept": (*IS_IPV4, SOURCE, nft.InSet(0, "hosts", absent=True), nft.ACCEPT),
    "iifname vmap @doors": (nft.LoadMeta(0, nft.Meta.IN), nft.Dispatch(0, "doors")),
    'oifname "gwe*" drop': (nft.LoadMeta(0, nft.Meta.OUT), nft.Compare(0, nft.Is.EQUAL, b"gwe"), nft.DROP),
    "meta l4proto tcp th dport != 22 drop": (
        PROTOCOL_, nft.Compare(0, nft.Is.EQUAL, b"\x06"), PORT, nft.Compare(0, nft.Is.OTHER, b"\0\x16"), nft.DROP,
    ),
    "ip saddr . meta l4proto . th dport @tuples accept": (
        *IS_IPV4, SOURCE, nft.LoadMeta(1, nft.Meta.PROTOCOL), nft.LoadPacket(2, nft.Header.TRANSPORT, 2, 2),
        nft.InSet(0, "tuples"), nft.ACCEPT,
    ),
    "ip6 saddr . meta l4proto . th dport @tuples6 accept": (
        *IS_IPV6, nft.LoadPacket(0, nft.Header.NETWORK, 8, 16), nft.LoadMeta(4, nft.Meta.PROTOCOL),
        nft.LoadPacket(5, nft.Header.TRANSPORT, 2, 2), nft.InSet(0, "tuples6"), nft.ACCEPT,
    ),
}  # fmt: skip

SETS = {
    "hosts": shape(IPV4_ADDRESS, counted=True),
    "tuples": shape(IPV4_ADDRESS, PROTOCOL, SERVICE, counted=True),
    "tuples6": shape(IPV6_ADDRESS, PROTOCOL, SERVICE),
    "blocks": shape(IPV4_ADDRESS, flags=Flag.INTERVAL),
    "doors": shape(DEVICE, flags=Flag.MAP),
}
ELEMENTS = {
    "hosts": frozenset({Element(bytes((10, 0, 0, 1)))}),
    "tuples": frozenset({Element(bytes((10, 0, 0, 1, 6, 0, 0, 0, 0, 22, 0, 0)))}),
    "blocks": frozenset({
        Element(bytes((10, 0, 0, 0)), bytes((11, 0, 0, 0))),
        Element(bytes((240, 0, 0, 0))),
    }),
    "doors": frozenset({Element(b"gwe1".ljust(16, b"\0"), verdict=nft.goto("other"))}),
}  # fmt: skip
CHAINS = {"other": None, "rules": None, "base": Hook(2, -10)}
TEXT = """
table inet groupwall {
    set hosts { type ipv4_addr; counter; elements = { 10.0.0.1 } }
    set tuples { type ipv4_addr . inet_proto . inet_service; counter; elements = { 10.0.0.1 . tcp . 22 } }
    set tuples6 { type ipv6_addr . inet_proto . inet_service; }
    set blocks { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 240.0.0.0/4 } }
    map doors { type ifname : verdict; elements = { "gwe1" : goto other } }
    chain other { }
    chain rules { }
    chain base { type filter hook forward priority -10; policy accept; }
}
"""


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """A namespace without a name."""
    with Namespace.new() as made:
        yield made


def run(namespace: Namespace, *words: str, given: str = "") -> str:
    """Run nft inside."""
    done = namespace.within(
        lambda: subprocess.run(["nft", *words], input=given, capture_output=True, text=True, check=False)  # noqa: S603, S607
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(namespace: Namespace) -> Table:
    """Read the table as we read our own, whoever made it."""
    with namespace.within(lambda: Connection(NETFILTER)) as connection:
        return read_table(connection, TABLE) or EMPTY


def test_nft_writes_what_we_write(namespace: Namespace) -> None:
    """Sets, elements, chains and rules that nft makes of text are read as the values that we send for them."""
    with namespace.within(lambda: Connection(NETFILTER)) as connection:
        connection.order(transaction(NewTable().messages(text(1, TABLE))))
    run(namespace, "-f", "-", given=TEXT)
    for rule in RULES:
        run(namespace, "add", "rule", "inet", TABLE, "rules", *rule.split())
    found = read(namespace)
    assert (found.sets, found.elements, found.chains) == (SETS, ELEMENTS, CHAINS)
    for (told, expected), rule in zip(RULES.items(), found.rules["rules"], strict=True):
        assert rule == expected, told


def test_what_nft_writes_and_we_do_not_is_unknown(namespace: Namespace) -> None:
    """A rule that says what no rule of ours can say is not read as one of ours."""
    with namespace.within(lambda: Connection(NETFILTER)) as connection:
        connection.order(transaction(NewTable().messages(text(1, TABLE))))
    run(namespace, "-f", "-", given=TEXT)
    for rule in ("th dport != 8000-8010 drop", "limit rate 5/second accept", "ct mark 1 drop", "counter accept"):
        run(namespace, "add", "rule", "inet", TABLE, "rules", *rule.split())
    for read_back in read(namespace).rules["rules"]:
        assert any(isinstance(one, nft.Unknown) for one in read_back)


def test_nft_reads_what_we_wrote(namespace: Namespace) -> None:
    """What we send for sets, elements, chains and rules is listed by nft as the text that means the same."""
    changes: list[Change] = [
        NewTable(),
        *(NewSet(name, one) for name, one in SETS.items()),
        *(NewChain(name, hook) for name, hook in CHAINS.items()),
        Rewritten("rules", tuple(RULES.values())),
        *(NewElements(name, tuple(some)) for name, some in ELEMENTS.items()),
    ]
    with namespace.within(lambda: Connection(NETFILTER)) as connection:
        connection.order(transaction([one for change in changes for one in change.messages(text(1, TABLE))]))
    ours = _listed(namespace)
    run(namespace, "flush", "ruleset")
    run(namespace, "-f", "-", given=TEXT)
    for rule in RULES:
        run(namespace, "add", "rule", "inet", TABLE, "rules", *rule.split())
    assert ours == _listed(namespace)


def test_nft_lists_a_compiled_table(namespace: Namespace) -> None:
    """A whole table of ours is listed by nft, every set, chain and rule of it."""
    with Dataplane.inside(namespace) as dataplane:
        dataplane.load(compiled(replace(SIMPLE, timeouts=None)), 1)
        table = dataplane.read() or EMPTY
    told = _listed(namespace)
    kinds = ("set", "map", "chain", "ct timeout")
    named = {kind: {one[kind]["name"] for one in told if kind in one} for kind in kinds}
    assert named["ct timeout"] == table.timeouts.keys() == {"tcp_432000", "udp_30_180"}
    assert named["set"] | named["map"] == table.sets.keys()
    assert named["chain"] == table.chains.keys()
    assert sum("rule" in one for one in told) == sum(map(len, table.rules.values()))


def _listed(namespace: Namespace) -> list[Any]:
    """Return what nft tells of our table, without handles and in order."""
    told = json.loads(run(namespace, "-j", "list", "table", "inet", TABLE))["nftables"]
    kept = [_without_handles(one) for one in told if "metainfo" not in one]
    return sorted(kept, key=lambda one: (str(next(iter(one))), "rule" not in one and str(one)))


def _without_handles(told: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(told, dict):
        return {key: _without_handles(one) for key, one in told.items() if key != "handle"}
    return sorted(map(_without_handles, told), key=str) if isinstance(told, list) and _is_elements(told) else told


def _is_elements(told: list[Any]) -> bool:
    return all(isinstance(one, list | dict | str) for one in told)


@pytest.mark.parametrize(
    "harm",
    [
        "add table inet groupwall { flags dormant; }",
        "chain inet groupwall ingress { policy drop; }",
        "chain inet groupwall from_interface { policy drop; }",
        "add counter inet groupwall theirs",
        "add quota inet groupwall theirs { over 1 mbytes; }",
        "add chain inet groupwall theirs { type filter hook forward priority 5; policy drop; }",
        "add table inet groupwall { flags dormant; }\nadd counter inet groupwall c\nflush chain inet groupwall egress",
    ],
)
def test_what_nft_did_is_undone(namespace: Namespace, harm: str) -> None:
    """Whatever of our table somebody changes is noticed and undone, so that it can be changed on (users 5.5)."""
    with Dataplane.inside(namespace) as dataplane:
        dataplane.load(compiled(SIMPLE), 1)
        before = dataplane.read()
        run(namespace, "-f", "-", given=harm)
        assert (dataplane.disturbed(), dataplane.repair()) == (True, True)
        assert (dataplane.read(), dataplane.disturbed(), dataplane.repair()) == (before, False, False)
