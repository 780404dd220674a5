"""What a change touched: to undo it, or to confirm it, needs permission on all of that (inferred)."""

from __future__ import annotations

import re

from groupwall.iam.resources import KIND_OF_PREFIX
from groupwall.ops.operation import Context, On, Params
from groupwall.ops.permissions import BY_PREFIX

_NAMED = re.compile(rf'"(?:id|[a-z]+_id|[a-z]+_vpc)":"((?:{"|".join(KIND_OF_PREFIX)})-[0-9a-f]+)"')
"""A column of a delta's JSON that holds an id; nothing within a value is taken for one, since a quote is escaped there.

The peer of a rule is left out, since to authorize a rule needs no permission on it either [reference 22, docs].
"""


def _touched(params: Params, context: Context) -> list[str]:
    """Return the ids of what a change altered, and of what that is a part of; none for a change that is not there."""
    _, deltas = context.tx.change(params["Revision"]) or (None, [])
    texts = (text for delta in deltas for text in (delta.before, delta.after) if text)
    return [one for text in texts for one in _NAMED.findall(text)]


ON_CHANGED = On(BY_PREFIX, _touched)
