"""Example calls of the operations on instances."""

from __future__ import annotations

from tests.driver import Wall
from tests.ops.examples import interfaces
from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json

AMI = "ami-12345678"


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make a running instance and a stopped one, beside the interfaces of their own examples."""
    more = interfaces.set_out(wall, places)
    launched = wall.call("RunInstances", ImageId=AMI, MinCount=2, MaxCount=2)["Instances"]
    instance, stopped = (one["InstanceId"] for one in launched)
    wall.call("StopInstances", InstanceIds=[stopped])
    return more | {"instance": instance, "stopped": stopped}


_TIMEOUTS = {"TcpEstablishedTimeout": 350, "UdpStreamTimeout": 120, "UdpTimeout": 40}
_ONE: Json = {"ImageId": AMI, "MinCount": 1, "MaxCount": 1}
_NEW: Json = {"DeviceIndex": 0, "SubnetId": "$dual"}
_REFUSED: list[Json] = [
    {"ElasticGpuSpecification": [{"Type": "x"}]}, {"ElasticInferenceAccelerators": [{"Type": "x"}]},
    {"InstanceMarketOptions": {"MarketType": "spot"}}, {"KernelId": "aki-12345678"}, {"RamdiskId": "ari-12345678"},
    {"LaunchTemplate": {"LaunchTemplateName": "x"}}, {"Operator": {"Principal": "x"}},
    {"SecondaryInterfaces": [{"DeviceIndex": 1}]},
    *({"Placement": {member: "x"}} for member in (
        "Affinity", "GroupId", "GroupName", "HostId", "HostResourceGroupArn", "SpreadDomain",
    )),
    {"Placement": {"PartitionNumber": 1}}, {"Placement": {"AvailabilityZoneId": "use1-az1"}},
    {"Monitoring": {"Enabled": True, "MetricCategoryIds": ["x"]}},
]  # fmt: skip
_IGNORED: Json = {
    "AdditionalInfo": "x", "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}],
    "CapacityReservationSpecification": {"CapacityReservationPreference": "open"}, "CpuOptions": {"CoreCount": 1},
    "CreditSpecification": {"CpuCredits": "standard"}, "EnclaveOptions": {"Enabled": False},
    "HibernationOptions": {"Configured": False}, "LicenseSpecifications": [{"LicenseConfigurationArn": "x"}],
    "MaintenanceOptions": {"AutoRecovery": "default"}, "MetadataOptions": {"HttpTokens": "required"},
    "NetworkPerformanceOptions": {"BandwidthWeighting": "default"},
    "PrivateDnsNameOptions": {"HostnameType": "ip-name"},
}  # fmt: skip
_DEVICES: list[Json] = [
    {
        **_NEW, "Description": "first", "DeleteOnTermination": True, "InterfaceType": "interface",
        "PrimaryIpv6": True, "Ipv6AddressCount": 1, "SecondaryPrivateIpAddressCount": 1, "NetworkCardIndex": 0,
        "ConnectionTrackingSpecification": _TIMEOUTS, "AssociatePublicIpAddress": False,
    },
    {**_NEW, "PrivateIpAddress": "10.9.1.77", "Ipv6Addresses": [{"Ipv6Address": "$host", "IsPrimaryIpv6": True}]},
    {**_NEW, "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.9.1.78"}]},
    {"DeviceIndex": 0, "Groups": ["$web"]}, {"DeviceIndex": 0, "NetworkInterfaceId": "$eni"},
    {**_NEW, "AssociateCarrierIpAddress": True}, {**_NEW, "Ipv4Prefixes": [{"Ipv4Prefix": "10.9.1.16/28"}]},
    {**_NEW, "Ipv4PrefixCount": 1}, {**_NEW, "Ipv6Prefixes": [{"Ipv6Prefix": "::/80"}]}, {**_NEW, "Ipv6PrefixCount": 1},
    {**_NEW, "EnaSrdSpecification": {"EnaSrdEnabled": True}}, {**_NEW, "EnaQueueCount": 2},
]  # fmt: skip
_STOPPED: Json = {"InstanceId": "$stopped"}

EXAMPLES: dict[str, list[Json]] = {
    "RunInstances": [
        {
            **_ONE, **_IGNORED, "MaxCount": 3, "InstanceType": "t3.micro", "KeyName": "mine", "SubnetId": "$dual",
            "UserData": "IyEvYmluL3NoCg==", "Ipv6AddressCount": 1, "EnablePrimaryIpv6": True, "ClientToken": "once",
            "TagSpecifications": [*tagged("instance"), *tagged("network-interface"), *tagged("volume")],
            "IamInstanceProfile": {"Name": "web"}, "Placement": {"Tenancy": "dedicated"}, "EbsOptimized": True,
            "Monitoring": {"Enabled": True}, "DisableApiTermination": True, "DisableApiStop": True,
            "InstanceInitiatedShutdownBehavior": "terminate",
        },
        {
            **_ONE, "SubnetId": "$dual", "PrivateIpAddress": "10.9.1.79", "IamInstanceProfile": {"Arn": "arn:x"},
            "Ipv6Addresses": [{"Ipv6Address": "$host", "IsPrimaryIpv6": True}],
        },
        {
            **_ONE, "SecurityGroupIds": ["$web"], "SecurityGroups": ["app"],
            "Placement": {"AvailabilityZone": "us-east-1b"},
        },
        *(_ONE | {"NetworkInterfaces": [one]} for one in _DEVICES),
        *(_ONE | one for one in _REFUSED),
    ],
    "DescribeInstances": [{"InstanceIds": ["$instance"], "IncludeManagedResources": True}, *PAGED],
    "DescribeInstanceStatus": [
        {"InstanceIds": ["$instance"], "IncludeManagedResources": True, "IncludeAllInstances": True}, *PAGED,
    ],
    "DescribeInstanceAttribute": [{"InstanceId": "$instance", "Attribute": "groupSet"}],
    "ModifyInstanceAttribute": [
        {"InstanceId": "$instance", "Groups": ["$web"]},
        {"InstanceId": "$instance", "SourceDestCheck": {"Value": False}},
        *(_STOPPED | {member: {"Value": True}} for member in (
            "DisableApiStop", "DisableApiTermination", "EbsOptimized", "EnaSupport",
        )),
        *(_STOPPED | {member: {"Value": "stop"}} for member in (
            "InstanceInitiatedShutdownBehavior", "InstanceType", "Kernel", "Ramdisk", "SriovNetSupport", "UserData",
        )),
        {**_STOPPED, "Attribute": "instanceType", "Value": "t3.nano"},
        {**_STOPPED, "EnclaveOptions": {"Enabled": True}},
        {**_STOPPED, "BlockDeviceMappings": [{"DeviceName": "/dev/sda1"}]},
    ],
    "StartInstances": [{"InstanceIds": ["$stopped"], "AdditionalInfo": "x"}],
    "StopInstances": [
        {"InstanceIds": ["$instance"], "Force": True, "SkipOsShutdown": True},
        {"InstanceIds": ["$instance"], "Hibernate": True},
    ],
    "TerminateInstances": [{"InstanceIds": ["$instance", "$stopped"], "Force": True, "SkipOsShutdown": True}],
}  # fmt: skip

_REFUSED_WHOLE = (
    "ElasticGpuSpecification[]", "ElasticInferenceAccelerators[]", "InstanceMarketOptions", "LaunchTemplate",
    "SecondaryInterfaces[]", "EnaSrdSpecification", "EnaSupport", "Kernel", "Ramdisk", "SriovNetSupport",
)  # fmt: skip
_IGNORED_WHOLE = (
    "BlockDeviceMappings[]", "CapacityReservationSpecification", "CpuOptions", "CreditSpecification", "EnclaveOptions",
    "HibernationOptions", "LicenseSpecifications[]", "MaintenanceOptions", "MetadataOptions",
    "NetworkPerformanceOptions", "PrivateDnsNameOptions",
)  # fmt: skip
WITHOUT_EFFECT = {f"{member}.*": "the whole member is refused as unsupported" for member in _REFUSED_WHOLE} | {
    f"{member}.*": "the whole member is ignored, or refused where an instance is modified" for member in _IGNORED_WHOLE
}

_OF_HARDWARE = (
    "affinity", "architecture", "boot-mode", "current-instance-boot-mode", "ena-support", "enclave-options.enabled",
    "hibernation-options.configured", "hypervisor", "maintenance-options.auto-recovery",
    "network-interface.attachment.network-card-index", "network-performance-options.bandwidth-weighting", "platform",
    "platform-details", "root-device-name", "root-device-type", "tpm-support", "usage-operation",
    "usage-operation-update-time", "virtualization-type",
    *(
        f"capacity-reservation-specification.capacity-reservation-{name}"
        for name in ("preference", "target.capacity-reservation-id", "target.capacity-reservation-resource-group-arn")
    ),
)  # fmt: skip
_OF_METADATA = (
    "http-endpoint", "http-protocol-ipv4", "http-protocol-ipv6", "http-put-response-hop-limit", "http-tokens",
    "instance-metadata-tags", "state",
)  # fmt: skip
WITHOUT_FILTER = {
    "DescribeInstances": {
        **dict.fromkeys(_OF_HARDWARE, "an instance is a record: no image or hardware tells it"),
        **{f"metadata-options.{name}": "there is no metadata service" for name in _OF_METADATA},
        **{
            f"private-dns-name-options.{name}": "names follow the primary address of each interface"
            for name in (
                "enable-resource-name-dns-a-record", "enable-resource-name-dns-aaaa-record", "hostname-type",
            )
        },
        "client-token": "replies do not tell it",
        "iam-instance-profile.id": "an id is IAM's to know; the ARN is kept as told",
        "network-interface.deny-all-igw-traffic": "there are no internet gateways",
        "network-interface.ipv6-addresses.is-primary-ipv6": "asked for by none of the clients tried [clients 6]",
        "network-interface.ipv6-native": "no subnet is without IPv4",
    },
    "DescribeInstanceStatus": {"application-status.status": "nothing runs that could tell it"},
}  # fmt: skip
