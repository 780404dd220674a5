"""A table of ours in the kernel: what it should hold, and the transactions that make it so.

    with Dataplane.inside(namespace) as dataplane:
        dataplane.load(compiled(state), revision)                       # closed until it is complete
        dataplane.apply(compiled(later, [Part(Kind.INGRESS, "sg-...")]), revision + 1)
        if dataplane.disturbed():
            dataplane.repair()

The revision stands in the table, written by the same transaction, so that table and revision never disagree, whoever
is killed when. Nothing in the kernel depends on our living: without us the rules stay
(reference dataplane-nftables 8).
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Self

from groupwall.enforce.dataplane.owner import is_marked, marked
from groupwall.enforce.kernel.difference import Unlike, difference
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.messages import (
    INET,
    OURS,
    Change,
    GoneElements,
    GoneRules,
    GoneTable,
    NewElements,
    NewTable,
    Shortened,
    asked_generation,
    transaction,
)
from groupwall.enforce.kernel.netlink import NETFILTER, Answer, Connection, Message, Refused, text
from groupwall.enforce.kernel.reading import read_handles, read_packets, read_table
from groupwall.enforce.kernel.table import EMPTY, Table, merged
from groupwall.enforce.kernel.telling import told
from groupwall.enforce.policy.compile import Kind, Part, where
from groupwall.enforce.policy.frame import REVISION, revision_element
from groupwall.enforce.policy.own import in_force
from groupwall.rules.values import Rule

TABLE = "groupwall"

_NOTICES = 7
"""The multicast group that tells every change of nftables in a namespace."""

_LOADED = 1 << 20
"""Bytes of a transaction of a first load: one of 300,000 rules would hold the kernel's lock for 8 s."""

_READ = 5
"""How often a table is read that changes meanwhile."""


