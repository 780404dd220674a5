"""The whole path of a request: prepare, answer, perform, reply.

    Request -> prepare -> Call -> answer (one transaction; perform, for each call of it) -> Outcome -> reply -> Reply

``prepare`` reads the request and who signed it. ``answer`` has the store open one transaction for many calls, performs
each, and commits. ``perform`` does one call or nothing of it. ``reply`` writes the outcome once the commit is durable.
Dry run, errors, the start of a world and the change in the history stand here once, for every operation.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.authentication import Authenticator, Identity, Open, Signed, key_in, refuse_unusable
from groupwall.authorising import Asker, asker, authorise, standing
from groupwall.calls import make_within, parameters_of, told, tried
from groupwall.config import Quotas, Settings
from groupwall.errors import ApiError
from groupwall.iam.facts import NOWHERE, Origin
from groupwall.ops import start
from groupwall.ops.empty import empty
from groupwall.ops.expectations.check import refuse_broken
from groupwall.ops.hosts import Hosts
from groupwall.ops.operation import Context, Operation, Result, Tried
from groupwall.ops.table import OPERATIONS
from groupwall.settling import Settling
from groupwall.store.changes import Event
from groupwall.store.folder import StoreError
from groupwall.store.retention import Retention
from groupwall.store.rows import TooLarge
from groupwall.store.sqlite import Store
from groupwall.store.transaction import Budget, Transaction
from groupwall.throttling import Throttled
from groupwall.units import Clock, Ids, SystemClock
from groupwall.wire.decode import Decoded, action_of, dialect_of, read
from groupwall.wire.limits import BODY_BYTES
from groupwall.wire.message import Reply, Request
from groupwall.wire.model import Action
from groupwall.wire.sigv4 import Reason, SignatureError

__all__ = ["BODY_BYTES", "App", "Call", "Outcome", "Refusal", "Reply", "Request", "open_app"]

log = logging.getLogger("groupwall")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was understood: what is asked, by whom, about which world."""

    request_id: str
    action: Action
    version: str
    operation: Operation
    params: dict[str, Any]
    dry_run: bool
    identity: Identity
    origin: Origin = NOWHERE
    tried: Tried | None = None


class Refusal(NamedTuple):
    """A request that was not understood, or not believed: the reply to it, the error's code, and what it asked for.

    key: the id of the access key that it names. reason: why its signature is not believed; both "" for none.
    """

    reply: Reply
    request_id: str
    code: str
    operation: str
    key: str = ""
    reason: str = ""


SECONDS_AT_ONCE = 2
"""Of a throttled caller's requests, how many seconds' worth it may make at once, unless ``burst`` says how many."""

OWN = "groupwall"
"""The service of our own operations: elsewhere ``Force`` means something else."""

Take = Callable[[Call, Result, int], Result]
"""What is done with a result while what it lists can still be read; the number is the revision that it was read at."""


class Outcome(NamedTuple):
    """What became of a call: its result or its error, and the revision that it saw or made."""

    result: Result | None
    error: ApiError | None
    revision: int


def _whole(_call: Call, result: Result, _revision: int) -> Result:
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in result.items()}


def open_app(
    store: Store, settings: Settings, quotas: Quotas, clock: Clock | None = None, ids: Ids | None = None
) -> App:
    """Return the app over a store, with the machine's clock and chance where none are given."""
    authenticate: Authenticator = Open(
        settings.account, settings.region, store.seal, loopback_only=not settings.allow_open
    )
    if settings.auth != "open":
        authenticate = Signed(store.access_key, store.seal, bound=settings.auth == "iam")
    if settings.requests_per_second:
        rate, burst = settings.requests_per_second, settings.burst
        authenticate = Throttled(authenticate, rate, burst or math.ceil(rate * SECONDS_AT_ONCE))
    return App(store, authenticate, clock or SystemClock(), ids or Ids(), quotas)


