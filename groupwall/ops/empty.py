"""The edge of the slice: Describe operations of resources that an account here never holds [inferred].

They answer that there are none; an id that is asked for is not found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from groupwall import errors
from groupwall.ops.operation import Context, Params, Result


class Listing(Protocol):
    """What is known of such an action: which member of its reply lists the resources."""

    @property
    def list_member(self) -> str | None:
        """The member that lists them."""


def empty(action: Listing) -> Callable[[Params, Context], Result]:
    """Return the operation that answers an empty list, InvalidID for the first id asked for (inferred)."""

    def none(params: Params, context: Context) -> Result:
        del context
        for name, value in params.items():
            if name.endswith(("Ids", "Names", "Ips")) and value:
                raise errors.invalid_id(value[0])
        return {action.list_member: []} if action.list_member else {}

    return none
