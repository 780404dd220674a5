"""DescribeNetworkInterfaces, with the filters that AWS documents [model]."""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.filters import Paging, conditions, named, refuse_pages_of_ids
from groupwall.ops.interfaces.views import described
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.zones import zones_by_name
from groupwall.rules import parsing
from groupwall.store.entities import Interface

FILTERS: dict[str, str] = {
    "addresses.primary": "address.primary",
    "addresses.private-ip-address": "address",
    "attachment.attach-time": "attachment.time",
    "attachment.attachment-id": "attachment.id",
    "attachment.delete-on-termination": "attachment.delete",
    "attachment.device-index": "attachment.device",
    "attachment.instance-id": "attachment.instance",
    "attachment.instance-owner-id": "attachment.owner",
    "attachment.status": "attachment.status",
    "availability-zone": "zone",
    "availability-zone-id": "zone-id",
    "description": "description",
    "group-id": "group",
    "interface-type": "kind",
    "ipv6-addresses.ipv6-address": "address.ipv6",
    "mac-address": "mac",
    "network-interface-id": "id",
    "operator.managed": "managed",
    "operator.principal": "nothing",
    "owner-id": "owner",
    "private-dns-name": "name",
    "private-ip-address": "address",
    "requester-id": "nothing",
    "requester-managed": "managed",
    "source-dest-check": "source-dest-check",
    "status": "status",
    "subnet-id": "subnet",
    "tag": "tag",
    "tag-key": "tag-key",
    "tag-value": "tag-value",
    "vpc-id": "vpc",
    "addresses.association.owner-id": "nothing",
    "addresses.association.public-ip": "nothing",
    "association.allocation-id": "nothing",
    "association.association-id": "nothing",
    "association.ip-owner-id": "nothing",
    "association.public-dns-name": "nothing",
    "association.public-ip": "nothing",
}
"""``nothing`` is met by no interface: none here has a public address or a requester."""


def describe_network_interfaces(params: Params, context: Context) -> Result:
    """Describe interfaces by id or filter, in the order of their ids."""
    refuse_pages_of_ids(params, "NetworkInterfaceIds")
    paging = Paging(params, context, "interfaces")
    ids = [parsing.interface_id(text) for text in params.get("NetworkInterfaceIds", ())]
    wanted = [zones_by_name(one, context) for one in conditions(params, FILTERS)]
    wanted += named(Interface, ids, context, errors.interface_not_found)
    interfaces, token = paging.listed(Interface, wanted, described)
    return {"NetworkInterfaces": interfaces, "NextToken": token}


OPERATIONS = (
    Operation(
        "DescribeNetworkInterfaces",
        describe_network_interfaces,
        reads=True,
        ignored={"IncludeManagedResources": "no interface here is managed by a service"},
        on=(),
    ),
)