class Dataplane:
    """The table of one network namespace. Not for several threads at once."""

    def __init__(self, connection: Connection, notices: Connection, owner: str | None = None) -> None:
        """Speak through two sockets that were opened in the namespace, to change it and to hear of changes.

        owner: whose the table is; without, it is anyone's.
        """
        self._owner = owner
        self._connection = connection
        self._notices = notices
        self._parts: dict[Part, Table] = {}
        self._named: Counter[str] = Counter()
        self.is_new = False
        """Whether the table was made here, and not taken up with what it had counted before."""
        self.revision: int | None = None
        """What the table stands for, None while it is not complete."""

    @classmethod
    def inside(cls, namespace: Namespace, owner: str | None = None) -> Self:
        """Speak to the kernel of a namespace. owner: whose the table is; without, it is anyone's."""
        connection, notices = namespace.within(lambda: (Connection(NETFILTER), Connection(NETFILTER)))
        notices.join(_NOTICES, but=connection.port)
        return cls(connection, notices, owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop speaking; the table stays."""
        self._connection.close()
        self._notices.close()

    def fileno(self) -> int:
        """Return a descriptor that can be read when something may have disturbed the table."""
        return self._notices.fileno()

    # ---- what should hold

    def load(self, parts: Mapping[Part, Table | None], revision: int) -> None:
        """Let the table hold these parts and no others. What is there already and right is left as it is.

        Raise NotOurs if somebody else has a table of our name, Refused if the kernel does not take it.
        """
        self._parts = {one: some for one, some in parts.items() if some is not None}
        self._named = Counter(name for some in self._parts.values() for name in some.names)
        self._follow(revision)

    def apply(self, changed: Mapping[Part, Table | None], revision: int) -> None:
        """Let parts be others, or be gone, as one transaction with the revision; the rest is not looked at.

        If the kernel does not have what it should, the whole table is set right. Raise Refused if that is refused too.
        """
        before = [self._parts[one] for one in changed if one in self._parts]
        after = [some for some in changed.values() if some is not None]
        named_before = Counter(name for some in before for name in some.names)
        elsewhere = {
            name for some in (*before, *after) for name in some.names if self._named[name] > named_before[name]
        }
        changes = [*difference(merged(before), merged(after), elsewhere), *self._revised(revision)]
        self._keep(changed, named_before)
        held, self.revision = self.revision, None  # unknown, until the kernel has said what came of it
        if held is None or not self._committed(changes):
            self._follow(revision)
        self.revision = revision

    def _keep(self, changed: Mapping[Part, Table | None], named_before: Counter[str]) -> None:
        self._named.subtract(named_before)  # not -=, which looks at every name there is
        for one, some in changed.items():
            if some is None:
                self._parts.pop(one, None)
            else:
                self._parts[one] = some
                self._named.update(some.names)

    def _revised(self, revision: int) -> Iterator[Change]:
        if self.revision == revision:
            return
        if self.revision is not None:
            yield GoneElements(REVISION, (revision_element(self.revision),))
        yield NewElements(REVISION, (revision_element(revision),))

    def try_for(self, milliseconds: int) -> None:
        """Let what is on trial hold, until the kernel itself ends it. Raise Refused if nothing is, or was already."""
        self._commit([in_force(milliseconds)])

    @property
    def held(self) -> set[Part]:
        """The parts that the table should hold."""
        return set(self._parts)

    # ---- what holds

    def read(self) -> Table | None:
        """Return all that the table holds, None if there is none. Raise NotOurs if it is somebody else's."""
        for _ in range(_READ):
            generation = self._generation()
            found = self._read()
            if generation == self._generation():
                return found
        raise Refused(errno.EBUSY, "the table changed again and again while it was read", None)

    def admitted(self, rules: Iterable[Rule]) -> dict[str, int]:
        """Return how many packets that began a flow each rule let in since it came, by the rule's id.

        It is asked for those elements alone, so that a large table can be asked bit by bit. Raise Refused (ENOENT) for
        a rule that the table does not hold.
        """
        ids: dict[str, dict[bytes, str]] = {}
        for rule in rules:
            name, key = where(rule)
            ids.setdefault(name, {})[key] = rule.id
        return {
            some[key]: packets
            for name, some in ids.items()
            for key, packets in read_packets(self._connection, TABLE, name, some).items()
        }

    def disturbed(self) -> bool:
        """Tell whether somebody else changed the table since the last call; true also if notices were lost."""
        try:
            return any(map(_is_of_ours, self._notices.notices()))
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            return True

    def repair(self) -> bool:
        """Set the table right, and tell whether it was wrong. Raise as ``load``."""
        if self.revision is None or not self._parts:
            return False
        return self._follow(self.revision)

    def remove(self) -> None:
        """Remove the table, if it is there. Raise NotOurs if it is somebody else's."""
        self.revision = None
        if self._read() is not None:
            self._commit([GoneTable()])

    def _read(self) -> Table | None:
        return read_table(self._connection, TABLE, partial(is_marked, words=OURS, owner=self._owner))

    def _new(self) -> NewTable:
        return NewTable(marked(OURS, self._owner))

    def _generation(self) -> bytes:
        _, found = told(self._connection.ask(asked_generation()))
        return found[1]

    # ---- from what holds to what should

    def _follow(self, revision: int) -> bool:
        """Make all that should hold of whatever is there, and tell whether anything had to be changed."""
        should = merged([*self._parts.values(), _revision(revision)])
        holds = self.read()
        self.revision = None
        if holds is None:
            self._fill(revision)
        elif holds != should:
            self._correct(holds, should)
        self.revision = revision
        return holds != should

    def _correct(self, holds: Table, should: Table) -> None:
        """Change what is wrong; if that cannot be done piece by piece, the table is replaced, in one transaction."""
        try:
            self._commit(difference(holds, should))
        except (Refused, Unlike):
            self._commit([GoneTable(), self._new(), *difference(EMPTY, should)])

    def _fill(self, revision: int) -> None:
        """Make a table in several transactions: the frame alone, which is closed, then the rest, then the revision."""
        self.is_new = True
        frame = self._parts.get(Part(Kind.FRAME), EMPTY)
        self._commit([self._new(), *difference(EMPTY, frame)])
        for messages in _pieces(self._messages(difference(frame, merged(self._parts.values())))):
            self._connection.order(transaction(messages))
        self._commit([*self._revised(revision)])

    def _commit(self, changes: Iterable[Change]) -> None:
        messages = list(self._messages(changes))
        if messages:
            self._connection.order(transaction(messages))

    def _committed(self, changes: Iterable[Change]) -> bool:
        try:
            self._commit(changes)
        except Refused:
            return False
        return True

    def _messages(self, changes: Iterable[Change]) -> Iterator[Message]:
        for change in changes:
            known = self._known(change) if isinstance(change, Shortened) else change
            yield from known.messages(_NAMED)

    def _known(self, change: Shortened) -> GoneRules:
        handles = read_handles(self._connection, TABLE, change.chain)
        try:
            return change.known(handles)
        except IndexError:
            raise Refused(errno.ENOENT, f"{change.chain} has {len(handles)} rules", None) from None


_NAMED = text(1, TABLE)


def _pieces(messages: Iterable[Message]) -> Iterator[list[Message]]:
    piece: list[Message] = []
    size = 0
    for message in messages:
        piece.append(message)
        size += len(message.body)
        if size > _LOADED:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _revision(revision: int) -> Table:
    return Table({}, {REVISION: frozenset({revision_element(revision)})}, {}, {})


def _is_of_ours(notice: Answer) -> bool:
    return notice.body[:1] == bytes((INET,)) and notice.body[4:].startswith(_NAMED)
