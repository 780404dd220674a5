"""A row of the table of operations, and what such an operation is given.

An operation is a function ``(params, context) -> result``: boto3's member names in, boto3's member names out. It
parses no form, writes no XML, checks no DryRun and opens no transaction; app.py does that once for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, NamedTuple, TypeVar

from groupwall.config import Quotas
from groupwall.errors import ApiError
from groupwall.iam.callers import Caller
from groupwall.iam.facts import Said
from groupwall.iam.resources import Tags
from groupwall.iam.standing import Standing
from groupwall.ops.hosts import Hosts
from groupwall.regions import PARTITION_OF
from groupwall.store.changes import Delta
from groupwall.store.entities import World
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, derived_id

T = TypeVar("T")

Params = Mapping[str, Any]
Result = dict[str, Any]
"""A list of it may be an iterator, which reads on while the reply is written, within the attempt."""


class Asked(NamedTuple):
    """A call within a call: its operation, and its parameters as JSON text with boto3's names."""

    operation: str
    parameters: str


class Tried(NamedTuple):
    """What calls would do: the deltas of those before the first that would be refused, their results, and its error.

    refused_at: the place of the refused call among them, from 0; None, with error None, when all would be accepted.
    """

    deltas: tuple[Delta, ...]
    results: tuple[Result, ...]
    refused_at: int | None
    error: ApiError | None


class News(Enum):
    """What may be new to those who wait: changes, what hosts enforce, what hosts are asked, what they answered."""

    CHANGES = auto()
    HOSTS = auto()
    QUESTIONS = auto()
    ANSWERS = auto()


class Waits(NamedTuple):
    """That a server may hold back an answer as long as the parameter ``Wait`` says, while there is nothing new in it.

    nothing_new: told by parameters and result. news: what it is that may be new. unsaid: seconds, for a call that does
    not say. once_more: at the end of the wait it is performed again, since there is more in it than what wakes.
    """

    nothing_new: Callable[[Params, Result], bool]
    news: News = News.CHANGES
    unsaid: int = 0
    once_more: bool = False


def _nobody() -> Standing:
    raise AssertionError  # only app.py knows who asks


def _no_calls(asked: Asked, *_: object) -> Any:  # noqa: ANN401 - nothing
    raise AssertionError(asked)  # only app.py knows how


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation may use. now is in milliseconds since 1970.

    call: makes a call within another, given its context, as part of the same change. read: the parameters of such a
    call, which is not made. tried: what the calls that the operation only tries would do; they are undone by now.
    standing: what stands behind the caller. hosts: what hosts told of what they enforce. request_id: the call's own,
    the same when it is performed again.
    """

    tx: Transaction
    world: World
    caller: Caller
    now: int
    ids: Ids
    quotas: Quotas
    call: Callable[[Asked, Context], Result] = _no_calls
    read: Callable[[Asked], Params] = _no_calls
    tried: Tried | None = None
    standing: Callable[[], Standing] = _nobody
    hosts: Hosts = field(default_factory=Hosts)
    request_id: str = ""

    def find(self, kind: type[T], entity_id: str, not_found: Callable[[str], ApiError]) -> T:
        """Return an entity of this world by its id; raise ``not_found`` of it where there is none."""
        found = self.tx.get(kind, entity_id)
        if found is None:
            raise not_found(entity_id)
        return found

    def derived(self, prefix: str, *parts: str) -> str:
        """Return the id of something that this world has from the start."""
        return derived_id(self.tx.seal, prefix, *self.world, *parts)

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource of this world, such as ``security-group/sg-…`` [reference 3.1]."""
        return f"arn:{PARTITION_OF[self.world.region]}:ec2:{self.world.region}:{self.world.account}:{resource}"


class On(NamedTuple):
    """A kind of resource that an operation needs permission on, by its word in ARNs.

    find: the ids in a call. new: the call makes one, which has no id yet, and the tags that it is given. optional: no
    permission is needed where the call names none; otherwise it is needed on all of the kind. say: the condition keys
    that the call itself tells, such as those of what it makes. taken: the tags that it takes by id, unnamed.
    """

    kind: str
    find: Callable[[Params, Context], Iterable[str]]
    new: bool = False
    optional: bool = False
    say: Callable[[Params, Context], Said] | None = None
    taken: Callable[[Params, Context], Mapping[str, Tags]] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One row: the action's name and its function.

    early: checks of the parameters alone, made before authorisation and DryRun [reference 2.1].
    reads: nothing is written, so a large one may run apart from the writes, on a snapshot.
    in_world: what it looks at lies in a world, which has to be begun for it.
    ignored: input members that are accepted without effect, each with the reason.
    secret: input members that the history must not tell.
    tries: the calls that it tries, which are made and undone before it runs; it may then take its time, as a read.
    calls: the calls that it makes itself, of which the history must not tell the secrets either.
    on: what a caller needs permission on, besides the tags that the call gives; () for an operation that policies
    cannot limit to some resources. None for one that needs no permission at all. No row can leave it out.
    here: it needs what only this process knows, so it is not left to another, however much it reads.
    waits: whether a server may hold back its answer.
    aside: what it writes is kept outside the history, and so it makes no change.
    """

    name: str
    run: Callable[[Params, Context], Result]
    early: Callable[[Params], None] | None = None
    reads: bool = False
    in_world: bool = True
    ignored: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()
    tries: Callable[[Params, Context], Sequence[Asked]] | None = None
    calls: bool = False
    on: tuple[On, ...] | None = field(kw_only=True)
    here: bool = False
    waits: Waits | None = None
    aside: bool = False

    @property
    def changes(self) -> bool:
        """Whether it may become a change: it neither only reads nor only tries, nor writes beside the history."""
        return not self.reads and not self.aside and self.tries is None
