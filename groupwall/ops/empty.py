"""The edge of the slice: Describe operations of resources that an account here never holds.

They answer that there are none, and that an id which is asked for is not found. Nothing pretends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from groupwall.errors import ApiError
from groupwall.ops.operation import Context, Params, Result

NOT_FOUND = {
    "AllocationIds": ("InvalidAllocationID.NotFound", "allocation ID"),
    "PublicIps": ("InvalidAddress.NotFound", "address"),
    "DhcpOptionsIds": ("InvalidDhcpOptionID.NotFound", "dhcpOption ID"),
    "InstanceIds": ("InvalidInstanceID.NotFound", "instance ID"),
    "InternetGatewayIds": ("InvalidInternetGatewayID.NotFound", "internetGateway ID"),
    "KeyNames": ("InvalidKeyPair.NotFound", "key pair"),
    "KeyPairIds": ("InvalidKeyPair.NotFound", "key pair ID"),
    "NetworkAclIds": ("InvalidNetworkAclID.NotFound", "networkAcl ID"),
    "NetworkInterfaceIds": ("InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    "GroupNames": ("InvalidPlacementGroup.Unknown", "placement group"),
    "GroupIds": ("InvalidPlacementGroup.Unknown", "placement group ID"),
    "RouteTableIds": ("InvalidRouteTableID.NotFound", "routeTable ID"),
    "SnapshotIds": ("InvalidSnapshot.NotFound", "snapshot"),
    "VolumeIds": ("InvalidVolume.NotFound", "volume"),
    "VpcPeeringConnectionIds": ("InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID"),
}
"""Member that names resources -> code [docs: list of error codes] and how the text calls them (form of 3.3)."""


class Listing(Protocol):
    """What is known of such an action: which member of its reply lists the resources."""

    @property
    def list_member(self) -> str | None:
        """The member that lists them."""


def empty(action: Listing) -> Callable[[Params, Context], Result]:
    """Return the operation that answers an empty list; its error for the first resource that is named."""

    def none(params: Params, context: Context) -> Result:
        del context
        for member, (code, called) in NOT_FOUND.items():
            if params.get(member):
                raise ApiError(code, f"The {called} '{params[member][0]}' does not exist")
        return {action.list_member: []} if action.list_member else {}

    return none
