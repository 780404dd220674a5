"""What is due by the clock is done before anything is answered: changes that nobody confirmed in time are undone.

No timer decides: whoever asks after a deadline finds the change undone, after a restart too
(docs/decisions/0013-undo-by-deltas.md). While nothing waits, this costs a look at a number in memory.
"""

from __future__ import annotations

import logging

from groupwall.config import Quotas
from groupwall.errors import ApiError
from groupwall.iam.callers import Caller
from groupwall.ops.changes.settle import leave_unconfirmed, undo_unconfirmed
from groupwall.ops.operation import Context
from groupwall.regions import PARTITION_OF
from groupwall.store.changes import Event, compact
from groupwall.store.entities import Confirmation, World
from groupwall.store.folder import StoreError
from groupwall.store.sqlite import Store
from groupwall.store.transaction import Transaction
from groupwall.units import Clock, Ids

REASON = "It was not confirmed in time."

log = logging.getLogger("groupwall")


class Settling:
    """The next deadline of a store's changes, and what is done when it is over."""

    def __init__(self, clock: Clock, ids: Ids, quotas: Quotas) -> None:
        self._clock = clock
        self._ids = ids
        self._quotas = quotas
        self._known = False
        self._deadline: int | None = None

    def look_again(self) -> None:
        """Forget the deadline that is remembered: after a commit that may have moved it."""
        self._known = False

    def deadline(self, store: Store) -> int | None:
        """Return when the next change is due, in milliseconds since 1970; None while none waits."""
        if not self._known:
            store.read(self._remember)
        return self._deadline

    def _remember(self, tx: Transaction) -> None:
        """Look at the deadline while no other thread commits; one that does so afterwards makes it unknown again."""
        self._deadline = tx.next_deadline()
        self._known = True

    def settle(self, store: Store) -> None:
        """Undo what is due, each as a change of its own. StoreError when it cannot be written."""
        if store.read_only:
            return
        deadline = self.deadline(store)
        if deadline is not None and self._clock.now() >= deadline:
            try:
                store.run(self._settle_all)
            finally:
                self.look_again()

    def _settle_all(self, tx: Transaction) -> None:
        now = self._clock.now()
        for world, confirmation in tx.due(now):
            refused = self._refused(tx, world, confirmation, now)
            if refused:
                with tx.attempt():
                    leave_unconfirmed(confirmation, refused, self._entered(tx, world, confirmation, now))
                    self._record(tx, world, confirmation, now)

    def _refused(self, tx: Transaction, world: World, confirmation: Confirmation, now: int) -> str | None:
        """Undo a change, or return why it stays."""
        try:
            with tx.attempt():
                undo_unconfirmed(confirmation, self._entered(tx, world, confirmation, now))
                self._record(tx, world, confirmation, now)
        except ApiError as error:
            return error.message
        except StoreError:
            raise
        except Exception:  # a fault of ours must not come back with every call from now on
            log.exception("the change %s could not be undone", confirmation.revision)
            return "an internal error has occurred; the server's log tells more"
        return None

    def _entered(self, tx: Transaction, world: World, confirmation: Confirmation, now: int) -> Context:
        tx.enter(world)
        caller = Caller(world.account, _arn(world, confirmation), world.account)
        return Context(tx, world, caller, now, self._ids, self._quotas)

    def _record(self, tx: Transaction, world: World, confirmation: Confirmation, now: int) -> None:
        request = compact({"Revision": int(confirmation.revision), "Reason": REASON})
        tx.record(Event(now, _arn(world, confirmation), "UndoChange", self._ids.request_id(), request))


def _arn(world: World, confirmation: Confirmation) -> str:
    """Return the caller that the history tells of: none of the account's, but what waited for a confirmation."""
    partition = PARTITION_OF[world.region]
    return f"arn:{partition}:groupwall:{world.region}:{world.account}:confirmation/{confirmation.revision}"
