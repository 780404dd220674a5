"""Example calls of the operations on network interfaces."""

from __future__ import annotations

from tests.driver import Wall
from tests.ops.examples import subnets
from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make a subnet with IPv6, interfaces in it, of which one has more addresses, and one is attached."""
    more = subnets.set_out(wall, places)
    [dual] = wall.call("DescribeSubnets", SubnetIds=[more["dual"]])["Subnets"]
    prefix = dual["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].removesuffix("/64")
    addresses = {"SecondaryPrivateIpAddressCount": 1, "Ipv6Addresses": [{"Ipv6Address": f"{prefix}b"}]}
    plain, rich, attached = (
        wall.call("CreateNetworkInterface", SubnetId=more["dual"], **given)["NetworkInterface"]
        for given in ({}, addresses, {})
    )
    unchecked = {"NetworkInterfaceId": rich["NetworkInterfaceId"], "SourceDestCheck": {"Value": False}}
    wall.call("ModifyNetworkInterfaceAttribute", **unchecked)
    run = wall.call("RunInstances", ImageId="ami-00000000", MinCount=1, MaxCount=1, SubnetId=more["dual"])
    instance: str = run["Instances"][0]["InstanceId"]
    device = {"NetworkInterfaceId": attached["NetworkInterfaceId"], "InstanceId": instance, "DeviceIndex": 1}
    return more | {
        "eni": plain["NetworkInterfaceId"], "rich": rich["NetworkInterfaceId"], "host": f"{prefix}a",
        "second": rich["PrivateIpAddresses"][1]["PrivateIpAddress"], "sixth": rich["Ipv6Addresses"][0]["Ipv6Address"],
        "instance": instance, "attached": attached["NetworkInterfaceId"],
        "attachment": wall.call("AttachNetworkInterface", **device)["AttachmentId"],
    }  # fmt: skip


_TIMEOUTS = {"TcpEstablishedTimeout": 350, "UdpStreamTimeout": 120, "UdpTimeout": 40}
_IN: Json = {"SubnetId": "$dual"}
_OF: Json = {"NetworkInterfaceId": "$eni"}
_OF_RICH: Json = {"NetworkInterfaceId": "$rich"}
_MODIFIED: list[Json] = [
    {"Description": {"Value": "new"}}, {"SourceDestCheck": {"Value": False}}, {"Groups": ["$web"]},
    {"Attachment": {"AttachmentId": "$attachment", "DeleteOnTermination": True}},
    {"Attachment": {"EnaQueueCount": 2}}, {"Attachment": {"DefaultEnaQueueCount": True}},
    {"ConnectionTrackingSpecification": _TIMEOUTS}, {"AssociatedSubnetIds": ["$plain"]},
    {"EnaSrdSpecification": {"EnaSrdEnabled": True, "EnaSrdUdpSpecification": {"EnaSrdUdpEnabled": True}}},
    {"AssociatePublicIpAddress": True}, {"EnablePrimaryIpv6": True},
]  # fmt: skip

EXAMPLES: dict[str, list[Json]] = {
    "CreateNetworkInterface": [
        {
            **_IN, "Description": "an interface", "PrivateIpAddress": "10.9.1.77", "SecondaryPrivateIpAddressCount": 2,
            "Ipv6AddressCount": 2, "EnablePrimaryIpv6": True, "ConnectionTrackingSpecification": _TIMEOUTS,
            "InterfaceType": "interface", "ClientToken": "once", "TagSpecifications": tagged("network-interface"),
        },
        {
            **_IN, "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.9.1.78"}], "Groups": ["$web"],
            "Ipv6Addresses": [{"Ipv6Address": "$host", "IsPrimaryIpv6": True}],
        },
        {**_IN, "Ipv4Prefixes": [{"Ipv4Prefix": "10.9.1.16/28"}]}, {**_IN, "Ipv4PrefixCount": 1},
        {**_IN, "Ipv6Prefixes": [{"Ipv6Prefix": "::/80"}]}, {**_IN, "Ipv6PrefixCount": 1},
        {**_IN, "Operator": {"Principal": "x"}},
    ],
    "DeleteNetworkInterface": [_OF],
    "DescribeNetworkInterfaces": [{"NetworkInterfaceIds": ["$eni"], "IncludeManagedResources": True}, *PAGED],
    "DescribeNetworkInterfaceAttribute": [_OF | {"Attribute": "groupSet"}],
    "ModifyNetworkInterfaceAttribute": [
        {"NetworkInterfaceId": "$attached" if "Attachment" in one else "$rich"} | one for one in _MODIFIED
    ],
    "ResetNetworkInterfaceAttribute": [_OF_RICH | {"SourceDestCheck": "true"}],
    "AttachNetworkInterface": [
        {**_OF, "InstanceId": "$instance", "DeviceIndex": 2}, {**_OF, "InstanceId": "x", "NetworkCardIndex": 1},
        {**_OF, "InstanceId": "x", "EnaQueueCount": 2},
        {**_OF, "EnaSrdSpecification": {"EnaSrdEnabled": True, "EnaSrdUdpSpecification": {"EnaSrdUdpEnabled": True}}},
    ],
    "DetachNetworkInterface": [{"AttachmentId": "$attachment", "Force": True}],
    "AssignPrivateIpAddresses": [
        _OF | {"SecondaryPrivateIpAddressCount": 2},
        _OF | {"PrivateIpAddresses": ["$second"], "AllowReassignment": True},
        _OF | {"Ipv4Prefixes": ["10.9.1.16/28"]}, _OF | {"Ipv4PrefixCount": 1},
    ],
    "UnassignPrivateIpAddresses": [
        _OF_RICH | {"PrivateIpAddresses": ["$second"]}, _OF_RICH | {"Ipv4Prefixes": ["10.9.1.16/28"]},
    ],
    "AssignIpv6Addresses": [
        _OF | {"Ipv6AddressCount": 2}, _OF | {"Ipv6Addresses": ["$host"]}, _OF | {"Ipv6Prefixes": ["::/80"]},
        _OF | {"Ipv6PrefixCount": 1},
    ],
    "UnassignIpv6Addresses": [
        _OF_RICH | {"Ipv6Addresses": ["$sixth"]}, _OF_RICH | {"Ipv6Prefixes": ["::/80"]},
    ],
}  # fmt: skip

WITHOUT_EFFECT = {
    "Operator.Principal": "the whole member is refused as unsupported",
    "Ipv4Prefixes[].Ipv4Prefix": "the whole member is refused as unsupported",
    "Ipv6Prefixes[].Ipv6Prefix": "the whole member is refused as unsupported",
    "EnaSrdSpecification.*": "the whole member is refused as unsupported",
}
