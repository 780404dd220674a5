"""What becomes of a packet in a table, worked out expression by expression: a reader of nftables in plain loops.

    trace(table, packet) -> True if it passes

Written apart from the compiler and from groupwall.rules: it knows what the kernel's expressions do and nothing of why
they stand there. It knows those that we write, and fails on every other.
"""

from __future__ import annotations

from typing import NamedTuple

from groupwall.enforce.kernel import expressions as nft
from groupwall.enforce.kernel.table import Table

WORDS = 16
FAMILIES = {4: 2, 6: 10}
NETWORK, TRANSPORT = 1, 2
INTERVAL = 4
NEW = 8
DEPTH = 16


class Packet(NamedTuple):
    """A packet on its way through a router. state: as connection tracking sees it, a bit of ``ct state``."""

    version: int
    network: bytes
    protocol: int
    transport: bytes
    device_in: str
    device_out: str
    state: int = NEW


class Left(Exception):
    """A rule does not apply."""


def trace(table: Table, packet: Packet) -> bool:
    """Return whether a packet passes every chain that it enters of itself, in the order of hooks and priorities."""
    entered = sorted((hook, name) for name, hook in table.chains.items() if hook is not None)
    return all(_chain(table, name, packet, 0) is not nft.DROP for _, name in entered)


def _chain(table: Table, name: str, packet: Packet, depth: int) -> nft.Verdict | None:
    """Return the verdict of a chain, None if it has none; a chain of a hook then accepts."""
    assert depth < DEPTH
    for rule in table.rules.get(name, ()):
        verdict = _rule(table, rule, packet)
        if verdict is None:
            continue
        if verdict.chain:
            assert verdict.chain in table.chains
            found = _chain(table, verdict.chain, packet, depth + 1)
            if found is None and verdict.code == nft.Code.JUMP:
                continue
            return found
        return nft.ACCEPT if verdict == nft.ACCEPT else nft.DROP
    return None


def _rule(table: Table, rule: tuple[nft.Expression, ...], packet: Packet) -> nft.Verdict | None:
    registers = Registers()
    try:
        for one in rule:
            verdict = _step(table, one, packet, registers)
            if verdict is not None:
                return verdict
    except Left:
        pass
    return None


class Registers:
    """Sixteen words; only what a rule has loaded may be read."""

    def __init__(self) -> None:
        self.words: list[bytes | None] = [None] * WORDS

    def load(self, word: int, value: bytes) -> None:
        """Load bytes, with zeros up to a whole word."""
        value += bytes(-len(value) % 4)
        for place in range(len(value) // 4):
            self.words[word + place] = value[place * 4 : place * 4 + 4]

    def read(self, word: int, length: int) -> bytes:
        """Return bytes that were loaded."""
        held = self.words[word : word + (length + 3) // 4]
        assert None not in held
        return b"".join(one for one in held if one is not None)[:length]


def _step(  # noqa: C901 - a case for each kind of expression
    table: Table, one: nft.Expression, packet: Packet, registers: Registers
) -> nft.Verdict | None:
    match one:
        case nft.LoadMeta(word, key):
            registers.load(word, _meta(packet, key))
        case nft.LoadState(word):
            registers.load(word, packet.state.to_bytes(4, "little"))
        case nft.LoadPacket(word, header, offset, length):
            part = (packet.network if header == NETWORK else packet.transport)[offset : offset + length]
            _stay(len(part) == length)
            registers.load(word, part)
        case nft.LoadValue(word, value):
            registers.load(word, value)
        case nft.Mask(word, mask):
            held = registers.read(word, len(mask))
            registers.load(word, bytes(a & b for a, b in zip(held, mask, strict=True)))
        case nft.Compare(word, way, value):
            _stay((registers.read(word, len(value)) == value) == (way == nft.Is.EQUAL))
        case nft.Within(word, first, last):
            _stay(first <= registers.read(word, len(first)) <= last)
        case nft.InSet(word, name, absent):
            _stay(_holds(table, name, registers, word) != absent)
        case nft.Dispatch(word, name):
            key = registers.read(word, table.sets[name].length)
            found = {element.key: element.verdict for element in table.elements.get(name, ())}
            _stay(key in found)
            return found[key]
        case nft.Verdict():
            return one
        case nft.SetTimeout(name):
            assert name in table.timeouts
        case _:
            raise AssertionError(one)
    return None


def _stay(holds: bool) -> None:  # noqa: FBT001 - the only thing it is told
    if not holds:
        raise Left


def _holds(table: Table, name: str, registers: Registers, word: int) -> bool:
    shape = table.sets[name]
    key = registers.read(word, shape.length)
    elements = table.elements.get(name, frozenset())
    assert all(len(one.key) == shape.length for one in elements)
    if shape.flags & INTERVAL:
        return any(one.key <= key and (not one.end or key < one.end) for one in elements)
    return any(one.key == key for one in elements)


def _meta(packet: Packet, key: int) -> bytes:
    devices = {nft.Meta.IN: packet.device_in, nft.Meta.OUT: packet.device_out}
    if key in devices:
        return devices[nft.Meta(key)].encode().ljust(16, b"\0")
    return bytes((FAMILIES[packet.version] if key == nft.Meta.FAMILY else packet.protocol,))