class App:
    """groupwall without a network: requests in, replies out, over one store."""

    def __init__(self, store: Store, authenticate: Authenticator, clock: Clock, ids: Ids, quotas: Quotas) -> None:
        self.store = store
        self._authenticate = authenticate
        self._clock = clock
        self._ids = ids
        self._quotas = quotas
        self._settling = Settling(clock, ids, quotas)
        self.hosts = Hosts()

    def settle(self) -> None:
        """Undo the changes that nobody confirmed in time; what fails is left for the next call."""
        try:
            self._settling.settle(self.store)
        except StoreError as error:
            log.warning("%s", error)

    def forget(self, retention: Retention) -> bool:
        """Let a portion of the changes go that need not be kept any more; False when there was none, or it failed."""
        try:
            return self.store.forget(retention, self._clock.now())
        except StoreError as error:
            log.warning("%s", error)
            return False

    def deadline(self) -> int | None:
        """Return when the next change is to be undone unless it is confirmed, in milliseconds since 1970."""
        return self._settling.deadline(self.store)

    def prepare(self, request: Request, request_id: str | None = None) -> Call | Refusal:
        """Return the call that a request makes, or its refusal. Writes nothing."""
        request_id = request_id or self._ids.request_id()
        try:
            decoded = read(request)
            identity = self._authenticate(request, decoded.action.service, self._clock.now())
            return replace(self.call(decoded, identity, request_id), origin=_origin(request))
        except (ApiError, SignatureError, StoreError) as error:
            return self.refuse(request, error, request_id)

    def call(self, decoded: Decoded, identity: Identity, request_id: str) -> Call:
        """Return the call that decoded parameters make. ApiError when they can't be right, whatever is stored."""
        action, params = decoded.action, dict(decoded.params)
        operation = (
            Operation(action.name, empty(action), reads=True, on=()) if action.empty else OPERATIONS[action.name]
        )
        dry_run = params.pop("DryRun", False)
        if operation.early:
            operation.early(params)
        return Call(request_id, action, decoded.version, operation, params, dry_run, identity)

    def answer(self, calls: Sequence[Call], budget: Budget | None = None, take: Take = _whole) -> list[Outcome | None]:
        """Perform calls in one transaction and commit it once; None for a read that goes beyond the budget.

        First comes what is due by the clock, so that reads see it, too.
        """

        def work(tx: Transaction) -> list[Outcome | None]:
            return [self._performed(call, tx, budget, take) for call in calls]

        self.settle()
        try:
            reads = all(call.operation.reads or call.tried for call in calls)
            return self.store.read(work) if reads else self.store.run(work, sole=len(calls) == 1)
        except StoreError as error:
            refusal = _refusal(error)
            return [Outcome(None, refusal, 0) for _ in calls]
        finally:
            if any(call.action.service == OWN and not call.operation.reads for call in calls):
                self._settling.look_again()

    def _performed(self, call: Call, tx: Transaction, budget: Budget | None, take: Take) -> Outcome | None:
        try:
            return Outcome(self.perform(call, tx, budget, take), None, tx.head.revision)
        except ApiError as error:
            return Outcome(None, error, tx.head.revision)
        except TooLarge:
            return None
        except StoreError:
            raise
        except Exception:  # a fault of ours must not take the other calls of the turn with it
            log.exception("%s failed, request %s", call.action.name, call.request_id)
            return Outcome(None, ApiError("InternalError", "An internal error has occurred", 500), tx.head.revision)

    def perform(self, call: Call, tx: Transaction, budget: Budget | None = None, take: Take = _whole) -> Result:
        """Do what a call asks, as one change or not at all; return its result. ApiError when it is refused."""
        now = self._clock.now()
        self._refuse_gone_key(call, tx, now)
        asking = asker(call.identity, call.origin, tx, now)
        context = self._context(call, tx, now, asking)
        limit = None if call.operation.here else budget
        with tx.attempt(limit if call.operation.reads else None):
            self._enter(call, context)
            if asking:
                authorise(asking, call.action.service, call.operation, call.params, context)
            if call.dry_run:
                raise errors.dry_run()
            if call.operation.tries:
                context = replace(context, tried=call.tried or self._tried(call, tx, now))
                tx.limit(limit)
            result = take(call, call.operation.run(call.params, context), tx.head.revision)
            if tx.written and call.operation.changes:
                if not (call.action.service == OWN and call.params.get("Force")):
                    refuse_broken(context)
                tx.record(_event(call, context, call.action.name, call.params))
            elif not call.operation.aside:
                tx.undo()
        return result

    def tried(self, call: Call) -> Call:
        """Return a call that was put off with what the calls would do that it tries: a reader must not try them.

        ApiError when that fails by now.
        """

        def work(tx: Transaction) -> Tried | None:
            now = self._clock.now()
            with tx.attempt():
                self._enter(call, self._context(call, tx, now))
                tx.undo()
                return self._tried(call, tx, now)

        return replace(call, tried=self.store.run(work, sole=True))

    def _tried(self, call: Call, tx: Transaction, now: int) -> Tried | None:
        """Try the calls that an operation only tries; their caller needs no permission for what does not happen."""
        context = self._context(call, tx, now)
        return tried(call.operation.tries(call.params, context), context) if call.operation.tries else None

    def _refuse_gone_key(self, call: Call, tx: Transaction, now: int) -> None:
        """Refuse a key that is gone by now; and what has ended, which nobody looks at before where all are believed."""
        key, dialect = call.identity.key, call.action.dialect
        if key is None:
            return
        if tx.get_key(key.id) != key:
            raise dialect.refuse(SignatureError(Reason.UNKNOWN_KEY))
        try:
            refuse_unusable(key, now, call.identity.session)
        except SignatureError as error:
            raise dialect.refuse(error) from None

    def _enter(self, call: Call, context: Context) -> None:
        """Look at the call's world, and begin one that was never changed.

        A call that changes nothing undoes that beginning with the rest of its attempt, so a world is kept once it is
        changed, and shows the same until then (docs/decisions/0004-worlds-begin-when-written.md).
        """
        if not context.tx.enter(call.identity.world) and call.operation.in_world:
            start.begin(context)
            if call.operation.changes:  # another is told the revision that there is, without this one
                context.tx.record(_event(call, context, "BeginWorld", {}))

    def _context(self, call: Call, tx: Transaction, now: int, asking: Asker | None = None) -> Context:
        identity = call.identity
        return Context(
            tx, identity.world, identity.caller, now, self._ids, self._quotas,
            call=partial(make_within, permit=partial(authorise, asking, "ec2")) if asking else make_within,
            read=parameters_of,
            standing=partial(standing, identity, call.origin, tx, now),
            hosts=self.hosts, request_id=call.request_id,
        )  # fmt: skip

    def reply(self, call: Call, outcome: Outcome) -> Reply:
        """Write the outcome of a call as HTTP, in the dialect and the namespace that it was asked in."""
        dialect = call.action.dialect
        if outcome.error:
            body = dialect.error(outcome.error, call.request_id, call.version)
            told = _http(outcome.error.status, dialect.content_type, body, call.request_id, outcome.revision)
            return Reply(told.status, (*told.headers, *hinted(outcome.error).items()), body)
        body = call.action.encode(outcome.result or {}, call.request_id, call.version)
        return _http(200, dialect.content_type, body, call.request_id, outcome.revision)

    def refuse(
        self, request: Request, error: ApiError | SignatureError | StoreError, request_id: str | None = None
    ) -> Refusal:
        """Return the refusal of a request, in the dialect that it seems to be in."""
        request_id = request_id or self._ids.request_id()
        dialect, version = dialect_of(request)
        refusal = dialect.refuse(error) if isinstance(error, SignatureError) else _refusal(error)
        body = dialect.error(refusal, request_id, version)
        reply = _http(refusal.status, dialect.content_type, body, request_id)
        reason = error.reason.name.lower() if isinstance(error, SignatureError) else ""
        return Refusal(reply, request_id, refusal.code, action_of(request), key_in(request), reason)

    def read_alone(self, call: Call | Refusal, send: Callable[[Reply], None]) -> Reply | None:
        """Answer one read on a snapshot, whatever it costs: its reply is sent part by part while it is read.

        send: takes each part as a reply with the same head. What it was not handed is returned: a refusal.
        """

        def write(call: Call, result: Result, revision: int) -> Result:
            def hand_on(body: bytes) -> None:
                send(_http(200, call.action.dialect.content_type, body, call.request_id, revision))

            call.action.write(result, call.request_id, call.version, hand_on)
            return {}

        if isinstance(call, Refusal):
            return call.reply
        outcome = self.answer([call], take=write)[0]
        return self.reply(call, outcome) if outcome and outcome.error else None

    def unavailable(self, call: Call) -> Reply:
        """Return the reply to a read that could not be performed for want of a part of the server."""
        return self.reply(call, Outcome(None, unanswered(), 0))

    def revision(self) -> int:
        """Return the revision of the last change."""
        return self.store.read(lambda tx: tx.head.revision)


