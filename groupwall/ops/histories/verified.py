"""VerifyHistory: the chain recomputed, the changes replayed and compared with the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.store.changes import Head
from groupwall.store.verify import Fault

MOST_HEADS = 1000


def verify_history(params: Params, context: Context) -> Result:
    """Verify the history of the whole store; of what is not the caller's, a fault tells the revision alone.

    A head is told as unchecked when its change is not kept any more and it is none of those that stay: nothing is left
    to compare it with. The head before all changes is revision 0 and zeros (inferred).
    InvalidParameterValue for more heads than can be compared, and for one without revision and hash.
    """
    heads = params.get("Heads") or ()
    if len(heads) > MOST_HEADS:
        raise errors.too_many_heads(MOST_HEADS)
    for head in heads:
        for member in ("Revision", "Hash"):
            if head.get(member) is None:
                raise errors.missing_parameter(f"Heads.{member}")
    found = context.tx.verified(_kept(heads))
    unchecked = {*found.unchecked}
    return {
        "Intact": not found.faults,
        "Checked": found.checked,
        "First": _head(found.first) if found.first else None,
        "Head": _head(found.head),
        "Faults": [_fault(one, context) for one in found.faults],
        "Unchecked": [head for head in heads if head["Revision"] in unchecked],
    }


def _kept(heads: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return the hashes that were kept, by revision; none of two that differ, of which one at least is wrong."""
    kept: dict[int, str] = {}
    for head in heads:
        revision, told = head["Revision"], head["Hash"].lower()
        kept[revision] = told if kept.get(revision, told) == told else ""
    return kept


def _head(head: Head) -> dict[str, Any]:
    return {"Revision": head.revision, "Hash": head.hash.hex()}


def _fault(one: Fault, context: Context) -> dict[str, Any]:
    ours = one.world in (0, context.tx.world)
    return {"Revision": one.revision, "Text": one.text if ours else "it does not add up; it is another account's"}


OPERATIONS = (Operation("VerifyHistory", verify_history, reads=True, in_world=False, on=()),)
