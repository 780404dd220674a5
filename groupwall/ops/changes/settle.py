"""What becomes of a change that nobody confirmed in time: it is undone, or it is told why not (inferred)."""

from __future__ import annotations

from groupwall.ops.changes.confirm import REFUSED, mark_undone
from groupwall.ops.changes.undo import undone
from groupwall.ops.operation import Context
from groupwall.ops.past import change_asked
from groupwall.store.entities import Confirmation


def undo_unconfirmed(confirmation: Confirmation, context: Context) -> None:
    """Undo a change that was not confirmed in time. CannotUndo, or InvalidChange.NotFound once history forgot it."""
    revision = int(confirmation.revision)
    undone(revision, change_asked(revision, context)[1], context)
    mark_undone(revision, context)


def leave_unconfirmed(confirmation: Confirmation, reason: str, context: Context) -> None:
    """Note why a change that was not confirmed in time stays nevertheless."""
    context.tx.replace(confirmation, confirmation._replace(state=REFUSED, message=reason))