def hinted(error: ApiError) -> dict[str, str]:
    """Return the header that tells a refusal's hint, beside AWS's own body (docs/decisions/0012)."""
    return {"x-groupwall-hint": error.hint} if error.hint else {}


def unanswered() -> ApiError:
    """Say that a part of the server which was needed for a read is not there."""
    return ApiError("Unavailable", "The read could not be answered; try again.", 503)


def _origin(request: Request) -> Origin:
    return Origin(request.source, request.secure, request.header("user-agent") or "")


def _event(call: Call, context: Context, operation: str, params: dict[str, Any]) -> Event:
    return Event(context.now, call.identity.caller.arn, operation, call.request_id, told(call.operation, params))


def _refusal(error: ApiError | StoreError) -> ApiError:
    if isinstance(error, ApiError):
        return error
    log.error("%s", error)  # for whoever runs the server: it names files, which are no business of a client
    return ApiError("Unavailable", "The store is not available; the server's log says why.", 503)


def _http(status: int, content_type: str, body: bytes, request_id: str, revision: int | None = None) -> Reply:
    headers = [("content-type", content_type), ("x-amzn-requestid", request_id), ("server", "groupwall")]
    if revision is not None:
        headers.append(("x-groupwall-revision", str(revision)))
    return Reply(status, tuple(headers), body)
