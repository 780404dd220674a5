"""How a world begins: with a default VPC, as a new AWS account has in each region [reference 19]."""

from __future__ import annotations

from groupwall.ops.networks.defaults import add_default_vpc
from groupwall.ops.operation import Context


def begin(context: Context) -> None:
    """Add the world, its default VPC, a subnet for each zone, and the default group.

    All ids come from the store's key, not from chance: a world that is only looked at is begun, shown and undone again,
    and shows the same ids the next time.
    """
    context.tx.create_world(context.world)
    add_default_vpc(context, context.derived)
