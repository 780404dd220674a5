"""The edge of the slice: Describe operations of resources that an account here never holds.

They answer that there are none, and that an id which is asked for is not found. Nothing pretends: what is AWS's own
catalogue, or would tell of things that are here, is not among them (wire/operations.txt).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.ops.operation import Context, Params, Result

CODES = {
    "AllocationIds": "InvalidAllocationID.NotFound",
    "CarrierGatewayIds": "InvalidCarrierGatewayID.NotFound",
    "CustomerGatewayIds": "InvalidCustomerGatewayID.NotFound",
    "GroupIds": "InvalidPlacementGroup.Unknown",
    "GroupNames": "InvalidPlacementGroup.Unknown",
    "HostIds": "InvalidHostID.NotFound",
    "InternetGatewayIds": "InvalidInternetGatewayID.NotFound",
    "KeyNames": "InvalidKeyPair.NotFound",
    "KeyPairIds": "InvalidKeyPair.NotFound",
    "NatGatewayIds": "NatGatewayNotFound",
    "NetworkInterfacePermissionIds": "InvalidPermissionID.NotFound",
    "PublicIps": "InvalidAddress.NotFound",
    "SnapshotIds": "InvalidSnapshot.NotFound",
    "SpotInstanceRequestIds": "InvalidSpotInstanceRequestID.NotFound",
    "TransitGatewayAttachmentIds": "InvalidTransitGatewayAttachmentID.NotFound",
    "TransitGatewayIds": "InvalidTransitGatewayID.NotFound",
    "VolumeIds": "InvalidVolume.NotFound",
    "VpnConnectionIds": "InvalidVpnConnectionID.NotFound",
    "VpnGatewayIds": "InvalidVpnGatewayID.NotFound",
}
"""Member that names resources -> code [docs: list of error codes; of permissions live-test].

That of another member is made of its name (inferred).
"""

ENDINGS = ("Ids", "Names", "Ips", "IdSet")
NO_RESOURCES = frozenset({"OwnerIds", "RestorableByUserIds"})
"""Members that name accounts: asking for what they hold is no question for an id."""


class Listing(Protocol):
    """What is known of such an action: which member of its reply lists the resources."""

    @property
    def list_member(self) -> str | None:
        """The member that lists them."""


def empty(action: Listing) -> Callable[[Params, Context], Result]:
    """Return the operation that answers an empty list; its error for the first resource that is named."""

    def none(params: Params, context: Context) -> Result:
        del context
        for member in naming(params):
            if params[member]:
                raise not_found(member, params[member][0])
        if params.get("NextToken") is not None:
            raise errors.bad_page_token()
        return {action.list_member: []} if action.list_member else {}

    return none


def naming(members: Iterable[str]) -> list[str]:
    """Return those of an operation's members that name resources."""
    return [member for member in members if member.endswith(ENDINGS) and member not in NO_RESOURCES]


def not_found(member: str, named: str) -> ApiError:
    """Say that a resource is not there: text in the form of reference 3.3 (inferred)."""
    noun = member.removesuffix("Set").removesuffix("s")
    code = CODES.get(member) or f"Invalid{noun}.NotFound"
    called = noun[0].lower() + noun[1:].removesuffix("Id") + (" ID" if noun.endswith("Id") else "")
    return ApiError(code, f"The {called} '{named}' does not exist")
